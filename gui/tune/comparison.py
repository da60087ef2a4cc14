"""Runs side by side: the settings in which they differ, and what came of each. Qt-free but for the
words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from finetune.config import RunConfig
from gui.run_record import RunRecord
from gui.staged.progress_words import count_text, duration_text, loss_text, rate_text, speed_text
from gui.tune.field_words import field_names
from gui.tune.forgetting_card import rise_text
from gui.tune.run_facts import top1_text
from gui.tune.words import tr

# What differs between any two runs and says nothing.
_ALWAYS_OTHER = ("out.dir", "out.name", "out.notes")
NONE = "–"


class Compared(Struct, frozen=True):
    """A row of the table: a name, a value for each run, whether it is a result."""

    name: str
    values: tuple[str, ...]
    is_result: bool = False


def compared(records: Sequence[RunRecord]) -> list[Compared]:
    """Settings that are not the same in all, then results."""
    return [*_settings([one.config for one in records]), *_results(records)]


def _settings(configs: Sequence[RunConfig | None]) -> list[Compared]:
    found = []
    for key, name in field_names().items():
        values = [_value(config, key) for config in configs]
        if key not in _ALWAYS_OTHER and any(one != values[0] for one in values):
            found.append(Compared(name, tuple(_text(key, one) for one in values)))
    return found


def _value(config: RunConfig | None, key: str) -> Any:
    table, _, field = key.partition(".")
    return None if config is None else getattr(getattr(config, table), field)


def _text(key: str, value: Any) -> str:
    if value is None:
        return NONE
    if key == "train.learning_rate":
        return rate_text(value)
    if key.endswith(".path"):
        return Path(value).stem
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value) or NONE


def _results(records: Sequence[RunRecord]) -> list[Compared]:
    lines = {
        tr("Steps"): _n_steps,
        tr("Lowest validation loss"): _best,
        tr("At step"): lambda one: f"{one.best_step:,}" if one.best_step >= 0 else NONE,
        tr("Speed"): _speed,
        tr("Trained for"): _time,
        tr("Trained weights"): _weights,
        tr("Parity, top-1"): lambda one: top1_text(one.parity[0].top1) if one.parity else NONE,
        tr("Bits per byte of other prose"): _forgotten,
    }
    return [
        Compared(name, tuple(of(one) for one in records), is_result=True)
        for name, of in lines.items()
    ]


def _n_steps(one: RunRecord) -> str:
    done = int(one.steps[-1]) if len(one.steps) else 0
    return tr("{step} of {n}").format(step=f"{done:,}", n=f"{one.n_steps:,}")


def _best(one: RunRecord) -> str:
    return loss_text(float(one.validation_losses.min()) if one.best_step >= 0 else math.nan)


def _speed(one: RunRecord) -> str:
    return speed_text(float(one.tokens_per_s.mean())) if len(one.steps) else NONE


def _time(one: RunRecord) -> str:
    return duration_text(float(one.times_s[-1] - one.times_s[0])) if len(one.steps) else NONE


def _weights(one: RunRecord) -> str:
    return count_text(one.facts.n_trained) if one.facts is not None else NONE


def _forgotten(one: RunRecord) -> str:
    told = one.result.forgetting if one.result is not None else None
    return rise_text(told.rise) if told is not None else NONE
