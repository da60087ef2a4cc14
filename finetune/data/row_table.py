"""Where each row of a dataset lies and what is known of it without reading it: an array in memory,
46 bytes a row, by id.

Its file, index.bin, is a line of JSON and the array's bytes; it is made anew whenever rows.jsonl is
not the one it was made for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from engine.process.tune_messages import Row
from finetune.data.rows import content_hash
from finetune.run.folder import write_whole

IN_ROWS, IN_CHANGES = 0, 1
EDITED = "edited"
# id: the row's, a number; place: in which file; offset, n_bytes: of its JSON there; n_letters: of
# all it says; high, low: the first 128 bits of its content's hash.
ENTRY = np.dtype(
    [
        ("id", "<i8"),
        ("offset", "<i8"),
        ("n_bytes", "<i4"),
        ("n_letters", "<i4"),
        ("high", "<u8"),
        ("low", "<u8"),
        ("place", "u1"),
        ("is_edited", "u1"),
    ]
)
Table = npt.NDArray[np.void]
_VERSION = 1


class IndexHead(msgspec.Struct):
    """The first line of index.bin: which rows.jsonl it is of."""

    version: int
    n_rows: int
    n_bytes: int
    mtime_ns: int


def n_letters(row: Row) -> int:
    """Characters of all that a row says."""
    return len(row.text) + sum(len(message.content) for message in row.messages)


def entry_of(row: Row, place: int, offset: int, n_bytes: int) -> tuple[Any, ...]:
    """A row's line of the table. Raises ValueError where its id is no number."""
    digest = content_hash(row)
    high, low = int(digest[:16], 16), int(digest[16:32], 16)
    is_edited = EDITED in row.tags
    return (int(row.id), offset, n_bytes, n_letters(row), high, low, place, is_edited)


def table_of(entries: Iterable[tuple[Any, ...]]) -> Table:
    return np.array(list(entries), ENTRY)


def positions(table: Table, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where rows of these ids stand in a table, -1 for those that are not there; same shape."""
    if not len(table):
        return np.full(ids.shape, -1, np.int64)
    found = np.minimum(np.searchsorted(table["id"], ids), len(table) - 1)
    return np.where(table["id"][found] == ids, found, -1)


def with_changes(table: Table, gone: npt.NDArray[np.int64], new: Table) -> Table:
    """The table without the rows of some ids, and with new or other entries; by id."""
    at = positions(table, new["id"])
    table = table.copy()
    table[at[at >= 0]] = new[at >= 0]
    left = positions(table, gone)
    if (left >= 0).any():
        table = np.delete(table, left[left >= 0])
    added = new[at < 0]
    if len(added):
        added = added[np.argsort(added["id"], kind="stable")]
        table = np.insert(table, np.searchsorted(table["id"], added["id"]), added)
    return table


def as_in_rows(table: Table) -> Table:
    """Entries of the same rows written one behind the other into rows.jsonl."""
    table = table.copy()
    ends = np.cumsum(table["n_bytes"].astype(np.int64) + 1)
    table["offset"] = ends - table["n_bytes"] - 1
    table["place"] = IN_ROWS
    return table


def is_validation_row(table: Table, share: float) -> npt.NDArray[np.bool_]:
    """Which rows are kept aside, as rows.is_validation says; shape (n_rows,)."""
    kept: npt.NDArray[np.bool_] = (table["high"] >> np.uint64(12)) < share * 16**13
    return kept


def save_index(path: Path, table: Table, rows: Path) -> None:
    """Write index.bin for rows.jsonl as it is now. Raises AppError, OSError."""
    state = rows.stat()
    head = IndexHead(_VERSION, len(table), state.st_size, state.st_mtime_ns)
    write_whole(path, msgspec.json.encode(head) + b"\n" + table.tobytes())


def n_indexed(path: Path, rows: Path) -> int | None:
    """How many rows rows.jsonl has, by its index alone; None where that is of another."""
    try:
        with path.open("rb") as file:
            head = _head(file.readline(1000), rows.stat())
    except OSError:
        return None
    return None if head is None else head.n_rows


def read_index(path: Path, rows: Path) -> Table | None:
    """The table of index.bin, None where it is not of this rows.jsonl."""
    try:
        with path.open("rb") as file:
            if _head(file.readline(1000), rows.stat()) is None:
                return None
            data = file.read()
    except OSError:
        return None
    return np.frombuffer(data, ENTRY) if len(data) % ENTRY.itemsize == 0 else None


def _head(line: bytes, state: os.stat_result) -> IndexHead | None:
    """The head, if it is of this state of rows.jsonl."""
    try:
        head = msgspec.json.decode(line, type=IndexHead)
    except msgspec.MsgspecError:
        return None
    of = (head.version, head.n_bytes, head.mtime_ns)
    return head if of == (_VERSION, state.st_size, state.st_mtime_ns) else None
