"""What a training loop needs around its steps: what it is told, events, evaluations, checkpoints,
its clock, and failures in words. sft.py is the loop."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import psutil
import torch

from engine.errors import AppError
from finetune import checkpoint, shards
from finetune.checkpoint import Trained, TrainState
from finetune.config import TrainTable
from finetune.data.pack import Batch
from finetune.run.events import CheckpointSaved, Ending, Evaluated, PhaseChanged, StepDone
from finetune.schedule import learning_rate, share_done

Order = Literal["go", "stop", "evaluate"]


class Control(Protocol):
    """What a run is told from outside."""

    def before_batch(self) -> Order:
        """Asked before every micro-batch; waits while the run is paused."""
        ...


class Go:
    """Nobody tells anything."""

    def before_batch(self) -> Order:
        return "go"


@dataclass(frozen=True)
class Hooks:
    """attempt: of the run's events. resume: a checkpoint to go on from. also_write: adds to an
    unfinished checkpoint's folder (adapter.gguf), given what is trained. seconds_left: until the
    time budget ends, asked at each step; None: by train.minutes from the first step on. done: by
    step, StepDone.done of those that an earlier attempt did after the checkpoint."""

    attempt: int = 1
    resume: Path | None = None
    also_write: Callable[[Path, Trained], None] | None = None
    seconds_left: Callable[[], float] | None = None
    done: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a run's training ended. checkpoint: of its last step, best: with the lowest validation
    loss (the last where none was measured); None where no step was done. trained: what was taught,
    as it is after the last step."""

    how: Ending
    step: int
    n_steps: int
    best_step: int
    best_loss: float
    checkpoint: Path | None
    best: Path | None
    trained: Trained


@dataclass
class Loop:
    """What the loop's parts share. clock: when the step before ended."""

    hooks: Hooks
    checkpoints: Path
    accelerator: Any
    trained: Trained
    taught: Any
    state: TrainState
    held_out: list[Batch]
    clock: float = 0.0
    saved_step: int = 0
    n_tokens_timed: int = 0
    seconds_timed: float = 0.0
    n_steps_timed: int = 0

    def event(self, kind: Any, **fields: Any) -> Any:
        return kind(self.hooks.attempt, self.state.step, time.time(), **fields)

    def told(self, control: Control) -> Order:
        """What rank 0 is told goes for all. Time that it stands still does not count."""
        began = time.monotonic()
        order = control.before_batch()
        self.clock += time.monotonic() - began
        said: Order = self._from_rank_0(order)
        return said

    def summed(self, loss: float, n_tokens: int) -> tuple[float, int]:
        """Over all ranks."""
        if self.accelerator.num_processes == 1:
            return loss, n_tokens
        kind = torch.float32 if self.accelerator.device.type == "mps" else torch.float64
        both = torch.tensor([loss, n_tokens], dtype=kind, device=self.accelerator.device)
        total = self.accelerator.reduce(both, "sum")
        return float(total[0]), int(total[1])

    def begin_clock(self) -> None:
        """The next step begins now."""
        self.clock = time.monotonic()

    def step_done(
        self, loss: float, rate: float, norm: float, n_tokens: int, n_steps: int, epoch: float
    ) -> Any:
        """The event of the step that was just done."""
        now = time.monotonic()
        seconds, self.clock = now - self.clock, now
        self.state.trained_s += seconds
        self.seconds_timed += seconds
        self.n_steps_timed += 1
        left = (n_steps - self.state.step) * self.seconds_timed / self.n_steps_timed
        return self.event(
            StepDone,
            loss=loss,
            learning_rate=rate,
            grad_norm=norm,
            n_tokens=n_tokens,
            tokens_per_s=n_tokens / max(seconds, 1e-9),
            memory_bytes=memory_bytes(),
            epoch=epoch,
            time_left_s=left,
            done=self.state.done,
        )

    def learning_rate(self, options: TrainTable, n_steps: int) -> float:
        """Of the next step. Without a time budget a function of the step alone; with one, steps
        that an earlier attempt did after the checkpoint get the rates that they had there, later
        ones those of their own time, and none goes back up the schedule."""
        state = self.state
        if options.minutes <= 0:
            return learning_rate(options, state.step, n_steps)
        done = self.hooks.done.get(state.step + 1)
        if done is None:
            left_s = self._seconds_left(options)
            done = max(state.done, share_done(state.step, n_steps, state.trained_s, left_s))
        state.done = float(self._from_rank_0(done))
        return learning_rate(options, state.done * n_steps, n_steps)

    def _seconds_left(self, options: TrainTable) -> float:
        if self.hooks.seconds_left is not None:
            return self.hooks.seconds_left()
        return options.minutes * 60.0 - self.state.trained_s

    def evaluate(self) -> Iterator[Any]:
        """Validation loss now, where anything was kept aside; every rank measures all of it."""
        if not self.held_out:
            return
        yield self.event(PhaseChanged, phase="evaluating")
        loss, n_tokens = validation_loss(self.taught, self.held_out, self.accelerator.device)
        loss = self._from_rank_0(loss)  # what ends a run early ends it for all
        check_validation(loss, self.state.step)
        is_best = loss < self.state.best_loss
        self.state.n_worse = 0 if is_best else self.state.n_worse + 1
        if is_best:
            self.state.best_step, self.state.best_loss = self.state.step, loss
        self.state.losses[str(self.state.step)] = loss
        yield self.event(Evaluated, loss=loss, n_tokens=n_tokens, is_best=is_best)

    def save(self) -> Any:
        """A checkpoint of this step; older ones let go of what only a resume needs."""
        also, trained = self.hooks.also_write, shards.gathered(self.trained)
        target = self.checkpoints / f"step-{self.state.step}"
        if self.accelerator.is_main_process:
            checkpoint.save_checkpoint(
                self.checkpoints,
                trained,
                self.state,
                torch.get_rng_state(),
                None if also is None else lambda path: also(path, trained),
            )
            checkpoint.let_go(self.checkpoints, {target, self._best_folder()})
        self.accelerator.wait_for_everyone()
        self.saved_step = self.state.step
        is_best = not self.held_out or self.state.best_step == self.state.step
        return self.event(CheckpointSaved, folder=target.name, is_best=is_best)

    def _best_folder(self) -> Path:
        return self.checkpoints / f"step-{self.state.best_step}"

    def ending(self, options: TrainTable) -> Ending | None:
        """Whether it is to end before all steps are done."""
        if 0 < options.patience <= self.state.n_worse:
            return "early"
        if options.minutes <= 0 and self.hooks.seconds_left is None:
            return None
        # The budget would end before another step as long as these.
        is_over = self._seconds_left(options) < self.seconds_timed / max(1, self.n_steps_timed)
        return "time" if self._from_rank_0(is_over) else None

    def _from_rank_0(self, value: Any) -> Any:
        if self.accelerator.num_processes == 1:
            return value
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([value])[0]

    def outcome(self, how: Ending, n_steps: int) -> Outcome:
        last = self.checkpoints / f"step-{self.state.step}"
        # The base itself may have been better than all that came of it: then the last is shown.
        best = self._best_folder() if self.state.best_step > 0 else last
        return Outcome(
            how=how,
            step=self.state.step,
            n_steps=n_steps,
            best_step=max(self.state.best_step, 0) if self.held_out else self.state.step,
            best_loss=self.state.best_loss,
            checkpoint=last if self.state.step > 0 else None,
            best=best if self.state.step > 0 else None,
            trained=self.trained,
        )


