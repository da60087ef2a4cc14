"""Asks the engine how many tokens a chat has, a moment after it changed, and tells the counts.

One question at a time: an answer to an older question is dropped.
"""

from collections.abc import Callable

from msgspec.structs import replace
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    AnyResult,
    ChatMessage,
    Done,
    ModelInfo,
    Render,
    Rendered,
    Tokenize,
    Tokenized,
)
from gui.chat.context_count import ContextCounts, counts_of
from gui.chat.model_loader import Engine

PAUSE_MS = 150
TOLD_MS = 300


def _none_attached(messages: list[ChatMessage]) -> list[int]:
    return [0] * len(messages)


class ContextCounter(QObject):
    """The counts of the branch shown.

    Args:
        messages: the messages as they would be sent now.
        text: the branch as one text, for a base model.
        attached: for each of these messages, how many letters at its beginning are from files.
        n_left_out: tokens of the branch that the overflow policy leaves out of the context now.
    """

    counted = Signal(object)  # ContextCounts

    def __init__(
        self,
        engine: Engine,
        messages: Callable[[], list[ChatMessage]],
        text: Callable[[], str],
        n_left_out: Callable[[], int],
        parent: QObject | None = None,
        attached: Callable[[list[ChatMessage]], list[int]] = _none_attached,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._messages = messages
        self._text = text
        self._n_left_out = n_left_out
        self._attached = attached
        self._model: ModelInfo | None = None
        self._counts = ContextCounts()
        self._job = 0
        self._told = QElapsedTimer()
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._ask)

    def set_model(self, model: ModelInfo | None) -> None:
        self._model = model
        self._tell(ContextCounts(n_ctx=model.n_ctx if model else 0))
        self.refresh()

    def refresh(self) -> None:
        """The branch changed: count it soon."""
        self._pause.start()

    def stop(self) -> None:
        """Count no more; the room is closing."""
        self._pause.stop()

    def add_reply_tokens(self, n_tokens: int) -> None:
        """A reply is being written: it has this many tokens so far; told a few times a second."""
        if self._model is None:
            return
        if not self._told.isValid() or self._told.elapsed() >= TOLD_MS:
            self._told.start()
            self._emit(replace(self._counts, reply=n_tokens))

    @Slot()
    def _ask(self) -> None:
        model = self._model
        if model is None:
            return
        if model.template == "none":
            self._ask_text(model)
        else:
            self._ask_messages(model)

    def _ask_text(self, model: ModelInfo) -> None:
        text = self._text()

        def hear(event: AnyEvent) -> None:
            result = self._answer_in(event)
            if isinstance(result, Tokenized):
                n_tokens = result.ids.shape[0]
                self._tell(ContextCounts(history=n_tokens, n_ctx=model.n_ctx))

        self._submit(lambda job: Tokenize(job=job, text=text), hear)

    def _ask_messages(self, model: ModelInfo) -> None:
        messages = self._messages()
        if not messages:
            self._tell(ContextCounts(n_ctx=model.n_ctx))
            return
        attached = self._attached(messages)

        def hear(event: AnyEvent) -> None:
            result = self._answer_in(event)
            if isinstance(result, Rendered):
                self._tell(counts_of(result, messages, model.n_ctx, attached))

        asks = messages[-1].role != "assistant"
        self._submit(
            lambda job: Render(job=job, messages=messages, add_generation_prompt=asks), hear
        )

    def _submit(
        self, make_request: Callable[[int], AnyRequest], hear: Callable[[AnyEvent], None]
    ) -> None:
        self._job = self._engine.submit(make_request, hear)

    def _answer_in(self, event: AnyEvent) -> AnyResult | None:
        # A failed count (a template that refuses the roles) leaves the last numbers; the send
        # itself will say why.
        is_latest = event.job == self._job
        return event.result if is_latest and isinstance(event, Done) else None

    def _tell(self, counts: ContextCounts) -> None:
        self._counts = counts
        self._emit(counts)

    def _emit(self, counts: ContextCounts) -> None:
        # The engine counted the whole chat; the context holds what the last reply was given.
        self.counted.emit(counts.without(self._n_left_out()))
