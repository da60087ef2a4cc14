"""Seeded choices that are the same under every Python: only Random.random() is promised to stay as
it is between versions, so everything here is made of it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of choices. The same parts give the same stream; others give one apart from it."""

    def __init__(self, *parts: object) -> None:
        # A text as seed is hashed with SHA-512 by random itself, in every version alike.
        self._next = random.Random(" ".join(map(str, parts))).random

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        return int(self._next() * n)

    def pick(self, items: Sequence[T]) -> T:
        """One of them, each as likely."""
        return items[int(self._next() * len(items))]

    def early(self, items: Sequence[T]) -> T:
        """One of them, the first ones more often: as in real text few words do most of the work."""
        return items[int(self._next() ** 3 * len(items))]

    def is_so(self, share: float) -> bool:
        """True in so many of all cases."""
        return self._next() < share

    def some(self, items: Sequence[T], n: int) -> list[T]:
        """n different ones, in an order of their own (all of them where there are fewer)."""
        left, following = list(items), self._next
        return [left.pop(int(following() * len(left))) for _ in range(min(n, len(left)))]
