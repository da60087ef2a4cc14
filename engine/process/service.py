"""What a worker does for each request: long things as jobs (generators), short questions answered
on the spot.

Holds the one loaded model. A worker without a model serves files: headers, libraries, diagnostics.
"""

import functools
import platform
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from engine.errors import AppError, JobCancelledError
from engine.models.file_hashes import FileHashes
from engine.models.gguf_header import Header, describe, read_header
from engine.models.library import scan_models
from engine.paths import user_paths
from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import (
    AnyRequest,
    AnyResult,
    Array,
    CheckHubToken,
    CloseContext,
    Describe,
    Detokenize,
    Diagnose,
    Diagnosis,
    Generate,
    HubFiles,
    HubUser,
    KeepStates,
    ListHubFiles,
    ListModels,
    Load,
    ModelInfo,
    ModelList,
    Nothing,
    OpenContext,
    Progress,
    Render,
    Rendered,
    Score,
    Text,
    Tokenize,
    Tokenized,
    Unload,
    WriteLogits,
)
from engine.process.token_messages import GrowTree, LookAt, MapSurprise, Stages
from engine.tokens.opened import Tokenizers
from engine.tokens.serve import token_answer, token_job

if TYPE_CHECKING:
    from engine.generation.loaded import Loaded

# Beyond this a question is no short one: it becomes a job, so that the reader stays free for
# cancels and heartbeats.
SHORT_TEXT = 100_000
_PACKAGES = ("llama-cpp-python", "numpy", "msgspec", "jinja2", "gguf", "huggingface-hub")


class Service:
    """Serves one worker. `answer` is called by the reader's thread, jobs run on the main one."""

    def __init__(self) -> None:
        self.paths = user_paths()
        self.hashes = FileHashes(self.paths.cache / "sha256.json")
        self.loaded: Loaded | None = None
        self.tokenizers = Tokenizers()
        self._is_loading = False
        # Held while a question is answered on the reader's thread, and while a model is given back.
        self._in_use = threading.Lock()

    def set_abort(self, on: bool) -> None:
        """End the decode that runs now (from any thread), or allow decoding again."""
        loaded = self.loaded
        for opened in list(loaded.contexts.values()) if loaded else ():
            if on:
                opened.context.abort()
            else:
                opened.context.clear_abort()

    def answer(self, request: AnyRequest) -> AnyResult | None:
        """The answer to a short question, or None: it is a job's work.

        Raises:
            AppError: the question cannot be answered.
        """
        with self._in_use:
            return self._answer(request)

    def _answer(self, request: AnyRequest) -> AnyResult | None:
        match request:
            case Tokenize(text=text) if len(text) <= SHORT_TEXT:
                return self._tokenize(request)
            case Detokenize():
                return Text(
                    text=self._model.vocab.detokenize(request.ids).decode("utf-8", "replace")
                )
            case Render() if _is_short(request):
                return self._render(request)
            case Describe(path=""):
                return self._model.described()
            case LookAt():
                return self._look_at_known(request)
        return token_answer(self.tokenizers, request)

    def job(self, request: AnyRequest) -> JobGenerator:
        """The generator that does a request's work.

        Raises:
            AppError: at its first step, where the work cannot be done.
        """
        match request:
            case Load():
                return self._load(request)
            case Generate():
                return self._generate(request)
            case Score():
                return self._score(request)
            case WriteLogits():
                return self._write_logits(request)
            case MapSurprise() | LookAt() | GrowTree():
                return self._probabilities(request)
            case Tokenize():
                return _one_step(lambda: self._tokenize(request))
            case Render():
                return _one_step(lambda: self._render(request))
            case Unload():
                return _one_step(self._unload)
            case KeepStates():
                return _one_step(self._keep_states)
            case OpenContext():
                return _one_step(lambda: self._open_context(request))
            case CloseContext():
                return _one_step(lambda: self._close_context(request))
        return token_job(self.tokenizers, request) or _file_job(request)

    @property
    def _model(self) -> "Loaded":
        if self.loaded is None:
            raise AppError("No model is loaded.", "Choose a model first.")
        return self.loaded

    # ---- jobs ----

    def _load(self, request: Load) -> JobGenerator:
        """One model at a time: the one before is unloaded first, its chats' states kept."""
        while self._is_loading:
            yield None  # an earlier load is being cancelled
        path = Path(request.path)
        header = read_header(path)
        info = describe(header, path)
        if info.kind != "model":
            what = _KINDS[info.kind]
            raise AppError(f"{path.name} is not a model but {what}.", "Choose a model file.")
        if self.loaded is not None:
            self._unload()
        self._is_loading = True
        try:
            load = functools.partial(self._load_now, request, header, info)
            return (yield from in_thread(load))
        finally:
            self._is_loading = False

    def _load_now(
        self, request: Load, header: Header, info: ModelInfo, report: Callable[[Any], bool]
    ) -> ModelInfo:
        from engine.generation.loaded import Loaded, check_memory
        from engine.llama.model import LoadOptions, Model

        start = time.perf_counter()
        path = Path(request.path)
        if not request.vocab_only:
            check_memory(path, info, request.n_ctx)
        options = LoadOptions(
            request.n_gpu_layers, request.device, request.use_mmap, request.vocab_only
        )

        def on_progress(fraction: float) -> bool:
            return report(Progress(job=0, fraction=0.9 * fraction, what="loading"))

        model = Model(path, options, on_progress)
        loaded = Loaded(model, header, info, request, self.paths, self.hashes)
        try:
            self._prepare(loaded, request, report)
            if not report(Progress(job=0, fraction=1.0, what="ready")):
                raise JobCancelledError
        except BaseException:
            loaded.close()
            raise
        self.loaded = loaded
        self.hashes.want(path)
        return loaded.described(1e3 * (time.perf_counter() - start))

    def _prepare(self, loaded: "Loaded", request: Load, report: Callable[[Any], bool]) -> None:
        loaded.renderer.warm()
        if request.vocab_only:
            return
        loaded.open_context("main", request.n_ctx)
        report(Progress(job=0, fraction=0.95, what="threads"))
        loaded.choose_threads()

    def _generate(self, request: Generate) -> JobGenerator:
        from engine.generation.generate import generate

        with self.hashes.paused():
            for adapter in request.adapters:
                if adapter.scale:
                    self.hashes.want(adapter.path)
            return (yield from generate(self._model, request))

    def _score(self, request: Score) -> JobGenerator:
        from engine.generation.score import score

        with self.hashes.paused():
            return (yield from score(self._model, request))

    def _write_logits(self, request: WriteLogits) -> JobGenerator:
        from engine.generation.logits import write_logits

        with self.hashes.paused():
            return (yield from write_logits(self._model, request))

    def _probabilities(self, request: MapSurprise | LookAt | GrowTree) -> JobGenerator:
        from engine.generation.look import look_at
        from engine.generation.surprise import map_surprise
        from engine.generation.tree import grow_tree

        with self.hashes.paused():
            match request:
                case MapSurprise():
                    return (yield from map_surprise(self._model, request))
                case LookAt():
                    return (yield from look_at(self._model, request))
                case GrowTree():
                    return (yield from grow_tree(self._model, request))

    def _unload(self) -> Nothing:
        self._model.require_idle()
        loaded, self.loaded = self._model, None
        self.hashes.forget(loaded.model.path)
        loaded.keep_states()
        with self._in_use:
            loaded.close()
        return Nothing()

    def _keep_states(self) -> Nothing:
        if self.loaded is not None:
            self.loaded.keep_states()
        return Nothing()

    def _open_context(self, request: OpenContext) -> Nothing:
        self._model.open_context(request.name, request.n_ctx)
        return Nothing()

    def _close_context(self, request: CloseContext) -> Nothing:
        self._model.close_context(request.name)
        return Nothing()

    # ---- short questions ----

    def _look_at_known(self, request: LookAt) -> Stages | None:
        """The answer without a decode, where the logits are at hand."""
        from engine.generation.look import look_at_known

        return look_at_known(self._model, request)

    def _tokenize(self, request: Tokenize) -> Tokenized:
        vocab = self._model.vocab
        ids = vocab.tokenize(
            request.text, add_special=request.special, parse_special=request.special
        )
        return Tokenized(ids=_array(ids), piece_bytes=_array(vocab.lengths(ids)))

    def _render(self, request: Render) -> Rendered:
        from engine.generation.prompt import build_prompt, told

        prompt = build_prompt(
            self._model,
            request.messages,
            request.prompt,
            request.prefill,
            request.dropped,
            request.add_generation_prompt,
        )
        return told(self._model.vocab, prompt)


