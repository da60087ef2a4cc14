"""What a chart does to a curve before it is drawn: smoothing, and leaving out what no pixel could
show. Arrays only, no Qt.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Figures = npt.NDArray[np.float64]

# A block of the smoothing may grow its weights by this many powers of e before it starts anew.
_MOST_LOG = 230.0
LEAST_AMOUNT = 1e-3


def finite(x: Figures, y: Figures) -> tuple[Figures, Figures]:
    """The points that can be drawn; a line bridges the others."""
    kept = np.isfinite(x) & np.isfinite(y)
    return (x, y) if kept.all() else (x[kept], y[kept])


def smoothed(values: Figures, amount: float) -> Figures:
    """An exponential moving average without its bias towards the start (as Adam corrects it).

    y_t = (1 - a) sum_k a^k x_(t-k) / (1 - a^(t+1)), in blocks, so that no power overflows.

    Args:
        values: (n,), all finite.
        amount: a, below 1; under LEAST_AMOUNT nothing is smoothed.

    Returns:
        (n,)
    """
    return Smoother().of(values, amount)


class Smoother:
    """Smooths a curve that grows: what was smoothed before is not smoothed again."""

    def __init__(self) -> None:
        self._amount = -1.0
        self._values = self._result = np.zeros(0)
        self._carried = 0.0  # the average, with its bias, at the last value

    def of(self, values: Figures, amount: float) -> Figures:
        """As `smoothed`."""
        if amount < LEAST_AMOUNT or len(values) < 2:
            return values
        n_known = len(self._values)
        goes_on = amount == self._amount and np.array_equal(values[:n_known], self._values)
        if not goes_on:
            self._result, self._carried, n_known = np.zeros(0), 0.0, 0
        more = self._averages(values[n_known:], amount)
        with np.errstate(under="ignore"):
            ages = np.arange(n_known + 1, len(values) + 1, dtype=np.float64)
            more /= 1.0 - amount**ages
        self._amount, self._values = amount, values
        self._result = np.concatenate([self._result, more])
        return self._result

    def _averages(self, values: Figures, amount: float) -> Figures:
        """Those of further values, still with their bias."""
        block = max(1, int(_MOST_LOG / -math.log(amount)))
        powers = amount ** np.arange(1, min(block, len(values)) + 1, dtype=np.float64)
        result = np.empty_like(values)
        for start in range(0, len(values), block):
            part = values[start : start + block]
            decay = powers[: len(part)]
            run = decay * (self._carried + np.cumsum(part / decay) * (1.0 - amount))
            result[start : start + block] = run
            self._carried = float(run[-1])
        return result


def thinned(x: Figures, y: Figures, most: int) -> tuple[Figures, Figures]:
    """A curve of at most about `most` points that looks the same: of each stretch its lowest and
    its highest point, in their order; the first and the last stay."""
    n_bins = max(1, most // 2)
    if len(x) <= 2 * n_bins:
        return x, y
    size = len(x) // n_bins
    n_whole = n_bins * size
    bins = y[:n_whole].reshape(n_bins, size)
    starts = np.arange(n_bins) * size
    both = np.stack([bins.argmin(axis=1) + starts, bins.argmax(axis=1) + starts], axis=1)
    both.sort(axis=1)
    ends = (np.array([0]), both.ravel(), np.arange(n_whole, len(x)), np.array([len(x) - 1]))
    kept = np.unique(np.concatenate(ends))
    return x[kept], y[kept]


def nearest(x: Figures, at: float) -> int:
    """Index of the entry of a sorted x that is nearest; -1 where there is none."""
    if not len(x):
        return -1
    right = int(np.searchsorted(x, at))
    if right == 0:
        return 0
    if right == len(x):
        return len(x) - 1
    return right if x[right] - at < at - x[right - 1] else right - 1


def even_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values at one distance, at most `most` of them."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1.0, 2.0, 2.5, 5.0, 10.0) if one * power >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [one * step for one in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """The logarithms (base 10) of 1, 2 and 5 of each power of ten between two logarithms."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    ticks = [power + math.log10(digit) for power in powers for digit in (1, 2, 5)]
    within = [one for one in ticks if low <= one <= high]
    return within if len(within) < 9 else [one for one in within if float(one).is_integer()]
