"""What a run is at, told in one struct from its folder: for lists, the status bar, the end's
notice.

Light, and quick on long runs: of events.jsonl only what came since the last look is read, and of
steps only the last is decoded. Touches files, so the window asks off its own thread.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from engine.errors import AppError
from finetune.run import events
from finetune.run.events import (
    AnyRunEvent,
    Began,
    CheckpointSaved,
    Ended,
    Ending,
    Evaluated,
    Facts,
    Paused,
    Phase,
    PhaseChanged,
    RaisedFacts,
    Resumed,
    RunFailed,
    StepDone,
    Warned,
)
from finetune.run.folder import RunFolder, RunKind, Tail

RunStateName = Literal[
    "new",  # never started
    "queued",  # another run has the machine
    "starting",  # rows to tokens, weights into memory
    "running",  # trains, or does what comes after
    "paused",
    "finished",
    "stopped",  # a person ended it; what it learned is there
    "failed",  # it said why
    "died",  # its process is gone, in the middle; it can be resumed
]
LIVE: frozenset[str] = frozenset(("queued", "starting", "running", "paused"))
_STARTING: frozenset[str] = frozenset(("converting", "preparing", "loading", "answering"))
_STEP = (b'{"event":"step"', b'{"event":"pretrain_step"')


class RunSummary(msgspec.Struct, frozen=True):
    """A run at a glance. Times since the epoch in seconds, 0 where there is none yet; losses in
    nats per learned token, nan where there is none.

    fraction: of its steps, 0..1; phase_fraction: of what it does now, -1 where that is not known;
    words: what the phase says of itself; loss: of the last step; best_loss: the lowest of the
    validation set; time_left_s -1: not known; pid 0: no process; product: the adapter, "" while
    there is none; why: why it is paused; message, hint, detail: why it failed; warnings: what it
    had to say; checkpoint: the newest, "" for none; kind: what run.toml says; bytes_per_token: of a
    pretraining's held-out text, 0 where it is not known.
    """

    path: str
    name: str
    state: RunStateName
    phase: Phase | None = None
    phase_fraction: float = -1.0
    words: str = ""
    step: int = 0
    n_steps: int = 0
    fraction: float = 0.0
    time_left_s: float = -1.0
    tokens_per_s: float = 0.0
    memory_bytes: int = 0
    loss: float = math.nan
    validation_loss: float = math.nan
    best_loss: float = math.nan
    best_step: int = 0
    started_s: float = 0.0
    ended_s: float = 0.0
    attempt: int = 0
    pid: int = 0
    how: Ending | None = None
    product: str = ""
    why: str = ""
    message: str = ""
    hint: str = ""
    detail: str = ""
    warnings: tuple[str, ...] = ()
    base: str = ""
    checkpoint: str = ""
    kind: RunKind = "sft"
    bytes_per_token: float = 0.0

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def can_resume(self) -> bool:
        """Whether starting it again would go on where it was."""
        return self.state in ("stopped", "failed", "died", "new")


class RunState:
    """Folds a run's events as they come. One for each run that is watched."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._tail = Tail(folder.events)
        self._inode = 0
        self._now = RunSummary(str(folder.path), folder.path.name, "new")
        self._ended: Ended | RunFailed | None = None
        self._last_s = 0.0
        self._left_at_s = 0.0  # when the time left was what was told
        self._config_ns = -1

    def read(self) -> RunSummary:
        """How it stands now."""
        self._read_config()
        self._start_over_if_replaced()
        for event in _but_steps(list(self._tail.lines())):
            self._take(event)
        pid = self.folder.pid()
        state = self._state(pid)
        return msgspec.structs.replace(
            self._now,
            state=state,
            pid=pid,
            time_left_s=self._time_left_s() if state in LIVE else -1.0,
            fraction=min(1.0, self._now.step / self._now.n_steps) if self._now.n_steps else 0.0,
            ended_s=0.0 if state in LIVE else self._last_s,
        )

    def _state(self, pid: int) -> RunStateName:
        if self._ended is not None:
            if pid and _created_s(pid) > self._ended.time_s:
                return "starting"  # the next attempt, before its first event
            if isinstance(self._ended, RunFailed):
                return "failed"
            return "stopped" if self._now.how == "stopped" else "finished"
        if not pid:
            was_started = self._now.attempt or self.folder.runner.exists()
            return "died" if was_started else "new"
        if self._now.why:
            return "paused"
        if self._now.phase is None or self._now.phase in _STARTING:
            return "starting"
        return "queued" if self._now.phase == "queued" else "running"

    def _time_left_s(self) -> float:
        """While it is paused, what was left when that began."""
        return self._left_at(self._left_at_s if self._now.why else time.time())

    def _left_at(self, time_s: float) -> float:
        told = self._now.time_left_s
        return max(0.0, told - max(0.0, time_s - self._left_at_s)) if told >= 0.0 else -1.0

    def _take(self, event: AnyRunEvent) -> None:
        self._last_s = event.time_s
        if isinstance(event, Began):
            self._ended = None
        elif isinstance(event, Ended | RunFailed):
            self._ended = event
        fields = _of_doing(self._now, event) or _of_figures(self._now, event)
        if isinstance(event, Paused) and not self._now.why:
            fields["time_left_s"] = self._left_at(event.time_s)
        if isinstance(event, StepDone | Paused | Resumed):
            self._left_at_s = event.time_s
        self._now = msgspec.structs.replace(self._now, **fields)

    def _read_config(self) -> None:
        """Name and base, read again where run.toml is another: a person may rename a run."""
        try:
            changed_ns = self.folder.run_toml.stat().st_mtime_ns
            if changed_ns == self._config_ns:
                return
            self._config_ns = changed_ns
            kind = self.folder.kind()
            self._now = msgspec.structs.replace(self._now, kind=kind)
            if kind == "pretrain":
                name, base = self.folder.pretrain_config().out.name, ""
            else:
                config = self.folder.config()
                name, base = config.out.name, config.base.path
        except (OSError, AppError):
            return  # a list of runs shows one whose file is spoilt too, by its folder's name
        name = name or self.folder.path.name
        self._now = msgspec.structs.replace(self._now, name=name, base=base)

    def _start_over_if_replaced(self) -> None:
        """Another file of that name (a run put back from elsewhere): nothing known holds."""
        try:
            inode = self.folder.events.stat().st_ino
        except OSError:
            return
        if self._inode and inode != self._inode:
            fresh = RunState(self.folder)
            self.__dict__.update(fresh.__dict__)
            self._read_config()
        self._inode = inode