def _is_short(request: Render) -> bool:
    n_characters = len(request.prompt or "") + len(request.prefill)
    return n_characters + sum(len(m.content) for m in request.messages) <= SHORT_TEXT


_KINDS = {
    "adapter": "an adapter for one",
    "projector": "a vision projector for one",
    "other": "something else",
}


def diagnose() -> Diagnosis:
    """Versions, build flags and devices; imports llama.cpp where it is not yet loaded."""
    from engine.llama import library

    entries = {"Python": f"{platform.python_version()} ({sys.executable})"}
    entries["System"] = platform.platform()
    entries["Memory"] = f"{psutil.virtual_memory().total / 2**30:.1f} GiB"
    for package in _PACKAGES:
        try:
            entries[package] = version(package)
        except PackageNotFoundError:
            entries[package] = "not installed"
    entries["llama.cpp build"] = library.build_flags()
    for device in library.devices():
        memory = f"{device.free_bytes / 2**30:.1f} of {device.total_bytes / 2**30:.1f} GiB free"
        entries[f"Device {device.name}"] = f"{device.description} ({device.kind}), {memory}"
    return Diagnosis(entries=entries, gpu_in_build=bool(library.gpus()))


def _file_job(request: AnyRequest) -> JobGenerator:
    """Work on files and on this machine, for which no model is needed."""
    match request:
        case Describe():
            return _one_step(lambda: _describe_file(request.path))
        case ListModels():
            return _list_models(request)
        case ListHubFiles():
            return in_thread(lambda _: _list_hub_files(request.repository))
        case CheckHubToken():
            return in_thread(lambda _: _hub_user())
        case Diagnose():
            return in_thread(lambda _: diagnose())
    raise AssertionError(f"no job for {request!r}")


def _list_models(request: ListModels) -> JobGenerator:
    """One file a step, so that other jobs have their turns and a cancel is answered."""
    scan = scan_models(request.folders)
    while True:
        try:
            step = next(scan)
        except StopIteration as end:
            models: ModelList = end.value
            return models
        yield Progress(job=0, fraction=step.n_done / step.n_total, what="reading")


def _list_hub_files(repository: str) -> HubFiles:
    from engine.models.hub import list_files

    return list_files(repository)


def _hub_user() -> HubUser:
    from engine.models.hub_user import hub_user

    return hub_user()


def _describe_file(path: str) -> ModelInfo:
    return describe(read_header(Path(path)), Path(path))


def _one_step(work: Callable[[], AnyResult]) -> JobGenerator:
    """A job that is one step."""
    yield None
    return work()


def _array(values: "np.ndarray[Any, Any]") -> Array:
    return Array(dtype=str(values.dtype), shape=values.shape, data=values.tobytes())
