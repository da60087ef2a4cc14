"""Lengths of rows as bars of a histogram. Numbers and words; draws nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gui.tune.words import tr
from gui.widgets.bar_chart import Bar

MOST_BARS = 32
_STEPS = (1, 2, 5)


def length_bars(lengths: npt.NDArray[np.int32]) -> list[Bar]:
    """At most MOST_BARS bars of even, round width from 0 to the longest row."""
    if not len(lengths):
        return []
    longest = max(1, int(lengths.max()))
    width = bar_width(longest)
    n_bars = longest // width + 1
    counts = np.bincount(lengths // width, minlength=n_bars)
    return [_bar(at * width, (at + 1) * width, int(n)) for at, n in enumerate(counts)]


def bar_width(longest: int) -> int:
    """1, 2, 5, 10, 20 ...: the least for which the bars are few enough."""
    width, power = 1, 1
    while longest // width + 1 > MOST_BARS:
        for step in _STEPS:
            width = step * power
            if longest // width + 1 <= MOST_BARS:
                return width
        power *= 10
    return width


def _bar(low: int, high: int, n: int) -> Bar:
    words = tr("rows of {low} to {high} tokens").format(low=f"{low:,}", high=f"{high - 1:,}")
    return Bar(low, high, n, words)