def validation_loss(
    taught: Any, batches: list[Batch], device: torch.device | str
) -> tuple[float, int]:
    """Mean loss of all labels, and how many tokens were read."""
    taught = getattr(taught, "module", taught)  # within what exchanges gradients
    taught.eval()
    total, n_labels, n_tokens = 0.0, 0, 0
    for batch in batches:
        with MemoryGuard():
            losses = taught.losses(batch.to(device))
        total += float(losses.double().sum())
        n_labels, n_tokens = n_labels + len(losses), n_tokens + batch.n_tokens
    return total / max(1, n_labels), n_tokens


def sync_at(accelerator: Any, taught: Any, is_last: bool) -> Any:
    """Ranks exchange gradients with the last micro-batch of a step only."""
    if is_last or accelerator.num_processes == 1:
        return contextlib.nullcontext()
    return accelerator.no_sync(taught)


def memory_bytes() -> int:
    """What the run holds: on the graphics card where it computes there, else in memory."""
    if torch.cuda.is_available():
        return int(torch.cuda.memory_reserved())
    return int(psutil.Process().memory_info().rss)


class MemoryGuard:
    """Says in a sentence that memory was too small."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        is_full = isinstance(error, MemoryError | torch.OutOfMemoryError) or (
            isinstance(error, RuntimeError)
            and ("not enough memory" in str(error) or "can't allocate memory" in str(error))
        )
        if is_full:
            raise AppError(
                "There is too little memory for this batch; the last checkpoint is whole.",
                "Choose a smaller batch with more accumulation, shorter rows, or checkpointing.",
                str(error)[:2000],
            ) from error


def check_numbers(loss: float, norm: float, step: int) -> None:
    if math.isfinite(loss) and math.isfinite(norm):
        return
    raise AppError(
        "The loss is not a number any more: the steps were too large.",
        "Choose a lower learning rate, a third of this; the last checkpoint is whole.",
        f"loss {loss}, gradient norm {norm} at step {step + 1}",
    )


def check_validation(loss: float, step: int) -> None:
    """Before the loss of the rows kept aside is told to anyone."""
    if math.isfinite(loss):
        return
    detail = f"validation loss {loss} at step {step}"
    if step == 0:
        raise AppError(
            "The base’s loss on the validation rows is not a number, before anything was learned.",
            "Chat with the base to see whether its file is sound; where it is, choose precision "
            "fp32.",
            detail,
        )
    raise AppError(
        "The validation loss is not a number any more: the steps were too large.",
        "Choose a lower learning rate, a third of this; the last checkpoint is whole.",
        detail,
    )
