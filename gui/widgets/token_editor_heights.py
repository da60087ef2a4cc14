"""How high a text of many segments is that nobody laid out: rows guessed from the lengths, and put
right where a segment was laid out. Qt-free.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Heights:
    """Rows of each segment, and what is above it."""

    def __init__(self) -> None:
        self._columns = 80
        self._rows: npt.NDArray[np.int32] = np.ones(1, np.int32)
        self._above: npt.NDArray[np.int64] | None = None

    def set(self, lengths: npt.NDArray[np.int64], columns: int) -> None:
        """All anew: lengths of the segments in bytes, letters in a row."""
        self._columns = max(1, columns)
        self._rows = self._guess(lengths)
        self._above = None

    def replace(self, first: int, last: int, lengths: npt.NDArray[np.int64]) -> None:
        """Segments first up to last became others."""
        new = self._guess(lengths)
        if last - first == len(new):
            if not np.array_equal(self._rows[first:last], new):
                self._rows[first:last] = new
                self._above = None
            return
        self._rows = np.concatenate((self._rows[:first], new, self._rows[last:]))
        self._above = None

    def correct(self, segment: int, n_rows: int) -> None:
        """A segment was laid out and has so many rows."""
        if self._rows[segment] != n_rows:
            self._rows[segment] = n_rows
            self._above = None

    @property
    def total(self) -> int:
        """Rows of the whole text."""
        return int(self._sums()[-1])

    def above(self, segment: int) -> int:
        """Rows above a segment."""
        return int(self._sums()[segment])

    def segment_at(self, row: float) -> int:
        """The segment that has a row."""
        found = int(np.searchsorted(self._sums(), row, side="right")) - 1
        return min(max(0, found), len(self._rows) - 1)

    def _guess(self, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        return np.maximum(1, -(-lengths // self._columns)).astype(np.int32)

    def _sums(self) -> npt.NDArray[np.int64]:
        if self._above is None:
            self._above = np.zeros(len(self._rows) + 1, np.int64)
            np.cumsum(self._rows, out=self._above[1:])
        return self._above
