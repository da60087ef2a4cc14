"""The plan of a run, kept in its folder: what was decided at the first attempt stays."""

from __future__ import annotations

import dataclasses
import json

import psutil

from engine.errors import AppError
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import RaisingPlan, with_steps
from finetune.pretraining.shards import Shards
from finetune.pretraining.speed import measured_steps
from finetune.pretraining.team import Team
from finetune.run.folder import RunFolder, write_whole

PLAN_FILE = "plan.json"
_MOST_OF_FREE = 1.2  # the plan's figure is an estimate


def require_memory(plan: RaisingPlan, device: str) -> None:
    """Before anything is computed: an operating system that runs short ends the process without a
    word.

    Raises:
        AppError: the plan needs far more than is free.
    """
    free = int(psutil.virtual_memory().available)
    if device != "cpu" or plan.memory_bytes <= _MOST_OF_FREE * free:
        return
    raise AppError(
        f"This model needs about {plan.memory_bytes / 1e9:,.1f} GB to be raised, and "
        f"{free / 1e9:,.1f} GB are free.",
        "Choose a smaller depth, batch or context, or close other programs.",
    )


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
            n_steps, speed = team.from_first(measured_steps(config, found, train, team))
            found = with_steps(dataclasses.replace(found, tokens_per_s=speed), config, n_steps)
        if team.is_first:
            folder.path.mkdir(parents=True, exist_ok=True)
            words = json.dumps(dataclasses.asdict(found), indent=1)
            write_whole(folder.path / PLAN_FILE, words.encode())
    result: RaisingPlan = found
    return result
