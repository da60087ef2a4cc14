"""Heights of things in a column, and where each begins. Only what lies behind a changed height is
summed again."""

from bisect import bisect_right
from collections.abc import Iterable


class Heights:
    """A list of heights that answers: where does number i begin, and who is at y?"""

    def __init__(self, heights: Iterable[float] = ()) -> None:
        self._heights = list(heights)
        self._tops = [0.0]

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> float:
        return self._heights[index]

    def set(self, index: int, height: float) -> float:
        """Give number index another height; the difference."""
        change = height - self._heights[index]
        if change:
            self._heights[index] = height
            del self._tops[index + 1 :]
        return change

    def replace(self, start: int, heights: Iterable[float]) -> None:
        """Everything from start on, anew."""
        self._heights[start:] = heights
        del self._tops[start + 1 :]

    def insert(self, index: int, height: float) -> None:
        self._heights.insert(index, height)
        del self._tops[index + 1 :]

    def prepend(self, heights: Iterable[float]) -> None:
        """More before all others."""
        self._heights[0:0] = heights
        del self._tops[1:]

    def remove(self, index: int) -> None:
        del self._heights[index]
        del self._tops[index + 1 :]

    def top(self, index: int) -> float:
        """Where number index begins; for the length, the height of all."""
        tops = self._tops
        for at in range(len(tops) - 1, index):
            tops.append(tops[at] + self._heights[at])
        return tops[index]

    @property
    def total(self) -> float:
        return self.top(len(self._heights))

    def index_at(self, y: float) -> int:
        """Who is at y; the first above the top, the last below the end. There must be one."""
        total = self.total
        if y >= total:
            return len(self._heights) - 1
        return min(max(0, bisect_right(self._tops, y) - 1), len(self._heights) - 1)
