"""What the loop of pretraining needs around its steps: how far it is, events,
evaluations, checkpoints, its clock. pretrain.py is the loop."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from finetune import checkpoint
from finetune.checkpoint import Trained, TrainState
from finetune.loop import Control, Order, Outcome, check_validation, memory_bytes
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import EVALUATED_SHARE, EVALUATIONS, RaisingPlan
from finetune.pretraining.feed import Feed, validation_batches
from finetune.pretraining.hooks import Hooks
from finetune.pretraining.shards import Shards
from finetune.pretraining.team import Team
from finetune.run.events import (
    CheckpointSaved,
    Ending,
    PhaseChanged,
    PretrainEvaluated,
    PretrainStep,
    RaisedFacts,
)
from finetune.run.folder import EventTail, RunFolder

# Tokens of an evaluation.
_LEAST_EVALUATED, _MOST_EVALUATED = 4096, 1 << 20
# With a time budget steps take so many times as long as the evaluation before them.
_STEPS_BETWEEN = 8.0


def evaluated_tokens(plan: RaisingPlan) -> int:
    """How much of the held-out text each evaluation reads at most."""
    wanted = int(EVALUATED_SHARE * plan.eval_every * plan.tokens_per_step)
    return min(_MOST_EVALUATED, max(_LEAST_EVALUATED, wanted))


def _done_after(folder: RunFolder, step: int) -> dict[int, float]:
    """PretrainStep.done of the steps that an earlier attempt did after the checkpoint, by step."""
    events = EventTail(folder).read()
    return {
        one.step: one.done for one in events if isinstance(one, PretrainStep) and one.step > step
    }


class Raising:
    """What the loop's parts share.

    Args:
        n_measured: the held-out text's first tokens, of which evaluations are made.
    """

    def __init__(
        self,
        config: PretrainConfig,
        plan: RaisingPlan,
        team: Team,
        trained: Trained,
        state: TrainState,
        feed: Feed,
        held_out: Shards,
        n_measured: int,
        folder: RunFolder,
        hooks: Hooks,
        attempt: int,
    ) -> None:
        self.config, self.plan, self.team, self.trained = config, plan, team, trained
        self.state, self.feed, self.folder = state, feed, folder
        self.hooks, self.attempt = hooks, attempt
        self.saved_step = -1
        self._looked = int(state.done * EVALUATIONS)
        self._looked_s, self._look_s = state.trained_s, 0.0
        self._held_out = validation_batches(held_out, plan, evaluated_tokens(plan), n_measured)
        self._bytes_per_token = held_out.n_bytes / max(1, held_out.n_tokens)
        self._n_held_out, self._n_train = held_out.n_tokens, feed.n_tokens
        self._done_before = _done_after(folder, state.step) if config.train.minutes else {}
        self._clock = 0.0
        self._timed: deque[float] = deque(maxlen=50)
        self._losses: list[float] = []

    def seed_of(self, step: int) -> int:
        """Of torch's generator at a step: the same whether the steps before were run or not."""
        return (self.config.train.seed * 1_000_003 + step) * 64 + self.team.rank

    def resumed(self) -> Iterator[Any]:
        """It goes on from a checkpoint; tells of it where a kill kept that from being told."""
        self.saved_step = self.state.step
        name = f"step-{self.state.step}"
        told = (one for one in EventTail(self.folder).read() if isinstance(one, CheckpointSaved))
        if not any(one.folder == name for one in told):
            yield self._saved(name)

    # ---- how far it is ----

    def share_done(self) -> float:
        """How far the schedule is, 0..1, before the next step: by steps; by time where a time was
        given, and then as it was where an earlier attempt did that step."""
        state, minutes = self.state, self.config.train.minutes
        if not minutes:
            state.done = state.step / self.plan.n_steps
            return state.done
        done = self._done_before.get(state.step + 1)
        if done is None:
            done = min(1.0, max(state.done, self._used_s() / (60.0 * minutes)))
        state.done = float(self.team.from_first(done))
        return state.done

    def is_over(self) -> bool:
        """Whether there is no further step: they are all done, or the time does not hold another
        one as long as these."""
        if not self.config.train.minutes:
            return self.state.step >= self.plan.n_steps
        left_s = 60.0 * self.config.train.minutes - self._used_s()
        is_known = self.state.step + 1 in self._done_before
        is_over = self.state.step > 0 and not is_known and left_s < self._step_s()
        return bool(self.team.from_first(is_over))

    def is_time_to_look(self, done: float) -> bool:
        """Whether an evaluation is due after a step that began where `done` was over."""
        if not self.config.train.minutes or self.config.train.eval_every:
            return self.state.step % self.plan.eval_every == 0
        before, self._looked = self._looked, int(done * EVALUATIONS)
        # Samples of a tiny model take longer than many of its steps: looking is a small part.
        is_rare = self.state.trained_s - self._looked_s >= _STEPS_BETWEEN * self._look_s
        return self._looked > before and is_rare

    def _used_s(self) -> float:
        """Of the time that was given: steps, evaluations and checkpoints; pauses are none."""
        return self.state.trained_s

    def _step_s(self) -> float:
        return sum(self._timed) / len(self._timed) if self._timed else 0.0

    # ---- events ----

    def event(self, kind: Any, **fields: Any) -> Any:
        return kind(self.attempt, self.state.step, time.time(), **fields)

    def facts(self) -> Any:
        plan = self.plan
        return self.event(
            RaisedFacts,
            n_steps=plan.n_steps,
            n_train_tokens=self._n_train,
            n_validation_tokens=self._n_held_out,
            bytes_per_token=self._bytes_per_token,
            n_weights=plan.n_parameters,
            n_vocab=plan.n_vocab,
            tokens_per_step=plan.tokens_per_step,
            n_planned_tokens=plan.n_tokens,
            flops=plan.flops,
            precision=self.team.precision,
            device=self.team.device.type,
            planned_tokens_per_s=plan.tokens_per_s,
            planned_bytes=plan.memory_bytes,
        )

    def told(self, control: Control) -> Order:
        """What rank 0 is told goes for all. Time that it stands still does not count."""
        began = time.monotonic()
        order = control.before_batch() if self.team.is_first else "go"
        self._clock += time.monotonic() - began
        said: Order = self.team.from_first(order)
        return said

    def begin_clock(self) -> None:
        """What is done from now on takes its time."""
        self._clock = time.monotonic()

    def _end_clock(self) -> float:
        """Seconds since it began, which are used up now."""
        now = time.monotonic()
        seconds, self._clock = now - self._clock, now
        self.state.trained_s += seconds
        return seconds

    def step_done(self, loss: float, rate: float, norm: float) -> Any:
        """The event of the step that was just done."""
        seconds = self._end_clock()
        self._timed.append(seconds)
        self._losses.append(loss)
        return self.event(
            PretrainStep,
            loss=loss,
            learning_rate=rate,
            grad_norm=norm,
            n_tokens=self.plan.tokens_per_step,
            tokens_per_s=self.plan.tokens_per_step / max(seconds, 1e-9),
            memory_bytes=memory_bytes(),
            epoch=self.feed.epochs(self.state.step),
            time_left_s=self._left_s(),
            done=self.state.done,
            tokens=self.state.n_tokens,
            seconds=self.state.trained_s,
        )

    def _left_s(self) -> float:
        minutes = self.config.train.minutes
        if minutes:
            return max(0.0, 60.0 * minutes - self._used_s())
        return (self.plan.n_steps - self.state.step) * self._step_s()

    # ---- evaluations and checkpoints ----

    def evaluate(self) -> Iterator[Any]:
        """Loss on the held-out text now; every rank measures all of it. Samples too."""
        yield self.event(PhaseChanged, phase="evaluating")
        self.begin_clock()
        model = self.trained.model
        model.eval()
        if self._held_out:
            check_validation(
                loss := held_out_loss(model, self._held_out, self.team), self.state.step
            )
            yield self._evaluated(loss)
        if self.team.is_first:
            with torch.no_grad():
                self.hooks.at_evaluation(self.state.step, model)
        model.train()
        self._look_s = self._end_clock()
        self._looked_s = self.state.trained_s

    def _evaluated(self, loss: float) -> Any:
        state, losses = self.state, self._losses
        is_best = loss < state.best_loss
        state.n_worse = 0 if is_best else state.n_worse + 1
        if is_best:
            state.best_step, state.best_loss = state.step, loss
        state.losses[str(state.step)] = loss
        self._losses = []
        return self.event(
            PretrainEvaluated,
            loss=loss,
            n_tokens=sum(one[0].numel() for one in self._held_out),
            is_best=is_best,
            tokens=state.n_tokens,
            seconds=state.trained_s,
            train_loss=sum(losses) / len(losses) if losses else loss,
            val_bpb=loss / (math.log(2) * max(self._bytes_per_token, 1e-9)),
        )

    def save(self) -> Any:
        """A checkpoint of this step; older ones let go of what only a resume needs."""
        self.begin_clock()
        target = self.folder.checkpoints / f"step-{self.state.step}"
        if self.team.is_first:
            checkpoint.save_checkpoint(
                self.folder.checkpoints,
                self.trained,
                self.state,
                torch.get_rng_state(),
                lambda path: self.hooks.also_write(path, self.trained.model),
            )
            checkpoint.let_go(self.folder.checkpoints, {target, self._best_folder()})
        self.team.wait()
        self._end_clock()
        self.saved_step = self.state.step
        return self._saved(target.name)

    def _saved(self, name: str) -> Any:
        is_best = not self._held_out or self.state.best_step == self.state.step
        return self.event(CheckpointSaved, folder=name, is_best=is_best)

    def _best_folder(self) -> Path:
        return self.folder.checkpoints / f"step-{self.state.best_step}"

    def outcome(self, how: Ending) -> Outcome:
        """After the last step."""
        last = self.folder.checkpoints / f"step-{self.state.step}"
        best = self._best_folder() if self.state.best_step >= 0 else last
        return Outcome(
            how=how,
            step=self.state.step,
            n_steps=self.plan.n_steps,
            best_step=checkpoint.step_of(best),
            best_loss=self.state.best_loss,
            checkpoint=last,
            best=best,
            trained=self.trained,
        )


@torch.no_grad()
def held_out_loss(
    model: Any, batches: list[tuple[torch.Tensor, torch.Tensor]], team: Team
) -> float:
    """Mean nats per token."""
    total, n = 0.0, 0
    for ids, targets in batches:
        with team.numbers():
            loss = model.loss(ids.to(team.device), targets.to(team.device))
        total, n = total + float(loss) * targets.numel(), n + targets.numel()
    return total / n
