"""How many steps a run takes, and the learning rate at each: functions of settings alone, and of
the share of the time that is used where a run has a time budget."""

from __future__ import annotations

import math

from finetune.config import TrainTable
from finetune.run.events import StepDone
from finetune.run.folder import EventTail, RunFolder

EVALUATIONS = 10  # in a run whose settings leave it open
COOLDOWN = 0.2  # share of the time in which a run that ends with it comes down


def count_steps(train: TrainTable, n_packs: int, world: int = 1) -> int:
    """Changes of the weights in the whole run.

    Args:
        n_packs: lines of one epoch.
        world: processes that share each step.
    """
    if train.steps > 0:
        return train.steps
    per_epoch = math.ceil(n_packs / (train.batch * train.accumulate * world))
    return max(1, round(train.epochs * per_epoch))


def evaluation_cadence(train: TrainTable, n_steps: int) -> int:
    """Steps between evaluations."""
    return train.eval_every or max(1, math.ceil(n_steps / EVALUATIONS))


def share_done(step: int, n_steps: int, used_s: float = 0.0, left_s: float = math.inf) -> float:
    """How far a schedule is, 0..1, before the change that makes step into step + 1: as far as the
    steps are. Where time ends first, its last fifth goes through what is left of the schedule: a
    fall as short as that reaches what a whole one does (arXiv:2405.18392), and all of the time
    before it learns at the rate that was planned."""
    used = used_s / max(1e-9, used_s + left_s) if left_s > 0.0 else 1.0
    by_time = (used - (1.0 - COOLDOWN)) / COOLDOWN
    return min(1.0, max(step / n_steps, by_time))


def learning_rate(train: TrainTable, step: float, n_steps: int) -> float:
    """Of the change that makes step (from 0) into step + 1: rises from near 0 to the full rate
    over the warm-up, then stays, or falls to 0 along a line or a half cosine. step: not whole where
    time drives it (share_done times n_steps)."""
    n_warm = round(train.warmup * n_steps)
    if step < n_warm:
        return train.learning_rate * (step + 1) / (n_warm + 1)
    done = (step - n_warm) / max(1, n_steps - n_warm)
    share = {
        "constant": 1.0,
        "linear": 1.0 - done,
        "cosine": 0.5 * (1.0 + math.cos(math.pi * done)),
    }[train.schedule]
    return train.learning_rate * share


def shares_told(folder: RunFolder, after: int) -> dict[int, float]:
    """By step, how far the schedule was at steps behind a checkpoint, as earlier attempts told: a
    kill took them back, and they are done again with the same learning rates."""
    events = EventTail(folder).read()
    return {one.step: one.done for one in events if isinstance(one, StepDone) and one.step > after}
