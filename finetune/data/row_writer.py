"""Rows into a file of lines, their entries into a table, bad ones into another file."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.errors import AppError
from engine.process.tune_messages import BadRow, Row
from finetune.data.row_table import ENTRY, IN_ROWS, Table, as_in_rows, entry_of, table_of
from finetune.data.rows import to_line

_N_GATHERED = 10_000
# How many problems are said in the sentence of an import that found no row.
_N_SAID = 3
_ID = re.compile(rb'\{"id":"(\d+)"')


class RowWriter:
    """Gives rows their ids and writes them.

    Args:
        first_id: of the first row; the others follow.

    Attributes: n_rows, n_bad, first_bad (some of the bad rows), sources (names of their files).
    """

    def __init__(self, rows: Path, problems: Path, first_id: int) -> None:
        self.n_rows, self.n_bad = 0, 0
        self.first_bad: list[BadRow] = []
        self._next_id, self._offset = first_id, 0
        self._entries: list[tuple[Any, ...]] = []
        self._tables: list[Table] = []
        self._rows = rows.open("wb")
        self._problems = problems.open("wb")

    def add(self, row: Row | BadRow) -> None:
        """Raises AppError where the disk refuses."""
        try:
            if isinstance(row, BadRow):
                self._add_problem(row)
            else:
                self._add_row(msgspec.structs.replace(row, id=str(self._next_id)))
        except OSError as error:
            raise disk_full(error) from error

    def close(self) -> None:
        """On the disk now. Raises AppError."""
        try:
            for file in (self._rows, self._problems):
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise disk_full(error) from error
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the files as they are."""
        for file in (self._rows, self._problems):
            # A disk that was full when it was written to is full still.
            try:
                file.close()
            except OSError:
                continue

    def table(self) -> Table:
        """Entries of all rows written."""
        self._gather()
        return np.concatenate([np.empty(0, ENTRY), *self._tables])

    def check(self, name: str) -> None:
        """Raises AppError where no row could be taken."""
        if self.n_rows:
            return
        if not self.n_bad:
            raise AppError(f"“{name}” has no rows.", "Choose a file that has some.")
        said = " ".join(f"Line {bad.line}: {bad.reason}" for bad in self.first_bad)
        raise AppError(f"No row of “{name}” could be taken. {said}", "Is this its format?")

    def _add_problem(self, bad: BadRow) -> None:
        self._problems.write(msgspec.json.encode(bad) + b"\n")
        self.n_bad += 1
        if len(self.first_bad) < _N_SAID:
            self.first_bad.append(bad)

    def _add_row(self, row: Row) -> None:
        line = to_line(row)
        self._rows.write(line)
        self._entries.append(entry_of(row, IN_ROWS, self._offset, len(line) - 1))
        self._offset += len(line)
        self._next_id += 1
        self.n_rows += 1
        if len(self._entries) == _N_GATHERED:
            self._gather()

    def _gather(self) -> None:
        self._tables.append(table_of(self._entries))
        self._entries.clear()


def append_rows(source: Path, table: Table, target: Path, shift: int) -> Table:
    """Copy a file of rows behind those of another.

    Args:
        table: entries of the source.
        shift: what is added to each id; the ids are in the lines, too.

    Returns:
        Their entries in the target.

    Raises:
        OSError: the disk refuses; what was copied so far is the caller's to cut off.
    """
    with source.open("rb") as rows, target.open("ab") as file:
        end = os.fstat(file.fileno()).st_size
        if shift:
            file.writelines(_renumbered(line, shift) for line in rows)
        else:
            shutil.copyfileobj(rows, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
    table = table.copy()
    before = _n_digits(table["id"])
    table["id"] += shift
    table["n_bytes"] += _n_digits(table["id"]) - before
    table = as_in_rows(table)
    table["offset"] += end
    return table


def _renumbered(line: bytes, shift: int) -> bytes:
    found = _ID.match(line)
    assert found is not None, line[:60]
    return b'{"id":"%d"' % (int(found[1]) + shift) + line[found.end() :]


def _n_digits(ids: np.ndarray) -> np.ndarray:
    return np.char.str_len(ids.astype(str)).astype(np.int32)


def disk_full(error: OSError) -> AppError:
    return AppError("The rows could not be written.", "Check the disk's space.", str(error))
