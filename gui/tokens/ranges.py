"""Stretches of a text, in order and apart from one another. Qt-free."""

from __future__ import annotations

Range = tuple[int, int]


class Ranges:
    """A few ranges (start, end) of bytes."""

    def __init__(self) -> None:
        self.all: list[Range] = []

    def __bool__(self) -> bool:
        return bool(self.all)

    def clear(self) -> None:
        self.all = []

    def add(self, start: int, end: int) -> None:
        """One more; those it touches become one with it. It may be empty: a place."""
        apart = [(a, b) for a, b in self.all if b < start or a > end]
        touched = [(a, b) for a, b in self.all if not (b < start or a > end)]
        one = (min([start, *(a for a, _ in touched)]), max([end, *(b for _, b in touched)]))
        self.all = sorted([*apart, one])

    def remove(self, start: int, end: int) -> None:
        """What is between start and end is in none any more."""
        left = [(a, min(b, start)) for a, b in self.all if a < start]
        right = [(max(a, end), b) for a, b in self.all if b > end]
        self.all = left + right

    def edit(self, start: int, end: int, n_new: int) -> None:
        """Bytes start to end of the text became n_new others."""
        change = n_new - (end - start)

        def moved(place: int) -> int:
            if place <= start:
                return place
            return place + change if place >= end else start

        self.all = [(moved(a), moved(b)) for a, b in self.all]