def _created_s(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


Fields = dict[str, object]


def _of_doing(now: RunSummary, event: AnyRunEvent) -> Fields:
    """What an event says of what the run does, and how it ended."""
    match event:
        case Began():
            return {
                **dict.fromkeys(("why", "message", "hint", "detail", "product"), ""),
                "attempt": event.attempt,
                "n_steps": event.n_steps or now.n_steps,
                "started_s": now.started_s or event.time_s,
                "phase": None,
                "how": None,
                "time_left_s": -1.0,
            }
        case PhaseChanged():
            return {
                "phase": event.phase,
                "phase_fraction": event.fraction,
                "words": event.words,
            }
        case Paused() | Resumed():
            return {"why": event.why if isinstance(event, Paused) else ""}
        case Ended():
            product = str(Path(now.path) / event.product) if event.product else ""
            best = {"best_step": event.best_step or now.best_step}
            return {"how": event.how, "product": product, "time_left_s": -1.0, "why": "", **best}
        case RunFailed():
            words = {"message": event.message, "hint": event.hint, "detail": event.detail}
            return {**words, "time_left_s": -1.0, "why": ""}
    return {}


def _of_figures(now: RunSummary, event: AnyRunEvent) -> Fields:
    """What an event says of how far the run is, and how well it goes."""
    match event:
        case Facts():
            return {"n_steps": event.n_steps}
        case RaisedFacts():
            return {"n_steps": event.n_steps, "bytes_per_token": event.bytes_per_token}
        case StepDone():
            return {
                "step": event.step,
                "loss": event.loss,
                "tokens_per_s": event.tokens_per_s,
                "memory_bytes": event.memory_bytes,
                "time_left_s": event.time_left_s,
                "phase": "training",
                "phase_fraction": -1.0,
                "words": "",
            }
        case Evaluated():
            is_best = event.is_best or not event.loss >= now.best_loss
            best = {"best_loss": event.loss, "best_step": event.step} if is_best else {}
            return {"validation_loss": event.loss, **best}
        case CheckpointSaved():
            return {"checkpoint": event.folder}
        case Warned() if event.message not in now.warnings:
            return {"warnings": (*now.warnings, event.message)}
    return {}


def _but_steps(lines: list[bytes]) -> list[AnyRunEvent]:
    """All events in order, of each run of steps only the last."""
    found: list[AnyRunEvent] = []
    for index, line in enumerate(lines):
        is_step = line.startswith(_STEP)
        if is_step and index + 1 < len(lines) and lines[index + 1].startswith(_STEP):
            continue
        try:
            found.append(events.read_event(line))
        except msgspec.MsgspecError:
            continue  # a disk that was full cut it
    return found


_known: dict[Path, RunState] = {}


def summary(folder: RunFolder | Path) -> RunSummary:
    """How a run stands now; what was read of it before is not read again. Not for two threads at
    once."""
    run = folder if isinstance(folder, RunFolder) else RunFolder(folder)
    if run.path not in _known:
        _known[run.path] = RunState(run)
    return _known[run.path].read()
