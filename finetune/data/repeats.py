"""Which rows of a dataset repeat an earlier one: equal by their content's hash, or near by what the
last search for duplicates found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from finetune.data.dataset import Dataset
from finetune.data.kept import keep_values, kept_state, kept_values
from finetune.data.row_table import positions

Numbers = npt.NDArray[np.int64]


def repeated(dataset: Dataset) -> Numbers:
    """For each row the place of the row that it repeats, -1 for none; shape (n_rows,)."""
    state = kept_state(dataset, "near", "near-to")
    found: Numbers = dataset.remembered(f"repeated {state}", lambda: _repeated(dataset))
    return found


def equal_rows(dataset: Dataset) -> Numbers:
    """For each row the place of the first of equal content, -1 for that one and for rows without
    their like; shape (n_rows,)."""
    found: Numbers = dataset.remembered("equal", lambda: _equal(dataset))
    return found


def keep_near(dataset: Dataset, ids: Sequence[str], of_ids: Sequence[str]) -> None:
    """Keep which rows are near which. Raises AppError."""
    keep_values(dataset, "near", ids, [float(one) for one in of_ids])
    # Marks what they are near to: once that is edited, nothing is near to it any more.
    kept = sorted(set(of_ids), key=int)
    keep_values(dataset, "near-to", kept, [1.0] * len(kept))


def _repeated(dataset: Dataset) -> Numbers:
    first = equal_rows(dataset).copy()
    near = kept_values(dataset, "near")
    known = np.flatnonzero(~np.isnan(near) & (first < 0))
    if len(known):
        at = positions(dataset.table, near[known].astype(np.int64))
        is_there = (at >= 0) & ~np.isnan(kept_values(dataset, "near-to")[np.maximum(at, 0)])
        first[known[is_there]] = at[is_there]
    return first


def _equal(dataset: Dataset) -> Numbers:
    table = dataset.table
    first = np.full(len(table), -1, np.int64)
    # Of the rows that share the first half of their hash with another, both halves count.
    values = np.sort(table["high"])
    shared = np.unique(values[1:][values[1:] == values[:-1]])
    if not len(shared):
        return first
    at = np.minimum(np.searchsorted(shared, table["high"]), len(shared) - 1)
    some = np.flatnonzero(shared[at] == table["high"])
    firsts: dict[tuple[int, int], int] = {}
    halves = zip(table["high"][some].tolist(), table["low"][some].tolist(), strict=True)
    for number, both in zip(some.tolist(), halves, strict=True):
        first[number] = firsts.setdefault(both, number)
        if first[number] == number:
            first[number] = -1
    return first
