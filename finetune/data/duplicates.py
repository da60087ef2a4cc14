"""Rows that say the same, or nearly: equal by content_hash, near by MinHash.

A. Broder, "On the resemblance and containment of documents" (1997): the smallest hash of two sets
is equal with the probability of their Jaccard similarity s. 125 of them stand in 25 bands of 5; two
rows that share a whole band are compared by their true similarity, so nothing is reported that is
not so near. A pair of similarity s shares none with probability (1 - s^5)^25: 0.00005 at 0.8.

We differ in what a group is: its first row, and later rows near to that very one. So after the
others are deleted no row left is near another.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

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
Numbers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Near:
    """A row that is near an earlier one. Both are numbers of rows."""

    number: int
    of: int
    similarity: float


def find_near(
    n_rows: int, read: Callable[[Numbers], Iterable[str]], threshold: float
) -> Generator[float, None, list[Near]]:
    """All rows whose similarity to an earlier one is `threshold` or more. Yields how far it is, 0
    to 1.

    Args:
        read: texts of rows by their numbers, in that order.
        threshold: below 0.8 more pairs share no band: at 0.6 one in eight.
    """
    keys, n_grams = yield from _keys_of(n_rows, read)
    shared = _shared_buckets(keys)
    shared[n_grams == 0] = -1
    some = np.flatnonzero((shared >= 0).any(axis=1))
    first = _Firsts(read, threshold)
    found: list[Near] = []
    for at, (number, text) in enumerate(zip(some.tolist(), read(some), strict=True)):
        buckets = shared[number]
        one = first.near(number, shingles_of(text), buckets[buckets >= 0].tolist())
        if one is not None:
            found.append(one)
        if at % 16 == 0:
            yield 0.5 + 0.5 * at / len(some)
    return found


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


def _keys_of(
    n_rows: int, read: Callable[[Numbers], Iterable[str]]
) -> Generator[float, None, tuple[Keys, Numbers]]:
    keys = np.zeros((n_rows, N_BANDS), np.uint32)
    n_grams = np.zeros(n_rows, np.int64)
    for number, text in enumerate(read(np.arange(n_rows))):
        grams = shingles_of(text)
        keys[number] = band_keys(grams)
        n_grams[number] = len(grams)
        if number % 16 == 0:
            yield 0.5 * number / n_rows
    return keys, n_grams


def _shared_buckets(keys: Keys) -> npt.NDArray[np.int32]:
    """For each row and band a number that only rows with the same key have, -1 where no other has
    it; shape as keys."""
    shared = np.full(keys.shape, -1, np.int32)
    n_before = 0
    for band in range(keys.shape[1]):
        _, places, counts = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        is_shared = counts > 1
        numbers = np.where(is_shared, np.cumsum(is_shared) - 1 + n_before, -1)
        shared[:, band] = numbers[places]
        n_before += int(is_shared.sum())
    return shared


class _Firsts:
    """Rows that are near no earlier one, by the buckets they are in."""

    def __init__(self, read: Callable[[Numbers], Iterable[str]], threshold: float) -> None:
        self._read, self._threshold = read, threshold
        self._in_bucket: dict[int, list[int]] = {}
        self._sizes: dict[int, int] = {}
        # Grams of those looked at last, up to a bound.
        self._grams: OrderedDict[int, Shingles] = OrderedDict()
        self._n_kept = 0

    def near(self, number: int, grams: Shingles, buckets: list[int]) -> Near | None:
        """A first row it is near to; where there is none, it is a first itself. Those that share
        most bands are looked at first: they are the likeliest, and one is enough."""
        met = Counter(one for bucket in buckets for one in self._in_bucket.get(bucket, ()))
        for one, _ in sorted(met.items(), key=lambda item: (-item[1], item[0])):
            if not self._can_be(self._sizes[one], len(grams)):
                continue
            similarity = jaccard(self._grams_of(one), grams)
            if similarity >= self._threshold:
                return Near(number, one, similarity)
        for bucket in buckets:
            self._in_bucket.setdefault(bucket, []).append(number)
        self._sizes[number] = len(grams)
        self._remember(number, grams)
        return None

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
