"""A few real steps of a pretraining's plan: how quick this machine is with it."""

from __future__ import annotations

import time

import torch

from finetune.model.gpt import GPT, GPTConfig
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import RaisingPlan
from finetune.pretraining.feed import Feed
from finetune.pretraining.optimizers import make_optimizers
from finetune.pretraining.shards import Shards
from finetune.pretraining.team import Team

_MEASURED_S, _FEWEST, _MOST = 1.5, 3, 50


def measured_steps(config: PretrainConfig, plan: RaisingPlan, train: Shards, team: Team) -> int:
    """How many steps fit the minutes that the configuration gives, evaluations included."""
    per_step, _ = step_seconds(plan, Feed(train, plan, config.train.seed, team.rank), team)
    # Each evaluation reads a fifth of what was learned since the one before, without a way back.
    share = 1.0 + 0.2 / 3.0
    return max(1, int(60.0 * config.train.minutes / (per_step * share)))


def step_seconds(plan: RaisingPlan, feed: Feed, team: Team) -> tuple[float, int]:
    """Seconds of a step, and how many were timed; the model is thrown away."""
    model = GPT(GPTConfig(**plan.gpt_fields())).to(team.device)
    optimizers, taught = make_optimizers(model, plan), team.shared(model)
    began, n = 0.0, 0
    for step in range(1 + _MOST):
        for number, (ids, targets) in enumerate(feed.batches(step)):
            with team.computing(taught, number == plan.accumulate - 1):
                (taught(ids.to(team.device), targets.to(team.device)) / plan.accumulate).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizers.step()
        optimizers.zero_grad()
        if step == 0:  # warms up, and is not timed
            began = time.monotonic()
            continue
        n += 1
        is_long = n >= _FEWEST and time.monotonic() - began > _MEASURED_S
        if team.from_first(is_long):
            break
    return (time.monotonic() - began) / n, n
