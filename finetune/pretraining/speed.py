"""How quick this machine is with a pretraining's plan: a few real steps, whose model is thrown
away."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from finetune.model.gpt import GPT, GPTConfig
from finetune.model.start import start
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import EVALUATED_SHARE, RaisingPlan
from finetune.pretraining.feed import Feed
from finetune.pretraining.optimizers import make_optimizers
from finetune.pretraining.shards import Shards
from finetune.pretraining.team import Team

_MEASURED_S, _FEWEST, MOST = 1.5, 3, 50


def measured_steps(
    config: PretrainConfig, plan: RaisingPlan, train: Shards, team: Team
) -> tuple[int, float]:
    """How many steps fit the minutes that the configuration gives, evaluations included; and
    tokens/s."""
    per_step = step_seconds(plan, Feed(train, plan, config.train.seed, team.rank), team)
    # Evaluations read a share of what was learned, without the way back, a third of the work.
    with_looks = per_step * (1.0 + EVALUATED_SHARE / 3.0)
    n_steps = max(1, int(60.0 * config.train.minutes / with_looks))
    return n_steps, plan.tokens_per_step / per_step


def step_seconds(
    plan: RaisingPlan, feed: Feed, team: Team, tell: Callable[[int], None] = lambda n: None
) -> float:
    """Seconds of a step; the model is thrown away. tell: hears the number of each step."""
    model = GPT(GPTConfig(**plan.gpt_fields()))
    start(model)
    model.to(team.device)
    optimizers, taught = make_optimizers(model, plan, team.dtype), team.shared(model)
    began, n = 0.0, 0
    for step in range(1 + MOST):
        tell(step)
        batches = feed.batches(step)
        for number, (ids, targets) in enumerate(batches):
            with team.computing(taught, is_last=number == len(batches) - 1):
                loss = taught(ids.to(team.device), targets.to(team.device))
                (loss / len(batches)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizers.step()
        optimizers.zero_grad()
        if step == 0:  # warms up, and is not timed
            began = time.monotonic()
            continue
        n += 1
        is_enough = n >= _FEWEST and time.monotonic() - began > _MEASURED_S
        if team.from_first(is_enough):
            break
    return (time.monotonic() - began) / n
