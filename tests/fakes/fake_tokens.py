"""An engine that serves tokenizers in the test's own process: a token for every word, or for every
so many letters. Has the surface of gui.process.EngineProcess that the Tokens room uses.

Answers on the next turn of the event loop, as a real worker does at the earliest; `holds` keeps
answers back until `let_go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count, pairwise

from PySide6.QtCore import QObject, QTimer, Signal

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    AnyResult,
    Array,
    Cancelled,
    ChatMessage,
    Done,
    Failed,
    ListModels,
    ModelList,
    Render,
)
from engine.process.token_messages import (
    Counts,
    CountTokens,
    Encode,
    Encoded,
    OpenTokenizer,
    ReadVocabulary,
    RenderChat,
    TokenizerInfo,
    Vocabulary,
)
from tests.fakes.rendered import int32, rendered_chat

Listener = Callable[[AnyEvent], None]
TEMPLATE_FAILURE = "Conversation roles must alternate user/assistant"

# source -> letters of a token (0: words), has a template, context
KINDS: dict[str, tuple[int, bool, int]] = {
    "starter": (0, True, 8192),
    "o200k_base": (8, False, 128_000),
    "cl100k_base": (4, False, 0),
    "/models/other.gguf": (5, True, 1000),
}


def info(source: str) -> TokenizerInfo:
    _, template, n_ctx = KINDS[source]
    name = source.rsplit("/", 1)[-1]
    return TokenizerInfo(source, name, "BPE", 300, True, template=template, n_ctx=n_ctx)


def lengths(source: str, text: str) -> list[int]:
    """Bytes of each token."""
    size = KINDS[source][0]
    pattern = rf"(?s).{{1,{size}}}" if size else r"(?s)\s*\S+|\s+$"
    return [len(piece.encode()) for piece in re.findall(pattern, text)]


class FakeTokens(QObject):
    """Keeps what it was asked."""

    became_ready = Signal()
    died = Signal(str, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_running = self.is_ready = True
        self.has_given_up = False
        self.requests: list[AnyRequest] = []
        self.cancelled: list[int] = []
        self.holds: tuple[type, ...] = ()
        self.listing = ModelList(models=[])
        self._jobs = count(1)
        self._held: list[tuple[AnyRequest, Listener]] = []

    def start(self) -> None:
        self.is_running = True

    def stop_and_wait(self) -> None:
        self.is_running = False
        self._held.clear()

    def submit(self, make_request: Callable[[int], AnyRequest], on_event: Listener) -> int:
        job = next(self._jobs)
        request = make_request(job)
        self.requests.append(request)
        if isinstance(request, self.holds):
            self._held.append((request, on_event))
        else:
            QTimer.singleShot(0, self, lambda: on_event(self._answer(request)))
        return job

    def cancel(self, job: int) -> None:
        self.cancelled.append(job)

    def let_go(self) -> None:
        """Answer what was kept back, the last first; cancelled ones too: they were done already."""
        held, self._held = self._held[::-1], []
        for request, listener in held:
            listener(self._answer(request))

    def asked(self, kind: type[AnyRequest]) -> list[AnyRequest]:
        return [one for one in self.requests if type(one) is kind]

    # ---- answers ----

    def _answer(self, request: AnyRequest) -> AnyEvent:
        if not self.is_running:
            return Cancelled(job=request.job)
        source = getattr(request, "source", "starter")
        if source not in KINDS:
            words = f"There is no tokenizer “{source}”."
            return Failed(job=request.job, message=words, hint="Choose another.")
        if isinstance(request, RenderChat) and _is_refused(request.messages):
            return Failed(
                job=request.job,
                message="The model's chat template refuses this chat.",
                detail=TEMPLATE_FAILURE,
            )
        return Done(job=request.job, result=self._result(request))

    def _result(self, request: AnyRequest) -> AnyResult:
        match request:
            case OpenTokenizer(source=source):
                return info(source)
            case ReadVocabulary(source=source):
                return _vocabulary(source)
            case Encode(source=source, text=text):
                return _encoded(lengths(source, text))
            case CountTokens(source=source, texts=texts):
                return Counts([len(lengths(source, text)) for text in texts])
            case RenderChat(job=job, messages=messages, add_generation_prompt=begins):
                opening = [ChatMessage("assistant", "")] if begins else []
                return rendered_chat(Render(job=job, messages=[*messages, *opening]))
            case ListModels():
                return self.listing
        raise AssertionError(request)


def _is_refused(messages: list[ChatMessage]) -> bool:
    """As templates do that want turns: two in a row of one role."""
    roles = [one.role for one in messages if one.role != "system"]
    return any(one == other for one, other in pairwise(roles))


def _encoded(sizes: list[int]) -> Encoded:
    special = Array("uint8", (len(sizes),), bytes(len(sizes)))
    ids = int32(list(range(len(sizes))))
    return Encoded(ids, int32(sizes), special, len(sizes), text_ok=True)


def _vocabulary(source: str) -> Vocabulary:
    """The 256 bytes, each a token."""
    figures = Array("float32", (256,), bytes(4 * 256))
    return Vocabulary(
        source=source,
        pieces=Array("uint8", (256,), bytes(range(256))),
        lengths=int32([1] * 256),
        kinds=Array("uint8", (256,), bytes(256)),
        figures=figures,
        figure="",
    )
