"""Asking what the model expects at a place, as often as a slider moves: at most sixty times a
second, one question at a time, and of those that wait only the latest.
"""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.process.messages import Failed, Sampling
from engine.process.token_messages import LookAt, Stages
from gui.tokens.model_link import ModelLink

INTERVAL_MS = 17  # of two questions at the same place


class Question(Struct, frozen=True):
    """Where (the tokens before it), through which samplers, and how many alternatives."""

    ids: tuple[int, ...]
    sampling: Sampling
    chosen: int
    count: int


class StageLook(QObject):
    """The worker keeps a place's logits, so only the first question there decodes anything."""

    answered = Signal(object, object)  # Question, list[Stage]
    failed = Signal(str)

    def __init__(self, link: ModelLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._next: Question | None = None
        self._asked: Question | None = None
        self._timer = QTimer(self, singleShot=True, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._go_on)

    @property
    def is_asking(self) -> bool:
        return self._next is not None or self._link.is_asking("look")

    def ask(self, question: Question) -> None:
        """Ask this as soon as may be; what waits is forgotten, what is asked elsewhere ends."""
        if question == self._asked and self._link.is_asking("look"):
            self._next = None  # its answer is on its way
            return
        self._next = question
        if self._link.is_asking("look") and self._asked is not None:
            if self._asked.ids == question.ids:
                return  # its answer is near, and is shown meanwhile
            self._link.cancel("look")
        if not self._timer.isActive():
            self._go_on()

    def stop(self) -> None:
        """Nobody looks any more."""
        self._next = None
        self._timer.stop()
        self._link.cancel("look")

    @Slot()
    def _go_on(self) -> None:
        if self._next is None or self._link.is_asking("look"):
            return
        question, self._next = self._next, None
        self._asked = question
        self._timer.start()
        self._link.ask(
            "look",
            lambda job: LookAt(
                job=job,
                ids=list(question.ids),
                sampling=question.sampling,
                chosen=question.chosen,
                count=question.count,
            ),
            self._on_result,
            self._on_failed,
        )

    def _on_result(self, result: Stages) -> None:
        asked = self._asked
        if not self._timer.isActive():
            self._go_on()
        self.answered.emit(asked, result.stages)

    def _on_failed(self, failed: Failed) -> None:
        if self._next is not None and not self._timer.isActive():
            self._go_on()
        self.failed.emit(f"{failed.message} {failed.hint}".strip())
