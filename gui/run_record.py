"""A run as the room shows it: its figures step by step, its checkpoints, samples and words.

Built from events.jsonl as it grows, in slices that leave the window's thread its turns; what a
resume repeats is dropped. No Qt. numpy is imported when the first record is made.
"""

from __future__ import annotations

import math
import time
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.errors import AppError
from finetune.run.events import (
    AnyRunEvent,
    Began,
    CheckpointSaved,
    Ended,
    Evaluated,
    Facts,
    MergesTold,
    NextTokens,
    Paused,
    PhaseChanged,
    Planned,
    RaisedFacts,
    Resumed,
    RunFailed,
    Sample,
    StepDone,
    Warned,
    read_event,
    read_sample,
)
from finetune.run.folder import RunFolder, Tail

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.process.tune_messages import Parity
    from finetune.config import RunConfig
    from finetune.measure.results import RunResult
    from finetune.pretraining.config import PretrainConfig

    Figures = npt.NDArray[np.float64]

COLUMNS = (
    "step",
    "time_s",
    "loss",
    "learning_rate",
    "grad_norm",
    "tokens_per_s",
    "memory_bytes",
    "epoch",
)
SLICE_BYTES = 1 << 17
BREATH_S = 0.0005  # between slices: the window's thread takes its turn


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that can be chatted with. folder: its name within checkpoints/."""

    step: int
    folder: str
    is_best: bool = False


@dataclass(frozen=True)
class RunRecord:
    """All that a run told so far. Arrays have one entry for each step that was made, in order:
    shapes (n_done,), losses in nats per learned token, memory in bytes, time in seconds since the
    epoch. validation_steps and validation_losses: (n_evaluations,).

    is_read: False while its events are not read yet. plans: what was changed to fit, and why.
    samples: answers to the fixed prompts, in order of steps. config: of a fine-tuning, raising: of
    a pretraining; None where run.toml cannot be read. raised, next_tokens, merges (the newest of
    its tokenizer): of a pretraining.
    parity: measured last, of a checkpoint or of the product.
    """

    path: str
    is_read: bool
    steps: Figures
    times_s: Figures
    losses: Figures
    learning_rates: Figures
    grad_norms: Figures
    tokens_per_s: Figures
    memory_bytes: Figures
    epochs: Figures
    validation_steps: Figures
    validation_losses: Figures
    checkpoints: tuple[Checkpoint, ...] = ()
    samples: tuple[Sample, ...] = ()
    warnings: tuple[Warned, ...] = ()
    plans: tuple[Planned, ...] = ()
    facts: Facts | None = None
    raised: RaisedFacts | None = None
    next_tokens: tuple[NextTokens, ...] = ()
    merges: MergesTold | None = None
    phase: PhaseChanged | None = None
    pause: Paused | None = None
    failure: RunFailed | None = None
    end: Ended | None = None
    n_steps: int = 0
    n_attempts: int = 0
    config: RunConfig | None = None
    raising: PretrainConfig | None = None
    result: RunResult | None = None
    parity: tuple[Parity, ...] = ()

    @property
    def bits_per_byte(self) -> float:
        """What a nat per token is in bits per byte of a pretraining's text; nan while that is not
        known."""
        if self.raised is None or self.raised.bytes_per_token <= 0.0:
            return math.nan
        return 1.0 / (math.log(2) * self.raised.bytes_per_token)

    @property
    def best_step(self) -> int:
        """Where validation was lowest; -1 where it was never measured."""
        if not len(self.validation_losses):
            return -1
        return int(self.validation_steps[int(self.validation_losses.argmin())])

    @property
    def prompts(self) -> list[str]:
        """The fixed prompts that were answered, in the order of their asking."""
        return list(dict.fromkeys(one.prompt for one in self.samples))

    @property
    def sample_steps(self) -> list[int]:
        """Steps at which the fixed prompts were answered; 0 is the base."""
        return sorted({one.step for one in self.samples})

    def answer(self, step: int, prompt: str) -> str | None:
        """What was answered at a step; None where it was not asked then."""
        found = (one.answer for one in self.samples if (one.step, one.prompt) == (step, prompt))
        return next(found, None)


def empty_record(path: str) -> RunRecord:
    """Of a run that is not read yet. Made without numpy, which may be on its way in another
    thread: its empty columns have a length and nothing else."""
    nothing: Any = array("d")
    return RunRecord(path, False, *[nothing] * (len(COLUMNS) + 2))


class RecordBuilder:
    """Follows one run's events. Each belongs to one thread."""

    def __init__(self, path: str) -> None:
        folder = self._folder = RunFolder(Path(path))
        self._path = path
        self._events, self._samples = Tail(folder.events), Tail(folder.samples)
        self._columns = _columns()
        self._evaluated: dict[int, Evaluated] = {}
        self._saved: dict[int, CheckpointSaved] = {}
        self._answers: dict[tuple[int, str], Sample] = {}
        self._places: dict[int, NextTokens] = {}
        self._told: dict[str, object] = {}
        self._warned: dict[str, Warned] = {}
        self._plans: list[Planned] = []
        self._attempt = 0

    def read(self) -> bool:
        """Take what came since the last time. Returns whether there was anything."""
        return bool(self._read_events() + self._read_samples())

    def record(self) -> RunRecord:
        """As it stands; shares nothing with what comes later."""
        told = {
            **self._told,
            "checkpoints": tuple(
                Checkpoint(one.step, one.folder, one.is_best)
                for _, one in sorted(self._saved.items())
            ),
            "samples": tuple(sorted(self._answers.values(), key=lambda one: one.step)),
            "next_tokens": tuple(one for _, one in sorted(self._places.items())),
            "warnings": tuple(self._warned.values()),
            "plans": tuple(self._plans),
            "n_attempts": self._attempt,
            **self._files(),
        }
        evaluated = [one for _, one in sorted(self._evaluated.items())]
        return _record(self._path, self._columns, told, evaluated)

    def _read_events(self) -> int:
        n_lines = 0
        while lines := list(self._events.lines(SLICE_BYTES)):
            n_lines += len(lines)
            for line in lines:
                try:
                    self._take(read_event(line))
                except msgspec.MsgspecError:
                    continue  # a disk that was full cut it
            time.sleep(BREATH_S)
        return n_lines

    def _read_samples(self) -> int:
        lines = list(self._samples.lines())
        for line in lines:
            try:
                sample = read_sample(line)
            except msgspec.MsgspecError:
                continue
            self._answers[sample.step, sample.prompt] = sample
        return len(lines)

    def _files(self) -> dict[str, object]:
        """What stands in files of its own."""
        from finetune.measure.results import read_result

        result = read_result(self._folder)
        parity = tuple(result.parity) if result is not None else ()
        return {**self._config(), "result": result, "parity": parity or self._parity()}

    def _config(self) -> dict[str, object]:
        try:
            if self._folder.kind() == "pretrain":
                return {"raising": self._folder.pretrain_config()}
            return {"config": self._folder.config()}
        except AppError:
            return {}  # its summary still has a name

    def _parity(self) -> tuple[Parity, ...]:
        from engine.process.tune_messages import Parity

        try:
            return tuple(msgspec.json.decode(self._folder.parity.read_bytes(), type=list[Parity]))
        except (OSError, msgspec.MsgspecError):
            return ()

    # ---- events ----

    def _take(self, event: AnyRunEvent) -> None:
        if isinstance(event, StepDone):
            self._take_step(event)
        elif isinstance(event, Evaluated):
            self._evaluated[event.step] = event
        elif isinstance(event, CheckpointSaved):
            self._saved[event.step] = event
        elif isinstance(event, NextTokens):
            self._places[event.step] = event
        elif isinstance(event, Warned):
            self._warned[event.message] = event
        elif isinstance(event, Planned):
            self._plans.append(event)
        else:
            self._take_words(event)

    def _take_step(self, event: StepDone) -> None:
        steps = self._columns[0]
        if steps and event.step <= steps[-1]:
            self._drop_from(event.step, event.attempt)
        for column, name in zip(self._columns, COLUMNS, strict=True):
            column.append(getattr(event, name))
        if self._told.get("phase") is not None:
            self._told["phase"] = None

    def _drop_from(self, step: int, attempt: int) -> None:
        """A resume goes on here: what an attempt before told of later steps holds no more."""
        kept = bisect_left(self._columns[0], step)
        for column in self._columns:
            del column[kept:]
        for told in (self._evaluated, self._saved, self._answers, self._places):
            for key in [key for key, one in told.items() if _is_repeated(one, step, attempt)]:
                del told[key]  # type: ignore[arg-type]

    def _take_words(self, event: AnyRunEvent) -> None:
        told = self._told
        if isinstance(event, Began):
            self._attempt = event.attempt
            told |= {"phase": None, "pause": None, "failure": None, "end": None}
            told["n_steps"] = event.n_steps or told.get("n_steps", 0)
        elif isinstance(event, PhaseChanged):
            told["phase"] = event
        elif isinstance(event, Facts | RaisedFacts):
            key = "facts" if isinstance(event, Facts) else "raised"
            told |= {key: event, "n_steps": event.n_steps}
        elif isinstance(event, MergesTold):
            told["merges"] = event
        elif isinstance(event, Paused | Resumed):
            told["pause"] = event if isinstance(event, Paused) else None
        elif isinstance(event, Ended | RunFailed):
            key = "end" if isinstance(event, Ended) else "failure"
            told |= {"phase": None, "pause": None, key: event}


def _is_repeated(
    one: Evaluated | CheckpointSaved | Sample | NextTokens, step: int, attempt: int
) -> bool:
    return one.step >= step and one.attempt < attempt


def _columns() -> list[array[float]]:
    return [array("d") for _ in COLUMNS]


def _record(
    path: str,
    columns: list[array[float]],
    told: dict[str, object],
    evaluated: Sequence[Evaluated] = (),
) -> RunRecord:
    import numpy as np

    figures = [np.array(column, dtype=np.float64) for column in columns]
    steps = np.array([one.step for one in evaluated], dtype=np.float64)
    losses = np.array([one.loss for one in evaluated], dtype=np.float64)
    return RunRecord(path, True, *figures, steps, losses, **told)  # type: ignore[arg-type, call-arg]
