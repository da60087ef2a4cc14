"""Rows that say the same, or nearly: equal by content_hash, near by MinHash.

A. Broder, "On the resemblance and containment of documents" (1997): the smallest hash of two sets
is equal with the probability of their Jaccard similarity s. 125 of them stand in 25 bands of 5; two
rows that share a whole band are compared by their true similarity, so nothing is reported that is
not so near. A pair of similarity s shares none with probability (1 - s^5)^25: 0.00005 at 0.8.

We differ in what a group is: its first row, and later rows near to that very one. So after the
others are deleted no row left is near another.

Arrays are all that grows with the rows: some 260 bytes each, on disk where a corpus has millions.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from finetune.data.shingles import Shingles, jaccard, shingles_of

N_BANDS, N_IN_BAND = 25, 5
_random = np.random.default_rng(1997)
_FACTORS = _random.integers(1, 1 << 63, N_BANDS * N_IN_BAND, np.uint64) * np.uint64(2) + np.uint64(
    1
)
_OFFSETS = _random.integers(0, 1 << 63, N_BANDS * N_IN_BAND, np.uint64)
_MIX = _random.integers(1, 1 << 63, N_IN_BAND, np.uint64) * np.uint64(2) + np.uint64(1)
# Grams of a long text at once: 125 hashes of each.
_N_AT_ONCE = 4096
_CACHE_GRAMS = 4_000_000
# Rows at a time where an array is on disk.
_N_ROWS = 1 << 16
Numbers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint32]
Shared = npt.NDArray[np.int32]
Read = Callable[[Numbers], Iterable[str]]
# Makes an array of zeros by its name, shape and kind of number.
MakeArray = Callable[[str, tuple[int, ...], str], npt.NDArray[Any]]


def in_memory(name: str, shape: tuple[int, ...], dtype: str) -> npt.NDArray[Any]:
    """An array of zeros; another MakeArray keeps it in a file of that name."""
    return np.zeros(shape, dtype)


@dataclass(frozen=True)
class Near:
    """A row that is near an earlier one. Both are numbers of rows."""

    number: int
    of: int
    similarity: float


def find_near(n_rows: int, read: Read, threshold: float) -> Generator[float, None, list[Near]]:
    """All rows whose similarity to an earlier one is `threshold` or more. Yields how far it is, 0
    to 1.

    Args:
        read: texts of rows by their numbers, in that order.
        threshold: below 0.8 more pairs share no band: at 0.6 one in eight.
    """
    keys, n_grams = yield from _keys_of(n_rows, read)
    found: list[Near] = []
    for one in near_of(keys, n_grams, read, threshold):
        if isinstance(one, Near):
            found.append(one)
        else:
            yield 0.5 + 0.5 * one
    return found


def near_of(
    keys: Keys,
    n_grams: Numbers,
    read: Read,
    threshold: float,
    make_array: MakeArray = in_memory,
    most_met: int = 0,
) -> Iterator[Near | float]:
    """As find_near, of rows whose keys are known: each that is near an earlier one, and between
    them how far it is, 0 to 1.

    Args:
        keys: band_keys of each row, shape (n_rows, N_BANDS); n_grams: of each, shape (n_rows,).
        make_array: where what is noted of rows is kept.
        most_met: of the rows that share a band with one, only so many of the latest are looked at;
            0: all. Bounds the time where thousands share a band and yet are unlike.
    """
    shared = make_array("shared", keys.shape, "int32")
    yield from (0.2 * one for one in _share_buckets(keys, n_grams, shared))
    some = _rows_with(shared)
    first = _Firsts(read, threshold, shared, n_grams, make_array, most_met)
    for at, (number, text) in enumerate(zip(some.tolist(), read(some), strict=True)):
        one = first.near(number, shingles_of(text))
        if one is not None:
            yield one
        if at % 16 == 0:
            yield 0.2 + 0.8 * at / len(some)


def band_keys(grams: Shingles) -> Keys:
    """One number for each band; two sets share a band's number where its five smallest hashes are
    equal; shape (N_BANDS,)."""
    least = np.full(len(_FACTORS), np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(grams), _N_AT_ONCE):
        some = grams[None, start : start + _N_AT_ONCE]
        hashes = _FACTORS[:, None] * some + _OFFSETS[:, None]
        least = np.minimum(least, hashes.min(axis=1))
    bands = least.reshape(N_BANDS, N_IN_BAND) >> np.uint64(16)
    mixed = (bands * _MIX).sum(axis=1, dtype=np.uint64)
    keys: Keys = (mixed >> np.uint64(32)).astype(np.uint32)
    return keys


def _keys_of(n_rows: int, read: Read) -> Generator[float, None, tuple[Keys, Numbers]]:
    keys = np.zeros((n_rows, N_BANDS), np.uint32)
    n_grams = np.zeros(n_rows, np.int64)
    for number, text in enumerate(read(np.arange(n_rows))):
        grams = shingles_of(text)
        keys[number] = band_keys(grams)
        n_grams[number] = len(grams)
        if number % 16 == 0:
            yield 0.5 * number / n_rows
    return keys, n_grams


def _share_buckets(keys: Keys, n_grams: Numbers, shared: Shared) -> Iterator[float]:
    """Fills `shared`: for each row and band a number from 1 that only rows with the same key have,
    0 where no other has it; shape as keys."""
    n_before = 0
    for band in range(keys.shape[1]):
        _, places, counts = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        is_shared = counts > 1
        numbers = np.where(is_shared, np.cumsum(is_shared) + n_before, 0)
        shared[:, band] = np.where(n_grams > 0, numbers[places], 0)
        n_before += int(is_shared.sum())
        yield band / keys.shape[1]


def _rows_with(shared: Shared) -> Numbers:
    """Numbers of the rows that share a band with any."""
    found = [
        start + np.flatnonzero(shared[start : start + _N_ROWS].any(axis=1))
        for start in range(0, len(shared), _N_ROWS)
    ]
    return np.concatenate([np.empty(0, np.int64), *found])


class _Firsts:
    """Rows that are near no earlier one, by the buckets they are in.

    Each bucket is a list linked through `_entries`: (row, number of the entry before it, 0: none).
    """

    def __init__(
        self,
        read: Read,
        threshold: float,
        shared: Shared,
        sizes: Numbers,
        make_array: MakeArray,
        most_met: int,
    ) -> None:
        self._read, self._threshold, self._most_met = read, threshold, most_met
        self._shared, self._sizes = shared, sizes
        n_buckets = int(shared.max(initial=0))
        n_entries = sum(
            int(np.count_nonzero(shared[start : start + _N_ROWS]))
            for start in range(0, len(shared), _N_ROWS)
        )
        self._last = make_array("last", (n_buckets + 1,), "int32")
        self._entries = make_array("entries", (n_entries + 1, 2), "int32")
        self._n_entries = 0
        # Grams of those looked at last, up to a bound.
        self._grams: OrderedDict[int, Shingles] = OrderedDict()
        self._n_kept = 0

    def near(self, number: int, grams: Shingles) -> Near | None:
        """A first row it is near to; where there is none, it is a first itself. Those that share
        most bands are looked at first: they are the likeliest, and one is enough."""
        buckets = [one for one in self._shared[number].tolist() if one]
        met = Counter(one for bucket in buckets for one in self._in_bucket(bucket))
        for one, _ in sorted(met.items(), key=lambda item: (-item[1], item[0])):
            if not self._can_be(int(self._sizes[one]), len(grams)):
                continue
            similarity = jaccard(self._grams_of(one), grams)
            if similarity >= self._threshold:
                return Near(number, one, similarity)
        for bucket in buckets:
            self._n_entries += 1
            self._entries[self._n_entries] = number, self._last[bucket]
            self._last[bucket] = self._n_entries
        self._remember(number, grams)
        return None

    def _in_bucket(self, bucket: int) -> Iterator[int]:
        """The latest first."""
        at, n = int(self._last[bucket]), 0
        while at and (not self._most_met or n < self._most_met):
            row, at = self._entries[at].tolist()
            n += 1
            yield row

    def _can_be(self, size: int, other: int) -> bool:
        """Sets of unlike sizes cannot be alike."""
        return min(size, other) >= self._threshold * max(size, other)

    def _grams_of(self, number: int) -> Shingles:
        grams = self._grams.get(number)
        if grams is None:
            grams = shingles_of(next(iter(self._read(np.array([number])))))
            self._remember(number, grams)
        else:
            self._grams.move_to_end(number)
        return grams

    def _remember(self, number: int, grams: Shingles) -> None:
        self._grams[number] = grams
        self._n_kept += len(grams)
        while self._n_kept > _CACHE_GRAMS and len(self._grams) > 1:
            self._n_kept -= len(self._grams.popitem(last=False)[1])
