"""What was told of the surprise of the last few texts, so that a text that begins as one of them is
told anew only from where they part."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.generation.prefix import common_prefix

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Told:
    """Figures of the first tokens of a text: logprobs float32 and ranks int32, shape (n,)."""

    ids: Ids
    logprobs: Floats
    ranks: Ids

    def first(self, n: int) -> "Told":
        return Told(self.ids[:n], self.logprobs[:n], self.ranks[:n])


class KnownMaps:
    """The figures of the last few texts, so that one that begins as they do is not told anew."""

    def __init__(self, size: int = 4) -> None:
        self._size = size
        self._maps: list[tuple[str, Told]] = []

    def longest(self, key: str, ids: Ids) -> Told:
        """What is known of the first tokens of `ids`; nothing is an empty one."""
        best = empty_told(0)
        for known, told in self._maps:
            n = common_prefix(told.ids, ids) if known == key else 0
            if n > len(best.ids):
                best = told.first(n)
        return best

    def put(self, key: str, told: Told) -> None:
        """Keep what was told; maps that it contains, and the oldest beyond the bound, go."""
        kept = [
            (other, old)
            for other, old in self._maps
            if other != key or common_prefix(old.ids, told.ids) < len(old.ids)
        ]
        self._maps = [*kept, (key, told)][-self._size :]


def empty_told(n: int) -> Told:
    """Room for the figures of n tokens."""
    return Told(np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.int32))
