"""Lets the model continue a text: one job at a time, its tokens told a few times a second.

Knows no document and no widget.
"""

from __future__ import annotations

from msgspec import Struct, field
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.process.messages import (
    AnyEvent,
    Cancelled,
    Done,
    Failed,
    Generate,
    Generated,
    PromptProgress,
    Token,
    Tokens,
)
from gui.chat.chat_settings import ChatSettings
from gui.chat.model_loader import Engine

FLUSH_MS = 33


class Written(Struct):
    """How a continuation ended. finish: the engine's word, or "failed"."""

    finish: str = ""
    n_tokens: int = 0
    tokens_per_s: float = 0.0
    n_prompt: int = 0
    n_reused: int = 0
    first_token_ms: float = 0.0
    seed: int = 0
    failure: Failed | None = field(default=None)


class NotebookWriter(QObject):
    """One continuation at a time."""

    tokens_arrived = Signal(list)  # list[Token]
    progressed = Signal(int, int)  # prompt tokens read, of so many
    ended = Signal(object)  # Written; after the last tokens

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._job = 0
        self._waiting: list[Token] = []
        self._n_tokens = 0
        self._flushing = QTimer(self, interval=FLUSH_MS, singleShot=True)
        self._flushing.timeout.connect(self._flush)

    @property
    def is_writing(self) -> bool:
        return self._job > 0

    def begin(self, prompt: str, settings: ChatSettings, *, is_private: bool = False) -> None:
        """Ask the model to go on from the end of a text."""
        assert not self.is_writing, "one at a time"
        self._waiting, self._n_tokens = [], 0

        def make_request(job: int) -> Generate:
            return Generate(
                job=job,
                prompt=prompt,
                max_tokens=settings.max_tokens,
                stop=list(settings.stop),
                sampling=settings.sampling(),
                overflow=settings.overflow,
                reasoning_budget=settings.reasoning_budget,
                adapters=list(settings.adapters),
                private=is_private,
            )

        self._job = self._engine.submit(make_request, self._on_event)

    def stop(self) -> None:
        """Stop soon; what was written stays."""
        if self._job:
            self._engine.cancel(self._job)

    def leave(self) -> None:
        """Stop now: what still comes is for nobody any more."""
        if self._job:
            self._engine.cancel(self._job)
            self._end(Written(finish="cancelled"))

    def _on_event(self, event: AnyEvent) -> None:
        if event.job != self._job:
            return
        if isinstance(event, Tokens):
            self._take(event)
        elif isinstance(event, PromptProgress):
            self.progressed.emit(event.n_done, event.n_total)
        elif isinstance(event, Done | Cancelled | Failed):
            self._end(_written(event))

    def _take(self, event: Tokens) -> None:
        self._waiting += event.items
        self._n_tokens += len(event.items)
        if not self._flushing.isActive():
            self._flush()
            self._flushing.start()

    @Slot()
    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.tokens_arrived.emit(waiting)

    def _end(self, written: Written) -> None:
        self._flushing.stop()
        self._job = 0
        self._flush()
        written.n_tokens = written.n_tokens or self._n_tokens
        self.ended.emit(written)


def _written(event: Done | Cancelled | Failed) -> Written:
    if isinstance(event, Failed):
        return Written(finish="failed", failure=event)
    result = event.result
    if not isinstance(result, Generated) or not result.replies:
        return Written(finish="cancelled")
    reply = result.replies[0]
    return Written(
        reply.finish,
        reply.n_generated,
        result.tokens_per_s,
        result.n_prompt,
        result.n_reused,
        result.first_token_ms,
        reply.seed,
    )
