"""What the stages of a run are given: its folder, its configuration, its pen, and a person's
wishes. Light."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from finetune.config import RunConfig
from finetune.pretraining.config import PretrainConfig
from finetune.run.control import Control
from finetune.run.events import Ending, Phase, PhaseChanged
from finetune.run.folder import RunFolder
from finetune.run.log import RunLog

C = TypeVar("C", RunConfig, PretrainConfig)
_TELL_S = 0.5  # progress is told this often at most


class StoppedError(Exception):
    """A person wants its end before the training has begun."""


@dataclass(frozen=True)
class WorkDone:
    """How a run came to its end. product: path within the run folder, "" for none."""

    how: Ending
    product: str = ""
    best_step: int = 0


@dataclass
class AttemptOf(Generic[C]):
    """One life of a run, of whichever kind. number: from 1, one more with each resume; began_s:
    time.monotonic() of its start; seconds: what each phase took."""

    folder: RunFolder
    config: C
    log: RunLog
    control: Control
    number: int
    began_s: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    _phase: Phase | None = None
    _since_s: float = 0.0
    _told_s: float = 0.0
    _told: tuple[float, str] = (-1.0, "")

    def enter(self, phase: Phase, words: str = "") -> None:
        """A phase begins; the one before is over."""
        self.leave()
        self._phase, self._since_s, self._told_s = phase, time.monotonic(), 0.0
        self._told = (-1.0, words)
        self.log.say(PhaseChanged, phase=phase, words=words)

    def leave(self) -> None:
        """The phase is over: its time is noted."""
        if self._phase is not None:
            took_s = time.monotonic() - self._since_s
            self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + took_s
            self._phase = None

    def tell(self, fraction: float, words: str = "") -> None:
        """How far the phase is, 0..1: written now and then, and where it is news."""
        now_s, news = time.monotonic(), (round(fraction, 3), words)
        is_news = news != self._told and (now_s - self._told_s > _TELL_S or words != self._told[1])
        if self._phase is not None and is_news:
            self._told_s, self._told = now_s, news
            self.log.say(PhaseChanged, phase=self._phase, fraction=fraction, words=words)


Attempt = AttemptOf[RunConfig]
RaisingAttempt = AttemptOf[PretrainConfig]
