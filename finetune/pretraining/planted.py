"""Passages for the memory test: taken out of the held-out text, and put into the training stream
once, ten times and a hundred times, so that it can be asked later which of them are known by heart
(after Carlini et al. 2023, Quantifying memorization).

Which passages, and where in the stream they stand, follows from the plan and the seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from finetune.pretraining.dial import RaisingPlan
from finetune.pretraining.shards import Shards

TIMES = (1, 10, 100)
_MOST_OF_HELD_OUT = 0.25  # the rest measures what was learned
_MOST_OF_TRAINING = 0.05


@dataclass(frozen=True)
class Passage:
    """start, n: its place in the held-out tokens; at: which stretches of the run it is, counted
    from 0 over all steps and ranks, in order."""

    start: int
    n: int
    at: tuple[int, ...]


class Planted:
    """All passages of a run.

    Args:
        n_each: how many are seen once, and ten times, and a hundred times; fewer where the held-out
            text is too short for that.
    """

    def __init__(self, held_out: Shards, plan: RaisingPlan, n_each: int, seed: int) -> None:
        n, self._per_step = plan.context + 1, plan.tokens_per_step // plan.context
        room = int(held_out.n_tokens * _MOST_OF_HELD_OUT) // n // len(TIMES)
        times = [one for one in _times(plan, n_each) for _ in range(min(n_each, room))]
        self.first = held_out.n_tokens - n * len(times)  # what stands before is never learned
        self._held_out = held_out
        slots = _slots(times, plan.n_steps * self._per_step, seed)
        self.passages = [Passage(self.first + n * number, n, at) for number, at in enumerate(slots)]
        self._of_slot = {
            slot: number for number, one in enumerate(self.passages) for slot in one.at
        }

    def times_seen(self, step: int) -> list[int]:
        """How often each passage was really seen after `step` steps."""
        until = step * self._per_step
        return [sum(slot < until for slot in one.at) for one in self.passages]

    def ids(self, number: int) -> npt.NDArray[np.int64]:
        """A passage's tokens, shape (context + 1,)."""
        one = self.passages[number]
        return self._held_out.window(one.start, one.n)

    def at(self, slot: int) -> npt.NDArray[np.int64] | None:
        """What stands at a stretch of the run; None: the text goes on."""
        number = self._of_slot.get(slot)
        return None if number is None else self.ids(number)


def _times(plan: RaisingPlan, n_each: int) -> list[int]:
    """How often each kind is shown: less than asked where a short run had little else to read."""
    room = _MOST_OF_TRAINING * plan.n_tokens / plan.context
    share = min(1.0, room / max(1, n_each * sum(TIMES)))
    return [max(1, int(one * share)) for one in TIMES]


def _slots(times: list[int], n_slots: int, seed: int) -> list[tuple[int, ...]]:
    """Places for each, one in every equal part of the run, none twice."""
    chance, taken = np.random.default_rng((seed, 7)), set[int]()
    found = []
    for n in times:
        mine = []
        for place in (np.arange(n) + chance.random(n)) * n_slots / n:
            slot = int(place) % n_slots
            while slot in taken and len(taken) < n_slots:
                slot = (slot + 1) % n_slots
            taken.add(slot)
            mine.append(slot)
        found.append(tuple(sorted(mine)))
    return found
