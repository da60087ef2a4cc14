"""The three budgets as the How page offers them: the plan that each would be for this base, these
rows and this machine.
"""

from __future__ import annotations

from engine.process.tune_messages import Calibration
from finetune.config import RunConfig
from finetune.plan import BUDGETS, BudgetName, Plan, Rows, plan_for
from gui.staged.plan_cards import Budget
from gui.tune.state import TuneState
from gui.tune.words import tr


def budgets() -> list[Budget]:
    """The cards, without their numbers."""
    return [
        Budget(
            "quick",
            tr("Quick"),
            tr("about 1 minute"),
            tr("Enough for a name and a manner. It keeps the rest as it was."),
        ),
        Budget(
            "balanced",
            tr("Balanced"),
            tr("about 10 minutes"),
            tr("Enough for a few hundred rows; ends early when it gets no better."),
        ),
        Budget(
            "thorough",
            tr("Thorough"),
            tr("overnight"),
            tr("For many rows: several times through, watched by validation."),
        ),
    ]


def key_of(config: RunConfig) -> BudgetName | None:
    """The budget that a plan has, None for one of a person's own."""
    minutes = config.train.minutes
    return next((key for key, one in BUDGETS.items() if one.minutes == minutes), None)


def plan_name(state: TuneState) -> str:
    """The chosen budget's name for the list of steps, "" for none."""
    key = key_of(state.draft)
    return next((one.title for one in budgets() if one.key == key), "")


def has_length(config: RunConfig) -> bool:
    """Whether a plan says how long it is."""
    return (config.train.steps > 0) != (config.train.epochs > 0)


def offer_for(key: BudgetName, state: TuneState, measured: Calibration | None) -> Plan:
    """A budget's plan for the draft.

    Args:
        measured: of this plan, or of another of the same base; None: what a step takes is guessed.
    """
    return plan_for(key, state.draft, rows_of(state), state.base, measured)


def rows_of(state: TuneState) -> Rows:
    """What is known of the draft's rows."""
    if state.checked is not None:
        stats = state.checked.stats
        lengths = memoryview(stats.lengths.data).cast("i") if stats.lengths.data else ()
        n_rows = stats.n_rows - stats.n_validation
        n_tokens = round(stats.n_tokens * n_rows / max(1, stats.n_rows))
        return Rows(n_rows, n_tokens, max(lengths, default=0))
    return Rows(max(0, state.dataset.n_rows) if state.dataset is not None else 0)
