"""The last answer again at several strengths of one adapter: asks for one after another.

No widgets. All are drawn with the same seed and settings, so that what differs comes from the
strength.
"""

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from engine.process.messages import (
    Adapter,
    AnyEvent,
    Cancelled,
    Done,
    Failed,
    Generate,
    Generated,
    Tokens,
)
from gui.chat.model_loader import Engine

State = Literal["waiting", "writing", "done", "cut", "stopped", "failed"]


class Answer(Struct, frozen=True):
    """What one strength said so far. problem: why it failed."""

    strength: float
    text: str = ""
    n_tokens: int = 0
    state: State = "waiting"
    problem: str = ""

    @property
    def has_ended(self) -> bool:
        return self.state not in ("waiting", "writing")


class Question(Struct, frozen=True):
    """What is asked at each strength. make_request: a Generate for a job number, as for the reply
    itself; path: the adapter whose strength varies."""

    make_request: Callable[[int], Generate]
    path: str
    seed: int
    max_tokens: int

    def request(self, job: int, strength: float) -> Generate:
        asked = self.make_request(job)
        others = [one for one in asked.adapters if one.path != self.path]
        return msgspec.structs.replace(
            asked,
            adapters=[*others, Adapter(self.path, strength)],
            sampling=msgspec.structs.replace(asked.sampling, seed=self.seed),
            max_tokens=self.max_tokens,
            logprobs=False,
            top_logprobs=0,
            private=True,
        )


class StrengthRun(QObject):
    """The answers of one question, by their place. One job at a time."""

    changed = Signal(int)  # place of an answer
    ended = Signal()  # all answers have ended

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.answers: list[Answer] = []
        self._engine = engine
        self._question: Question | None = None
        self._job = 0
        self._place = 0

    @property
    def is_running(self) -> bool:
        return self._job > 0

    def begin(self, question: Question, strengths: list[float]) -> None:
        """Ask anew at each of these strengths."""
        self.stop()
        self._question = question
        self.answers = [Answer(strength) for strength in strengths]
        for place in range(len(strengths)):
            self.changed.emit(place)
        self._next()

    def ask_again(self, place: int, strength: float) -> None:
        """One answer at another strength; after those that wait before it."""
        if self._question is None:
            return
        if self._job and self._place == place:
            self._give_up()
        self._set(place, Answer(strength))
        if not self._job:
            self._next()

    def stop(self) -> None:
        """Ask no more; what was said stays."""
        self._give_up()
        for place, answer in enumerate(self.answers):
            if not answer.has_ended:
                self._set(place, replace(answer, state="stopped"))

    def _give_up(self) -> None:
        job, self._job = self._job, 0
        if job:
            self._engine.cancel(job)

    def _next(self) -> None:
        waiting = [place for place, one in enumerate(self.answers) if one.state == "waiting"]
        question = self._question
        if not waiting or question is None:
            self.ended.emit()
            return
        self._place = waiting[0]
        strength = self.answers[self._place].strength
        self._job = self._engine.submit(lambda job: question.request(job, strength), self._on_event)
        self._set(self._place, replace(self.answers[self._place], state="writing"))

    def _on_event(self, event: AnyEvent) -> None:
        if event.job != self._job:
            return  # given up: what it still says comes too late
        answer = self.answers[self._place]
        if isinstance(event, Tokens):
            text = "".join(token.text for token in event.items)
            n_tokens = answer.n_tokens + len(event.items)
            self._set(self._place, replace(answer, text=answer.text + text, n_tokens=n_tokens))
        elif isinstance(event, Done | Cancelled | Failed):
            self._job = 0
            self._set(self._place, _ended(answer, event))
            self._next()

    def _set(self, place: int, answer: Answer) -> None:
        self.answers[place] = answer
        self.changed.emit(place)


def _ended(answer: Answer, event: Done | Cancelled | Failed) -> Answer:
    if isinstance(event, Failed):
        return replace(answer, state="failed", problem=f"{event.message} {event.hint}".strip())
    if isinstance(event, Cancelled):
        return replace(answer, state="stopped")
    result = event.result
    was_cut = isinstance(result, Generated) and result.replies[0].finish in ("length", "context")
    return replace(answer, state="cut" if was_cut else "done")
