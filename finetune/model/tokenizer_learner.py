"""Learning byte pairs from counted words, a merge at a time: what the library does, where it can be
watched.

The pair that stands side by side most often in the text becomes one token; then the next
(Sennrich et al. 2016). Which comes first of two equals is as `tokenizers` has it: the one whose
sides have the lower ids. Words lie in one row of symbols with their neighbours' places, so that a
merge touches only where its pair stands.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from finetune.model.tokenizer_words import Words

Numbers = npt.NDArray[np.int64]
_SHIFT = 32


@dataclass(frozen=True)
class Learned:
    """A merge: the ids of its sides, how many places of the text it joined, a word with it (the
    commonest)."""

    left: int
    right: int
    count: int
    example: str


class Learner:
    """Merges from words.

    Args:
        words: in letters, with how often each stands in the text.
        ids: the id of each letter; the tokens that merges make follow the highest.
    """

    def __init__(self, words: Words, ids: dict[str, int]) -> None:
        self._words = list(words)
        lengths = np.fromiter(map(len, self._words), np.int64, len(self._words))
        letters = np.frombuffer("".join(self._words).encode("utf-32-le"), np.uint32)
        table = np.zeros(max(map(ord, ids)) + 1, np.int64)
        table[list(map(ord, ids))] = list(ids.values())
        n = len(letters)
        # One place more than there are symbols: the neighbour of a word's ends.
        self._symbols = np.append(table[letters], -1)
        self._word_of = np.append(np.repeat(np.arange(len(self._words)), lengths), -1)
        counts = np.fromiter(words.values(), np.int64, len(self._words))
        self._weights = np.append(np.repeat(counts, lengths), 0)
        same = self._word_of[:-2] == self._word_of[1:-1] if n else np.zeros(0, bool)
        places = np.arange(n)
        self._next = np.full(n + 1, n)
        self._before = np.full(n + 1, n)
        self._next[places[:-1][same]] = places[1:][same]
        self._before[places[1:][same]] = places[:-1][same]
        self._n_ids = max(ids.values()) + 1
        self._made: dict[str, int] = dict(ids)
        self._written = {number: letter for letter, number in ids.items()}
        self._counts: dict[int, int] = {}
        self._places: dict[int, Numbers] = {}
        self._heap: list[tuple[int, int]] = []
        self._stand_side_by_side(places)

    def written(self, token: int) -> str:
        """A token in letters."""
        return self._written[token]

    def merges(self) -> Iterator[Learned]:
        """The merges in order, until no pair is left. It also ends before a merge whose token is
        there already, from other sides: the library counts on in a way of its own there."""
        while self._heap:
            known, pair = heapq.heappop(self._heap)
            count = self._counts[pair]
            if -known != count:
                heapq.heappush(self._heap, (-count, pair))
                continue
            left, right = pair >> _SHIFT, pair & (1 << _SHIFT) - 1
            token = self._written[left] + self._written[right]
            if count < 1 or token in self._made:
                return
            places = self._standing(pair, left, right)
            self._made[token] = self._n_ids
            self._written[self._n_ids] = token
            best = places[np.argmax(self._weights[places])]
            joined = int(self._weights[places].sum())
            word = self._words[int(self._word_of[best])]
            self._join(pair, places)
            yield Learned(left, right, joined, word)

    def _standing(self, pair: int, left: int, right: int) -> Numbers:
        """Where a pair stands now, in order; of overlapping ones every other."""
        places = np.sort(self._places.pop(pair))
        is_there = (self._symbols[places] == left) & (self._symbols[self._next[places]] == right)
        places = places[is_there]
        if left == right and len(places) > 1:
            goes_on = np.append(False, self._next[places[:-1]] == places[1:])
            numbers = np.arange(len(places))
            first = np.maximum.accumulate(np.where(goes_on, 0, numbers))
            return np.asarray(places[(numbers - first) % 2 == 0])
        return np.asarray(places)

    def _join(self, pair: int, places: Numbers) -> None:
        """Make the next token of a pair everywhere, and count the pairs around it anew."""
        seconds = self._next[places]
        around = np.unique(np.concatenate([self._before[places], seconds]))
        self._count(self._pairs_at(around), around, -1, pair)
        after = self._next[seconds]
        self._symbols[places] = self._n_ids
        self._symbols[seconds] = -1
        self._next[places] = after
        end = len(self._symbols) - 1
        self._before[after] = places
        self._before[end] = self._next[end] = end
        self._n_ids += 1
        self._stand_side_by_side(np.unique(np.concatenate([self._before[places], places])))

    def _pairs_at(self, places: Numbers) -> Numbers:
        """The pair that begins at each place, -1 where none does."""
        left, right = self._symbols[places], self._symbols[self._next[places]]
        return np.where((left >= 0) & (right >= 0), left << _SHIFT | right, -1)

    def _count(self, pairs: Numbers, places: Numbers, sign: int, but: int) -> None:
        keys, where = np.unique(pairs, return_inverse=True)
        sums = np.bincount(where, self._weights[places], len(keys)).astype(np.int64)
        for key, weight in zip(keys.tolist(), sums.tolist(), strict=True):
            if key not in (-1, but):
                self._counts[key] += sign * weight

    def _stand_side_by_side(self, places: Numbers) -> None:
        """Note the pairs that begin at some places, which are new."""
        pairs = self._pairs_at(places)
        places, pairs = places[pairs >= 0], pairs[pairs >= 0]
        order = np.argsort(pairs, kind="stable")
        places, pairs = places[order], pairs[order]
        if not len(pairs):
            return
        starts = np.flatnonzero(np.append(True, pairs[1:] != pairs[:-1]))
        sums = np.add.reduceat(self._weights[places], starts).tolist()
        ends = [*starts[1:].tolist(), len(pairs)]
        for start, end, weight in zip(starts.tolist(), ends, sums, strict=True):
            pair = int(pairs[start])
            self._places[pair] = places[start:end]
            self._counts[pair] = weight
            heapq.heappush(self._heap, (-weight, pair))
