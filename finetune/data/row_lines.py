"""The lines of rows, by their entries: out of rows.jsonl, and out of changes.jsonl where they have
changed since; and what a step of the log makes of a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

import numpy as np

from finetune.data.change_log import ChangeLog, Place, Step
from finetune.data.dataset_files import DatasetFiles
from finetune.data.indexing import unreadable
from finetune.data.row_table import IN_CHANGES, Table, entry_of, table_of, with_changes
from finetune.data.rows import read_row

_N_AT_ONCE = 500


def open_rows(files: DatasetFiles, table: Table, stack: ExitStack) -> list[BinaryIO]:
    """The files that some entries lie in, by their place; closed with the stack.

    Raises:
        AppError: they cannot be read.
    """
    if not len(table):
        return []
    try:
        opened: list[BinaryIO] = [stack.enter_context(files.rows.open("rb"))]
        if (table["place"] == IN_CHANGES).any():
            opened.append(stack.enter_context(files.changes.open("rb")))
    except OSError as error:
        raise unreadable(error) from error
    return opened


def lines_of(table: Table, opened: list[BinaryIO]) -> Iterator[bytes]:
    """Rows as JSON, without line ends, in the order of the entries."""
    for start in range(0, len(table), _N_AT_ONCE):
        some = table[["place", "offset", "n_bytes"]][start : start + _N_AT_ONCE]
        for place, offset, n_bytes in some.tolist():
            file = opened[place]
            if file.tell() != offset:
                file.seek(offset)
            yield file.read(n_bytes)
            file.read(1)  # the line end: the next row is then where the file is


def with_step(table: Table, log: ChangeLog, step: Step, forward: bool) -> Table:
    """The table after a step, or (not forward) with it taken back; doing it twice is doing it
    once."""
    gone: list[int] = []
    new: list[Place] = []
    for image in log.images(step):
        place = image.after if forward else image.before
        if place is None:
            gone.append(image.id)
        else:
            new.append(place)
    entries = table_of(_entries(log, new))
    return with_changes(table, np.array(gone, np.int64), entries)


def _entries(log: ChangeLog, places: list[Place]) -> Iterator[tuple[object, ...]]:
    if not places:
        return
    with log.path.open("rb") as file:
        for place in places:
            file.seek(place.offset)
            row = read_row(file.read(place.n_bytes))
            yield entry_of(row, IN_CHANGES, place.offset, place.n_bytes)
