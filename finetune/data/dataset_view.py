"""Which rows of a dataset a list shows, and in which order: filters and orders over its table.

Without a filter in text, nothing is read from the disk. What was found is kept until the dataset
changes.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Generator

import msgspec
import numpy as np
import numpy.typing as npt

from engine.process.tune_messages import ReadRows, Row, RowItem, RowPage
from finetune.data.dataset import Dataset
from finetune.data.kept import kept_state, kept_values, kinds_of
from finetune.data.repeats import repeated
from finetune.data.row_table import is_validation_row
from finetune.data.rows import read_row

Numbers = npt.NDArray[np.int64]
_N_VIEWS = 6
_TURN_S = 0.03
# Of the rows of one page: a page ends early where its rows are huge, and has one at least.
PAGE_BYTES = 8 << 20


class DatasetView:
    """Pages of one dataset. The views that were asked for last are kept."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._version = -1
        self._views: OrderedDict[tuple[object, ...], Numbers | None] = OrderedDict()

    def page(self, asked: ReadRows) -> Generator[float, None, RowPage]:
        """Some rows that match, in the order asked for. Yields how far the search is, 0 to 1."""
        key = self._key(asked)
        while key not in self._views:
            version = self._dataset.version
            found = yield from self._find(asked)
            # Rows may have been changed while others had their turns.
            if version == self._dataset.version:
                key = self._key(asked)
                self._views[key] = found
        self._views.move_to_end(key)
        while len(self._views) > _N_VIEWS:
            self._views.popitem(last=False)
        view = self._views[key]
        n_total = self._dataset.n_rows if view is None else len(view)
        start = max(0, min(asked.start, n_total))
        end = max(start, min(start + asked.count, n_total))
        numbers = np.arange(start, end) if view is None else view[start:end]
        return RowPage(self._items(self._bounded(numbers), asked.validation), n_total)

    def _key(self, asked: ReadRows) -> tuple[object, ...]:
        if self._version != self._dataset.version:
            self._views.clear()
            self._version = self._dataset.version
        state = kept_state(self._dataset, "loss", "warnings", "near", "near-to")
        return (asked.text.casefold(), asked.only, asked.order, asked.validation, state)

    def _bounded(self, numbers: Numbers) -> Numbers:
        sizes = np.cumsum(self._dataset.table["n_bytes"][numbers], dtype=np.int64)
        return numbers[: max(1, int(np.searchsorted(sizes, PAGE_BYTES)))]

    def _items(self, numbers: Numbers, share: float) -> list[RowItem]:
        dataset = self._dataset
        table = dataset.table[numbers]
        tokens = kept_values(dataset, "tokens")[numbers]
        losses = kept_values(dataset, "loss")[numbers]
        warned = kept_values(dataset, "warnings")[numbers]
        first = repeated(dataset)[numbers]
        kept_aside = is_validation_row(table, share)
        return [
            RowItem(
                row=row,
                number=int(numbers[at]),
                is_validation=bool(kept_aside[at]),
                n_tokens=-1 if np.isnan(tokens[at]) else int(tokens[at]),
                loss=None if np.isnan(losses[at]) else float(losses[at]),
                duplicate_of="" if first[at] < 0 else str(dataset.table["id"][first[at]]),
                warnings=kinds_of(warned[at]),
            )
            for at, row in enumerate(dataset.rows_at(numbers, self._version))
        ]

    # ---- which, and in which order ----

    def _find(self, asked: ReadRows) -> Generator[float, None, Numbers | None]:
        found = self._only(asked)
        if asked.text:
            found = yield from self._with_text(found, asked.text)
        if asked.order == "file":
            return found
        return self._ordered(np.arange(self._dataset.n_rows) if found is None else found, asked)

    def _only(self, asked: ReadRows) -> Numbers | None:
        dataset = self._dataset
        if asked.only == "":
            return None
        if asked.only == "duplicates":
            fits = repeated(dataset) >= 0
        elif asked.only == "warned":
            fits = ~np.isnan(kept_values(dataset, "warnings"))
        elif asked.only == "edited":
            fits = dataset.table["is_edited"] == 1
        else:
            fits = is_validation_row(dataset.table, asked.validation)
            if asked.only == "training":
                fits = ~fits
        return np.flatnonzero(fits)

    def _ordered(self, found: Numbers, asked: ReadRows) -> Numbers:
        """The longest, or those of the highest loss, first; what is not known last."""
        if asked.order == "length":
            values = self._dataset.table["n_letters"].astype(np.float64)
        else:
            values = kept_values(self._dataset, "loss")
        chosen = values[found]
        order = np.argsort(-np.where(np.isnan(chosen), -np.inf, chosen), kind="stable")
        return found[order]

    def _with_text(self, found: Numbers | None, text: str) -> Generator[float, None, Numbers]:
        needle = text.casefold()
        # As it stands in JSON: a quick look at the line comes before the row is read.
        in_line = msgspec.json.encode(needle)[1:-1].decode()
        numbers = np.arange(self._dataset.n_rows) if found is None else found
        hits: list[int] = []
        turn_s = time.monotonic() + _TURN_S
        for at, line in enumerate(self._dataset.lines(numbers)):
            if in_line in line.decode().casefold() and _says(read_row(line), needle):
                hits.append(int(numbers[at]))
            if time.monotonic() > turn_s:
                yield at / len(numbers)
                turn_s = time.monotonic() + _TURN_S
        return np.array(hits, np.int64)


def _says(row: Row, needle: str) -> bool:
    return needle in row.text.casefold() or any(
        needle in message.content.casefold() for message in row.messages
    )
