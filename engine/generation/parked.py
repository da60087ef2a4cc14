"""Short KV states in memory: what left the cache and may be wanted back in a moment.

Idle cells cost every decode a part of its time (attention runs over all cells up to the last one in
use), so the cache is kept lean and what is idle waits here: 2 MB and a millisecond for a hundred
tokens of a small model. Long states go to disk instead (states.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.generation.calls import Calls
from engine.generation.prefix import Slot, common_prefix

Ids = npt.NDArray[np.int32]
MAX_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True)
class Parked:
    """A sequence's state, the tokens it stands for, and the adapters' key it was computed under.

    private, alone, calls: as a slot has them. A private one waits in memory only.
    """

    tokens: Ids
    key: str
    data: bytes
    private: bool = False
    alone: bool = False
    calls: Calls = field(default_factory=lambda: Calls(is_known=False))


def parked_from(slot: Slot, data: bytes) -> Parked:
    """What is held of a slot, with a snapshot of its state."""
    slot.calls.fill(slot.length)
    return Parked(slot.tokens.copy(), slot.key, data, slot.private, slot.alone, slot.calls.copy())


class ParkedStates:
    """The most recent states, bounded by bytes."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._states: list[Parked] = []

    def __iter__(self) -> Iterator[Parked]:
        return iter(list(self._states))

    def takes(self, n_bytes: int) -> bool:
        """Whether a state of this size belongs here; larger ones would push all others out."""
        return n_bytes <= self._max_bytes // 2

    def put(self, state: Parked) -> None:
        """Keep a state; those it contains, and the oldest beyond the bound, go."""
        self._states = [old for old in self._states if not _contains(state, old)] + [state]
        while sum(len(one.data) for one in self._states) > self._max_bytes:
            self._states.pop(0)

    def find(self, tokens: Ids, key: str, longer_than: int) -> tuple[Parked, int] | None:
        """The state with the longest prefix of `tokens`, and that prefix's length, where it is
        longer than what is at hand."""
        best: tuple[Parked, int] | None = None
        for state in self._states:
            n_common = common_prefix(state.tokens, tokens) if state.key == key else 0
            if n_common > (best[1] if best else longer_than):
                best = state, n_common
        return best


def _contains(state: Parked, other: Parked) -> bool:
    """Whether `other` is of no more use beside `state`: a private one does not stand in for one
    that may be written to the disk."""
    if state.private and not other.private:
        return False
    n_other = len(other.tokens)
    return state.key == other.key and common_prefix(state.tokens, other.tokens) == n_other
