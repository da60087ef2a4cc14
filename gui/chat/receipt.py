"""How a reply was made, read from what the store keeps of it, and the same prompt asked for again.
Qt-free; the writing side is made_with.py.

A receipt of another version, or of another hand, is read as far as it can be; what cannot be read
counts as not noted.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from engine.process.messages import (
    Adapter,
    ChatMessage,
    Generate,
    ModelInfo,
    Overflow,
    Render,
    Sampling,
    Token,
)
from gui.chat.conversation import Conversation, Turn, sent_text
from gui.chat.words import tr


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept with a finished reply. template_hash "": it went on with a raw text.
    system_prompt None, n_gpu_layers -1 and empty words: not noted by the version that wrote it.
    adapter_files: path, fingerprint and sha256 ("" where it was not known yet)."""

    model_path: str = ""
    model_file: str = ""
    fingerprint: str = ""
    sha256: str = ""
    adapter_files: list[tuple[str, str, str]] = []
    backend: str = ""
    n_gpu_layers: int = -1
    kv_type: str = ""
    flash_attention: str = ""
    system_prompt: str | None = None
    adapters: list[tuple[str, float]] = []
    sampling: Sampling = Sampling()
    stop: list[str] = []
    max_tokens: int = -1
    reasoning_budget: int = -1
    n_ctx: int = 0
    n_threads: int = 0
    slices: list[int] = []
    seed: int = 0
    template_hash: str = ""
    prompt_hash: str = ""
    alone: bool = False
    dropped: list[int] = []
    dropped_later: list[int] = []
    overflow: Overflow = "stop"
    n_replies: int = 1
    prefill: str = ""
    prefill_ids: list[int] = []
    versions: dict[str, str] = {}


def read_receipt(details: dict[str, Any]) -> Receipt | None:
    """What is noted of how a reply was made; None where nothing usable is."""
    kept = details.get("made_with")
    if not isinstance(kept, dict) or not kept.get("prompt_hash"):
        return None
    try:
        return msgspec.convert(kept, Receipt, strict=False)
    except msgspec.ValidationError:
        return None


def is_its_model(receipt: Receipt, model: ModelInfo) -> bool:
    """Whether a reply was written by this model, as far as it is noted: by the whole file's hash
    where both are known, else by that of samples."""
    if receipt.sha256 and model.sha256:
        return receipt.sha256 == model.sha256
    return receipt.fingerprint in ("", model.fingerprint)


class Given(Struct, frozen=True):
    """What a reply was given: messages, or turns of a raw text; then the words it begins with.

    Args:
        sources: role and text of each part, in order.
        dropped: places in `sources` of what the overflow policy left out.
    """

    sources: tuple[ChatMessage, ...]
    is_raw: bool
    prefill: str = ""
    prefill_ids: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()

    def render(self, job: int) -> Render:
        """Ask what it becomes."""
        if self.is_raw:
            text = "".join(source.content for source in self.sources)
            return Render(job=job, prompt=text, prefill=self.prefill)
        return Render(
            job=job,
            messages=list(self.sources),
            prefill=self.prefill,
            dropped=list(self.dropped),
        )

    def generate(self, job: int, receipt: Receipt, max_tokens: int) -> Generate:
        """Ask for the same reply, from an empty sequence alone in the cache. What the prompt lacked
        is not given; what made room later makes room again."""
        left_out = frozenset(self.dropped)
        kept = [one for place, one in enumerate(self.sources) if place not in left_out]
        raw = "".join(source.content for source in self.sources) if self.is_raw else None
        return Generate(
            job=job,
            messages=None if self.is_raw else kept,
            prompt=raw,
            prefill=self.prefill,
            prefill_ids=list(self.prefill_ids),
            max_tokens=max_tokens,
            stop=receipt.stop,
            sampling=msgspec.structs.replace(receipt.sampling, seed=receipt.seed),
            adapters=[Adapter(path, scale) for path, scale in receipt.adapters],
            alone=True,
            slices=receipt.slices,
            reasoning_budget=receipt.reasoning_budget,
            overflow=receipt.overflow,
            private=True,
        )


