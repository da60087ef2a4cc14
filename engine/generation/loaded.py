"""A model in use: weights, vocabulary, template, contexts with what their caches hold, adapters,
kept states."""

import functools
import hashlib
import os
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from engine.errors import AppError
from engine.generation import threads
from engine.generation.known_maps import KnownMaps
from engine.generation.known_templates import known_template
from engine.generation.logprobs import LogProbs
from engine.generation.parked import ParkedStates, parked_from
from engine.generation.prefix import Slot, SlotTable
from engine.generation.recent import Recent
from engine.generation.specials import SpecialInfo, SpecialTable
from engine.generation.states import StateFolder
from engine.generation.template import TemplateRenderer
from engine.llama import library
from engine.llama.adapters import Adapters
from engine.llama.context import Context, Logits
from engine.llama.model import Model
from engine.models.file_hash import fingerprint, state_of
from engine.models.file_hashes import FileHashes
from engine.models.gguf_header import Header
from engine.paths import Paths
from engine.process.messages import Adapter, AdapterFile, Load, ModelInfo

DEFAULT_N_CTX = 8192
_N_RECENT_PROMPTS = 8
_N_LOOKED = 8


@dataclass
class OpenContext:
    """A context and what its cache holds."""

    context: Context
    slots: SlotTable


