"""What the charts of a run stand over: its steps, or the tokens that it has learned from. No
widgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from gui.run_record import RunRecord
from gui.staged.progress_words import count_text
from gui.staged.words import tr

if TYPE_CHECKING:
    from gui.widgets.chart_math import Figures


def _one(_record: RunRecord) -> float:
    return 1.0


class RunAxis(Struct, frozen=True):
    """per_step: how much of it a step is; words: a place in words, None for the chart's own; tick:
    the same in short; snaps: arrow keys go from step to step."""

    per_step: Callable[[RunRecord], float] = _one
    words: Callable[[float], str] | None = None
    tick: Callable[[float], str] | None = None
    snaps: bool = False

    def of(self, record: RunRecord, steps: Figures) -> Figures:
        """Where steps stand on it; shape (n,)."""
        scale = self.per_step(record)
        return steps if scale == 1.0 else steps * scale

    def end(self, record: RunRecord) -> float:
        """Where the run is planned to end."""
        return record.n_steps * self.per_step(record)


def steps_axis() -> RunAxis:
    """One step after the other."""
    return RunAxis()


def tokens_axis() -> RunAxis:
    """The tokens of a pretraining, so that runs of other batches can be compared."""
    return RunAxis(_tokens_per_step, _tokens_words, count_text, snaps=True)


def _tokens_per_step(record: RunRecord) -> float:
    return float(record.raised.tokens_per_step) if record.raised is not None else 1.0


def _tokens_words(n: float) -> str:
    return tr("{n} tokens").format(n=count_text(n))