def needs_tokens(receipt: Receipt | None) -> bool:
    """Whether what a reply was given can only be told with its own tokens: it began with some, or
    with words that stand in no message."""
    return receipt is not None and (bool(receipt.prefill_ids) or not receipt.template_hash)


def given_to(
    conversation: Conversation,
    reply: Turn,
    system_prompt: str,
    kept: Sequence[Token] = (),
    *,
    is_base: bool,
) -> Given:
    """What a reply was given, as far as the chat says it now.

    Args:
        system_prompt: the chat's; the reply's own, where it is noted, goes before it.
        kept: its tokens, where needs_tokens says so.
        is_base: the model that is loaded is one; asked where the reply's receipt does not tell.
    """
    receipt = read_receipt(reply.details)
    is_raw = not receipt.template_hash if receipt else is_base
    if is_raw:
        before = conversation.path_to(reply.parent_id)
        sources = [ChatMessage(role=turn.role, content=sent_text(turn)) for turn in before]
    else:
        sources = conversation.messages_before(reply.id, _own_or(receipt, system_prompt))
    if receipt is None:
        return Given(tuple(sources), is_raw)
    ids = tuple(receipt.prefill_ids)
    prefill = _raw_prefill(reply, receipt, kept) if is_raw else receipt.prefill
    return Given(tuple(sources), is_raw, prefill, ids, tuple(receipt.dropped))


def _own_or(receipt: Receipt | None, system_prompt: str) -> str:
    """The system prompt that a reply was written under, as far as it is noted."""
    noted = receipt.system_prompt if receipt is not None else None
    return system_prompt if noted is None else noted


def _raw_prefill(reply: Turn, receipt: Receipt, kept: Sequence[Token]) -> str:
    """The beginning of a reply to a raw text that was there before its last writing."""
    n_written = _n_written(reply, receipt, kept) + len(receipt.prefill_ids)
    written = "".join(token.text for token in kept[-n_written:]) if n_written else ""
    if not kept or not reply.content.endswith(written):
        return ""
    return reply.content[: len(reply.content) - len(written)]


def _n_written(reply: Turn, receipt: Receipt, kept: Sequence[Token]) -> int:
    """Tokens of the last writing: as the engine counted them, or all that a person picked."""
    by_hand = max(0, len(kept) - len(receipt.prefill_ids))
    return int(reply.details.get("n_generated", by_hand))


def begun_tokens(reply: Turn, given: Given, kept: Sequence[Token]) -> list[Token]:
    """The tokens of given.prefill_ids: those kept of the reply, which stand before what was written
    then; bare numbers where they are not kept any more."""
    receipt = read_receipt(reply.details)
    end = len(kept) - (_n_written(reply, receipt, kept) if receipt is not None else 0)
    begun = list(kept[max(0, end - len(given.prefill_ids)) : max(0, end)])
    if tuple(token.id for token in begun) == given.prefill_ids:
        return begun
    return [Token(one, b"", "") for one in given.prefill_ids]


def previous_reply(conversation: Conversation, reply: Turn) -> Turn | None:
    """The reply before this one on its branch."""
    before = conversation.path_to(reply.parent_id)
    return next((turn for turn in reversed(before) if turn.role == "assistant"), None)


def role_name(role: str) -> str:
    """Who speaks, as on a band."""
    names: dict[str, Callable[[], str]] = {
        "system": lambda: tr("System"),
        "user": lambda: tr("You"),
        "assistant": lambda: tr("Model"),
        "tool": lambda: tr("Tool"),
    }
    return names[role]() if role in names else role


def has_receipt(details: dict[str, Any]) -> bool:
    """The same question as read_receipt answers, for every message of a long chat."""
    kept = details.get("made_with")
    return isinstance(kept, dict) and bool(kept.get("prompt_hash"))


def can_be_replayed(details: dict[str, Any]) -> bool:
    """Whether the model wrote a reply, and all is noted of how."""
    return has_receipt(details) and bool(details.get("n_generated"))


def footer_actions(turn: Turn) -> tuple[tuple[str, str], ...]:
    """What can be clicked behind a finished reply's footer: key and words."""
    if turn.role != "assistant":
        return ()
    received = (("received", tr("Received")),)
    return (*received, ("replay", tr("Replay"))) if can_be_replayed(turn.details) else received
