"""The duplicates of a dataset as groups: a row that is kept, and those that repeat it."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable

import numpy as np
import numpy.typing as npt

from engine.process.tune_messages import DuplicateGroup
from finetune.data.dataset import Dataset
from finetune.data.duplicates import Near, find_near
from finetune.data.repeats import equal_rows, keep_near
from finetune.data.shingles import said_in
from finetune.data.unfit import excerpt_of

_TURN_S = 0.03
Numbers = npt.NDArray[np.int64]


def find_groups(
    dataset: Dataset, near: bool, threshold: float
) -> Generator[float, None, list[DuplicateGroup]]:
    """Groups of rows that say the same, the largest first; what is near is kept with the dataset,
    for its lists. Yields how far it is, 0 to 1.

    Raises:
        AppError: the rows cannot be read, or the disk refuses.
    """
    version = dataset.version
    equal = equal_rows(dataset)
    members: dict[int, list[int]] = {}
    for number in np.flatnonzero(equal >= 0).tolist():
        members.setdefault(int(equal[number]), [int(equal[number])]).append(number)
    similarity: dict[int, float] = {}
    if near:
        found = yield from _find(dataset, np.flatnonzero(equal < 0), threshold)
        dataset.expect(version)
        for one in found:
            # The rows equal to a near one come with it.
            group = members.setdefault(one.of, [one.of])
            group += members.pop(one.number, [one.number])
            similarity[one.of] = min(similarity.get(one.of, 1.0), one.similarity)
        ids = dataset.table["id"].astype(str)
        keep_near(dataset, [ids[one.number] for one in found], [ids[one.of] for one in found])
    return _groups(dataset, members, similarity)


def _find(dataset: Dataset, rows: Numbers, threshold: float) -> Generator[float, None, list[Near]]:
    """As find_near, of some rows of the dataset; a word on how far it is now and then."""
    version = dataset.version

    def read(numbers: Numbers) -> Iterable[str]:
        return (said_in(row) for row in dataset.rows_at(rows[numbers], version))

    steps = find_near(len(rows), read, threshold)
    turn_s = time.monotonic() + _TURN_S
    while True:
        try:
            fraction = next(steps)
        except StopIteration as stop:
            found: list[Near] = stop.value
            return [Near(int(rows[one.number]), int(rows[one.of]), one.similarity) for one in found]
        if time.monotonic() > turn_s:
            yield fraction
            turn_s = time.monotonic() + _TURN_S


def _groups(
    dataset: Dataset, members: dict[int, list[int]], similarity: dict[int, float]
) -> list[DuplicateGroup]:
    firsts = sorted(members)
    ids = dataset.table["id"]
    groups = [
        DuplicateGroup(
            ids=[str(ids[number]) for number in sorted(members[first])],
            similarity=similarity.get(first, 1.0),
            excerpt=excerpt_of(said_in(row)),
        )
        for first, row in zip(firsts, dataset.rows_at(np.array(firsts, np.int64)), strict=True)
    ]
    return sorted(groups, key=lambda group: -len(group.ids))