class Loaded:
    """All there is of one loaded model. One thread generates; tokenising and describing are safe
    from any."""

    def __init__(
        self,
        model: Model,
        header: Header,
        info: ModelInfo,
        request: Load,
        paths: Paths,
        hashes: FileHashes | None = None,
    ) -> None:
        self.model = model
        self.hashes = hashes or FileHashes(paths.cache / "sha256.json")
        self._file_state = state_of(model.path)
        self.vocab = model.vocab
        self.paths = paths
        self.request = request
        self.adapters = Adapters(model)
        self.renderer = TemplateRenderer()
        self.contexts: dict[str, OpenContext] = {}
        self.logprobs = LogProbs(self.vocab.n_tokens)
        self.template = _template(header, model, info)
        self.fingerprint = fingerprint(model.path)
        self.n_threads = request.n_threads or threads.candidates()[0]
        self.states = self._state_folder()
        self.parked = ParkedStates()
        self.recent_prompts: Recent[Any] = Recent(_N_RECENT_PROMPTS)
        self.looked: Recent[Logits] = Recent(_N_LOOKED)
        self.maps = KnownMaps()
        self.info = info
        self.load_ms = 0.0

    @cached_property
    def special_table(self) -> SpecialTable:
        """The vocabulary's special tokens, compiled for cutting rendered chats."""
        return SpecialTable(
            {
                text: SpecialInfo(token.id, token.lstrip, token.rstrip, token.is_control)
                for text, token in self.vocab.special_tokens.items()
            }
        )

    def open_context(self, name: str, n_ctx: int) -> OpenContext:
        """A context under a name, with a cache of its own.

        Raises:
            AppError: the name is taken, n_ctx is larger than trained, or memory is too little.
        """
        if name in self.contexts:
            raise AppError(f"A context named {name} is open already.", "Close it first.")
        n_ctx = self._checked_n_ctx(n_ctx)
        context = Context(
            self.model,
            n_ctx,
            self.n_threads,
            self.request.kv_type,
            flash_attention=self.request.flash_attention,
        )
        slots = SlotTable(context, functools.partial(self._evicted, context))
        opened = self.contexts[name] = OpenContext(context, slots)
        return opened

    def context(self, name: str) -> OpenContext:
        found = self.contexts.get(name)
        if found is None:
            raise AppError(
                f"No context named {name} is open.",
                "Load the model with its weights, or open the context first.",
            )
        return found

    def require_idle(self, name: str = "") -> None:
        """Raises AppError while a job uses the context of that name ("": any context)."""
        opened = [self.context(name)] if name else list(self.contexts.values())
        if any(slot.busy for one in opened for slot in one.slots.slots):
            raise AppError("A reply is being written with this model.", "Stop it first.")

    def close_context(self, name: str) -> None:
        """Give a context's memory back. Raises AppError while a job uses it."""
        opened = self.context(name)
        self.require_idle(name)
        self.adapters.forget(opened.context)
        opened.context.close()
        del self.contexts[name]

    def choose_threads(self) -> None:
        """Find the fastest thread count by a short trial, unless the request named one."""
        if self.request.n_threads or "main" not in self.contexts:
            return
        opened = self.contexts["main"]
        self.n_threads = threads.choose(
            lambda n, tokens: _time_decode(opened.context, n, tokens),
            threads_key(self.model.path),
            self.paths,
        )
        opened.context.clear()
        opened.context.set_threads(self.n_threads)

    def keep_states(self) -> int:
        """Write idle chats' KV states to disk, the latest last, so that the bound on the folder
        costs the oldest. Returns how many were written."""
        n_written = self._keep_parked()
        for opened in self.contexts.values():
            for slot in sorted(opened.slots.slots, key=lambda slot: slot.used):
                if not slot.busy:
                    n_written += self._keep(opened.context, slot)
        return n_written

    def _keep_parked(self) -> int:
        """Write parked states to disk too, through a sequence that is free for it."""
        if "main" not in self.contexts:
            return 0
        context, slots = self.contexts["main"].context, self.contexts["main"].slots
        n_written = 0
        for state in self.parked:
            if state.private or not slots.n_free():
                continue
            if self.states.target(state.tokens, state.key) is None:
                continue
            slot = slots.claim_empty(state.key)
            if context.restore(slot.sequence, state.data):
                slot.fill(state.tokens, state.calls.copy())
                slot.alone = state.alone
                n_written += self._keep(context, slot)
            slots.empty(slot)
            slots.release(slot)
        return n_written

    def described(self, load_ms: float = 0.0) -> ModelInfo:
        """The model's description with what is known only once it is loaded."""
        self.load_ms = load_ms or self.load_ms
        main = self.contexts.get("main")
        fields = {name: getattr(self.info, name) for name in self.info.__struct_fields__}
        fields["fingerprint"] = self.fingerprint
        fields["template"] = self.template_source
        fields["n_threads"] = self.n_threads
        fields["load_ms"] = self.load_ms
        fields["end_ids"] = self.vocab.end_ids
        fields["sha256"] = self.sha256
        fields["n_gpu_layers"] = self.model.n_gpu_layers
        fields["kv_type"] = self.request.kv_type
        fields["backend"] = ", ".join(device.name for device in library.gpus()) or "CPU"
        if main:
            fields["n_ctx"] = main.context.n_ctx
            fields["kv_bytes"] = main.context.buffers.kv
            fields["compute_bytes"] = main.context.buffers.compute
            fields["flash_attention"] = main.context.flash_attention
        return ModelInfo(**fields)

    @property
    def sha256(self) -> str:
        """sha256 of the file as it was loaded; "" while it is not known."""
        return self.hashes.known(self.model.path, self._file_state)

    def files_of(self, adapters: list[Adapter]) -> list[AdapterFile]:
        """What the files of these adapters are; those at scale 0 are never looked at."""
        return [
            AdapterFile(one.path, self.hashes.fingerprint(one.path), self.hashes.known(one.path))
            for one in adapters
            if one.scale
        ]

    @cached_property
    def template_hash(self) -> str:
        """sha256 of the chat template; "" for a base model."""
        if not self.template:
            return ""
        return hashlib.sha256(self.template.encode("utf-8", "replace")).hexdigest()

    @property
    def template_source(self) -> str:
        if self.info.template == "file":
            return "file"
        return "known" if self.template else "none"

    def close(self) -> None:
        for name in list(self.contexts):
            self.close_context(name)
        self.adapters.close()
        self.renderer.close()
        self.model.close()

    def _evicted(self, context: Context, slot: Slot) -> None:
        """A slot leaves the cache: a short state waits in memory, a long one on disk."""
        if self.parked.takes(context.state_bytes(slot.sequence)):
            self.parked.put(parked_from(slot, context.snapshot(slot.sequence)))
        else:
            self._keep(context, slot)

    def n_idle_max(self, context: Context, active: Slot) -> int:
        """How many idle cells a decode can carry along at about a hundredth of its time. Attention
        over a cell costs nearly half of what reading as many bytes of weights does (measured)."""
        bytes_per_cell = max(1, context.buffers.kv // context.n_ctx)
        return max(64, self.info.size_bytes // (40 * bytes_per_cell), active.length // 8)

    def _keep(self, context: Context, slot: Slot) -> bool:
        """Write a slot's state; not that of a private chat, of which nothing reaches the disk."""
        if slot.private:
            return False
        tokens = slot.tokens.copy()
        target = self.states.target(tokens, slot.key) if slot.saved < len(tokens) else None
        if target is None:
            return False
        try:
            temporary = self.states.temporary(target)
            context.save(slot.sequence, tokens, temporary)
            slot.calls.fill(slot.length)
            self.states.commit(temporary, target, tokens, slot.calls, alone=slot.alone)
        except OSError as error:
            # A full disk costs the warm start of this chat, nothing else; the log says so.
            library.note(f"a chat's state was not kept: {error}")
            return False
        slot.saved = len(tokens)
        return True

    def _checked_n_ctx(self, n_ctx: int) -> int:
        trained = self.model.n_ctx_train
        if n_ctx > trained > 0:
            raise AppError(
                f"This model was trained for {trained:,} tokens of context; {n_ctx:,} were asked.",
                f"Choose a context of at most {trained:,}.",
            )
        if n_ctx < 0 or 0 < n_ctx < 64:
            raise AppError(
                f"A context of {n_ctx} tokens holds no conversation.", "Choose at least 64 tokens."
            )
        return n_ctx or min(trained or DEFAULT_N_CTX, DEFAULT_N_CTX)

    def _state_folder(self) -> StateFolder:
        # Flash attention keeps values in another order.
        kept_as = f"{self.request.kv_type}-{self.request.flash_attention}"
        key = f"{self.fingerprint}/{kept_as}/{library.library_version()}"
        return StateFolder(self.paths.states, key, self.request.state_max_bytes)


def check_memory(path: Path, info: ModelInfo, n_ctx: int) -> None:
    """Refuse a load that cannot fit, before llama.cpp tries.

    Raises:
        AppError: weights and KV cache together exceed what is free.
    """
    n_ctx = n_ctx or min(info.n_ctx_train or DEFAULT_N_CTX, DEFAULT_N_CTX)
    head_size = info.n_embd // info.n_head if info.n_head else 0
    kv_bytes = 2 * 2 * info.n_layer * info.n_head_kv * head_size * n_ctx
    needed = path.stat().st_size + kv_bytes
    free = psutil.virtual_memory().available
    if needed > free and not library.gpus():
        raise AppError(
            f"This model needs about {needed / 1e9:.1f} GB; {free / 1e9:.1f} GB are free.",
            "Close other programs, shorten the context, or choose a smaller quantisation.",
        )


def _template(header: Header, model: Model, info: ModelInfo) -> str:
    own = header.metadata.get("tokenizer.chat_template")
    if isinstance(own, str) and own.strip():
        return own
    if model.options.vocab_only and info.kind != "model":
        return ""
    return (
        known_template(model.vocab.special_tokens, info.name or os.path.basename(model.path)) or ""
    )


def threads_key(model: Path) -> str:
    """What the fastest thread count depends on: the build, and how large the model's file is."""
    megabytes = model.stat().st_size // 1_000_000
    return f"{library.library_version()}/{megabytes.bit_length()}"


def _time_decode(context: Context, n_threads: int, n_tokens: int) -> float:
    context.clear()
    context.set_threads(n_threads)
    token = max(0, context.model.vocab.bos)
    start = time.perf_counter()
    for position in range(n_tokens):
        context.decode([token], position, 0, "last")
    return time.perf_counter() - start
