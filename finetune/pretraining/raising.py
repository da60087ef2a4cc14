"""What the loop of pretraining needs around its steps: its plan kept, events, evaluations,
checkpoints, its clock. pretrain.py is the loop."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from engine.errors import AppError
from finetune import checkpoint
from finetune.checkpoint import Trained, TrainState
from finetune.loop import Control, Order, Outcome, memory_bytes
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import RaisingPlan, with_steps
from finetune.pretraining.feed import Feed, Shards, validation_batches
from finetune.pretraining.hooks import Hooks
from finetune.pretraining.team import Team
from finetune.run.events import (
    CheckpointSaved,
    Ending,
    PhaseChanged,
    PretrainEvaluated,
    PretrainStep,
    RaisedFacts,
)
from finetune.run.folder import RunFolder, write_whole

PLAN_FILE = "plan.json"
# An evaluation reads so much of what was learned since the one before; a third of the work each.
_EVALUATED_SHARE, _LEAST_EVALUATED, _MOST_EVALUATED = 0.2, 4096, 1 << 20


def kept_plan(folder: RunFolder) -> RaisingPlan | None:
    """The plan of a run that has begun; None where it has not.

    Raises:
        AppError: plan.json is there and cannot be read.
    """
    try:
        raw = json.loads((folder.path / PLAN_FILE).read_text(encoding="utf-8"))
        return RaisingPlan(**raw)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise AppError(
            "What the run noted of its plan cannot be read.",
            "Begin another run with the same settings.",
            str(error),
        ) from error


def fixed_plan(
    config: PretrainConfig,
    plan: RaisingPlan,
    train: Shards,
    held_out: Shards,
    folder: RunFolder,
    team: Team,
) -> RaisingPlan:
    """The run's plan for good: the kept one; else this one, whose steps follow from a measurement
    where a time was given."""
    found = team.from_first(kept_plan(folder) if team.is_first else None)
    if found is None:
        found = dataclasses.replace(plan, world=team.world)
        if config.train.minutes:
            from finetune.pretraining.calibrate import measured_steps

            n_steps = team.from_first(measured_steps(config, found, train, held_out, team))
            found = with_steps(found, config, n_steps)
        if team.is_first:
            folder.path.mkdir(parents=True, exist_ok=True)
            words = json.dumps(dataclasses.asdict(found), indent=1)
            write_whole(folder.path / PLAN_FILE, words.encode())
    result: RaisingPlan = found
    return result


def evaluated_tokens(plan: RaisingPlan) -> int:
    """How much of the held-out text each evaluation reads at most."""
    wanted = int(_EVALUATED_SHARE * plan.eval_every * plan.tokens_per_step)
    return min(_MOST_EVALUATED, max(_LEAST_EVALUATED, wanted))


class Raising:
    """What the loop's parts share. clock: when the step before ended."""

    def __init__(
        self,
        config: PretrainConfig,
        plan: RaisingPlan,
        team: Team,
        trained: Trained,
        state: TrainState,
        feed: Feed,
        held_out: Shards,
        folder: RunFolder,
        hooks: Hooks,
        attempt: int,
    ) -> None:
        self.config, self.plan, self.team, self.trained = config, plan, team, trained
        self.state, self.feed, self.folder = state, feed, folder
        self.hooks, self.attempt = hooks, attempt
        self.saved_step = state.step if state.n_tokens else -1
        self._held_out = validation_batches(held_out, plan, evaluated_tokens(plan))
        self._bytes_per_token = held_out.n_bytes / max(1, held_out.n_tokens)
        self._n_held_out, self._n_train = held_out.n_tokens, feed.n_tokens
        self._clock = 0.0
        self._timed: list[float] = []
        self._losses: list[float] = []

    def seed_of(self, step: int) -> int:
        """Of torch's generator at a step: the same whether the steps before were run or not."""
        return (self.config.train.seed * 1_000_003 + step) * 64 + self.team.rank

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
        """The next step begins now."""
        self._clock = time.monotonic()

    def step_done(self, loss: float, rate: float, norm: float) -> Any:
        """The event of the step that was just done."""
        now = time.monotonic()
        seconds, self._clock = now - self._clock, now
        self.state.trained_s += seconds
        self._timed.append(seconds)
        self._losses.append(loss)
        per_step = sum(self._timed[-50:]) / len(self._timed[-50:])
        return self.event(
            PretrainStep,
            loss=loss,
            learning_rate=rate,
            grad_norm=norm,
            n_tokens=self.plan.tokens_per_step,
            tokens_per_s=self.plan.tokens_per_step / max(seconds, 1e-9),
            memory_bytes=memory_bytes(),
            epoch=self.feed.epochs(self.state.step),
            time_left_s=(self.plan.n_steps - self.state.step) * per_step,
            tokens=self.state.n_tokens,
            seconds=self.state.trained_s,
        )

    # ---- evaluations and checkpoints ----

    def evaluate(self) -> Iterator[Any]:
        """Loss on the held-out text now; every rank measures all of it. Samples too."""
        yield self.event(PhaseChanged, phase="evaluating")
        model = self.trained.model
        model.eval()
        if self._held_out:
            yield self._evaluated(held_out_loss(model, self._held_out, self.team))
        if self.team.is_first:
            with torch.no_grad():
                self.hooks.at_evaluation(self.state.step, model)
        model.train()

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
        self.saved_step = self.state.step
        is_best = not self._held_out or self.state.best_step == self.state.step
        return self.event(CheckpointSaved, folder=target.name, is_best=is_best)

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
