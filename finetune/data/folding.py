"""rows.jsonl written anew, so that it has what changes.jsonl says: whole or not at all, and only
when that is cheap for what it brings.

A process that dies between the new file and the log's mark of it leaves both right: what the log
says again is there already.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from engine.errors import AppError
from finetune.data.change_log import ChangeLog, Mark, Step
from finetune.data.dataset_files import DatasetFiles
from finetune.data.row_table import IN_CHANGES, IN_ROWS, Table, as_in_rows, save_index

# A file of this size is written anew in a few milliseconds: after each change.
SMALL_BYTES = 2 << 20
# A larger one when a quarter of it, or so many rows, have changed.
_SHARE = 4
_N_CHANGED = 20_000
# Steps are kept up to this size, or the size of the rows, where that is more.
LOG_BYTES = 8 << 20
_PIECE_BYTES = 1 << 20


def is_due(files: DatasetFiles, table: Table, log: ChangeLog) -> bool:
    """Whether it is time."""
    if not log.since:
        return False
    n_bytes = files.rows.stat().st_size
    n_changed_bytes = sum(step.end - step.start for step, _ in log.since)
    return (
        n_bytes <= SMALL_BYTES
        or n_changed_bytes * _SHARE > n_bytes
        or int((table["place"] == IN_CHANGES).sum()) > _N_CHANGED
    )


def fold(files: DatasetFiles, table: Table, log: ChangeLog, next_id: int) -> Table | None:
    """Write rows.jsonl as the table says. The lock is held by the caller.

    Returns:
        The table of the new file; None where the disk refuses or, on Windows, somebody reads the
        old one: all stays as it was, and is right.
    """
    new = files.folder / ".rows.part"
    try:
        with new.open("wb") as target:
            _copy_rows(files, table, target)
            target.flush()
            os.fsync(target.fileno())
        os.replace(new, files.rows)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        return None
    table = as_in_rows(table)
    # Without these the next to open it looks through the rows again, and finds the same.
    with suppress(AppError, OSError):
        log.mark("folded", next_id=next_id)
        save_index(files.index, table, files.rows)
        _trim(log, max(LOG_BYTES, files.rows.stat().st_size), next_id)
    return table


def _copy_rows(files: DatasetFiles, table: Table, target: BinaryIO) -> None:
    with files.rows.open("rb") as rows, _opened(files.changes) as changes:
        for place, offset, n_bytes in _stretches(table):
            _copy(changes if place == IN_CHANGES else rows, target, offset, n_bytes)
            target.write(b"\n")


def _copy(source: BinaryIO, target: BinaryIO, offset: int, n_bytes: int) -> None:
    source.seek(offset)
    while n_bytes > 0:
        piece = source.read(min(n_bytes, _PIECE_BYTES))
        assert piece, (offset, n_bytes)
        target.write(piece)
        n_bytes -= len(piece)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb") if path.exists() else open(os.devnull, "rb")


def _stretches(table: Table) -> Iterator[tuple[int, int, int]]:
    """Rows that stand behind one another in a file, as one piece: its file, offset and size."""
    if not len(table):
        return
    ends = table["offset"] + table["n_bytes"] + 1
    follows = (table["offset"][1:] == ends[:-1]) & (table["place"][1:] == IN_ROWS)
    follows &= table["place"][:-1] == IN_ROWS
    starts = np.concatenate([[0], np.flatnonzero(~follows) + 1])
    lasts = np.concatenate([starts[1:] - 1, [len(table) - 1]])
    for first, last in zip(starts.tolist(), lasts.tolist(), strict=True):
        offset = int(table["offset"][first])
        yield int(table["place"][first]), offset, int(ends[last]) - 1 - offset


def _trim(log: ChangeLog, n_bytes: int, next_id: int) -> None:
    """Let the oldest steps go where the log has grown beyond so many bytes."""
    if log.end <= n_bytes or log.undone or not log.done:
        return
    kept = _newest(log.done, n_bytes // 2)
    new = log.path.with_name(".changes.part")
    mark = msgspec.json.encode(Mark("folded", next_id=next_id)) + b"\n"
    with log.path.open("rb") as source, new.open("wb") as target:
        for step in kept:
            _copy(source, target, step.start, step.end - step.start)
        target.write(mark)
        target.flush()
        os.fsync(target.fileno())
    os.replace(new, log.path)


def _newest(steps: list[Step], n_bytes: int) -> list[Step]:
    """The last steps that fit, and the very last in any case."""
    kept: list[Step] = []
    for step in reversed(steps):
        n_bytes -= step.end - step.start
        if kept and n_bytes < 0:
            break
        kept.insert(0, step)
    return kept
