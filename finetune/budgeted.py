"""A time budget without the window: the plan that the How page's card of that name would make for a
RUN.toml, measured on this machine, with its reasons in English.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from engine.errors import AppError
from finetune.config import RunConfig, changed
from finetune.data.prepare import prepare
from finetune.plan import BudgetName, Rows, plan_for
from finetune.plan_words import in_english
from finetune.serve.base import describe_base
from finetune.torch_import import import_torch

_UNCUT = 1 << 20


def with_budget(config: RunConfig, name: BudgetName, say: Callable[[str], object]) -> RunConfig:
    """The configuration with a budget's choices in it; takes seconds, for a few real steps.

    Args:
        config: base, data, adapter and names are its own.
        say: gets each reason as a sentence.

    Raises:
        AppError: rows or base cannot be read, or the run could not be done either.
    """
    base = describe_base(config.base.path)
    if base.reason:
        raise AppError(base.reason, "Choose another base.")
    if Path(base.path).is_dir():
        raise AppError(
            "A time budget is measured with a GGUF, and the base is a folder still.",
            "Run it once without --budget, which makes it a GGUF; then name that file.",
        )
    rows = _rows(config)
    import_torch()
    from finetune.calibrate import calibrate

    guess = plan_for(name, config, rows, base)
    measured = calibrate(guess.config, lambda done, what: True)
    plan = plan_for(name, config, rows, base, measured)
    for reason in plan.reasons:
        say(in_english(reason))
    return plan.config


def _rows(config: RunConfig) -> Rows:
    """Counted as this base's tokens, none cut."""
    with tempfile.TemporaryDirectory(prefix="bathysphere-") as folder:
        steps = prepare(changed(config, train__max_length=_UNCUT), Path(folder))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                train_set, _ = end.value
                return Rows(train_set.n_rows, train_set.n_tokens, int(train_set.lengths().max()))
