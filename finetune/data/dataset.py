"""A dataset of the user folder: rows that can be read, changed, deleted and had back.

rows.jsonl has a row a line, by rising ids. A change is appended to changes.jsonl (change_log.py),
which is never rewritten in the middle, and stands from there on; now and then, at once where the
file is small, rows.jsonl is written anew, whole or not at all (folding.py). Whichever moment a
process dies at, both files together say the same. An import of many rows is appended to
rows.jsonl between two marks of the log.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.process.tune_messages import Row
from finetune.data.change_log import ChangeLog, Step, read_log
from finetune.data.dataset_files import DatasetFiles, is_dataset, read_about
from finetune.data.file_lock import locked
from finetune.data.folding import fold, is_due
from finetune.data.indexing import index_of
from finetune.data.row_lines import lines_of, open_rows, with_step
from finetune.data.row_table import (
    EDITED,
    ENTRY,
    Table,
    positions,
    save_index,
)
from finetune.data.row_writer import append_rows, disk_full
from finetune.data.rows import read_row, to_line

# Rows' JSON before and after.
Changed = Iterable[tuple[bytes | None, bytes | None]]
Numbers = npt.NDArray[np.int64]
__all__ = ["Dataset", "is_dataset", "opening"]


def opening(folder: Path) -> Generator[float, None, Dataset]:
    """A dataset opened; yields how far its index is, where that has to be made first.

    Raises:
        AppError: it is not there, or its rows cannot be read.
    """
    dataset = Dataset(folder, is_loaded=False)
    yield from dataset.load()
    return dataset


class Dataset:
    """An open dataset. Several may be open of one folder, in any process: each looks whether
    another has changed it.

    Attributes: files, table (entries of its rows as they are now, by id), log (its steps), version
    (another number after each change).

    Raises:
        AppError: as opening().
    """

    def __init__(self, folder: Path, is_loaded: bool = True) -> None:
        self.files = DatasetFiles(folder)
        self.about = read_about(self.files.about)
        self.table: Table = np.empty(0, ENTRY)
        self.version = 0
        self.log = ChangeLog(self.files.changes)
        self._state = (0, 0, 0)
        self._holder = 0  # the thread that holds the lock
        self._remembered: dict[str, Any] = {}
        self._remembered_at = -1
        if is_loaded:
            for _ in self.load():
                pass

    # ---- what is in it ----

    @property
    def folder(self) -> Path:
        return self.files.folder

    @property
    def n_rows(self) -> int:
        return len(self.table)

    @property
    def n_steps(self) -> int:
        """Steps that can be taken back."""
        return len(self.log.done)

    @property
    def can_undo(self) -> str:
        """What would be taken back, "" for nothing."""
        return self.log.done[-1].words if self.log.done else ""

    @property
    def can_redo(self) -> str:
        return self.log.undone[-1].words if self.log.undone else ""

    @property
    def n_bytes(self) -> int:
        """Of all its rows."""
        return int(self.table["n_bytes"].sum(dtype=np.int64)) + len(self.table)

    def rows(self) -> Iterator[Row]:
        """All rows in their order, as they are when this begins; streamed."""
        for line in self.lines():
            yield read_row(line)

    def row(self, row_id: str) -> Row | None:
        """The row of this id, None where there is none."""
        at = self.positions([row_id])
        return next(self.rows_at(at)) if at[0] >= 0 else None

    def rows_at(self, numbers: Numbers, version: int = -1) -> Iterator[Row]:
        """Rows by their places in the table. Args: version: as lines()."""
        return (read_row(line) for line in self.lines(numbers, version))

    def positions(self, ids: Sequence[str]) -> Numbers:
        """Places in the table of rows by id, -1 where there is none; shape (n,)."""
        return positions(self.table, np.array([_number(one) for one in ids], np.int64))

    def lines(self, numbers: Numbers | None = None, version: int = -1) -> Iterator[bytes]:
        """Rows as JSON, without line ends, as they are when this begins.

        Args:
            numbers: their places in the table; None: all.
            version: the one whose places these are; it has to be so still.

        Raises:
            AppError: the files cannot be read, or the version is another now.
        """
        with ExitStack() as stack:
            with self._locked(is_reading=True):
                self.expect(version)
                table = self.table if numbers is None else self.table[numbers]
                files = open_rows(self.files, table, stack)
            yield from lines_of(table, files)

    def expect(self, version: int) -> None:
        """Raises AppError where this is another version now; -1: any will do."""
        if version not in (-1, self.version):
            raise AppError("The dataset was changed meanwhile.", "Try again.")

    def remembered(self, name: str, find: Callable[[], Any]) -> Any:
        """What was found of its rows, until they change."""
        if self._remembered_at != self.version:
            self._remembered.clear()
            self._remembered_at = self.version
        if name not in self._remembered:
            self._remembered[name] = find()
        return self._remembered[name]

    # ---- changes ----

    def change(self, row: Row) -> None:
        """Put another row in the place of the one of its id; it is marked as edited.

        Raises:
            AppError: there is none, or the disk refuses.
        """
        with self._locked():
            before = self.row(row.id)
            if before is None:
                raise _gone()
            tags = row.tags if EDITED in row.tags else [*row.tags, EDITED]
            source = row.source or before.source
            after = msgspec.structs.replace(row, tags=tags, source=source)
            self._do("Change a row", [(_json(before), _json(after))])

    def delete(self, ids: Iterable[str]) -> int:
        """Take rows out, as one step; ids that are not there are passed over. Returns how many
        went. Raises AppError."""
        with self._locked():
            found = self.positions(list(dict.fromkeys(ids)))
            found = np.sort(found[found >= 0])
            if len(found):
                words = "Delete a row" if len(found) == 1 else f"Delete {len(found):,} rows"
                self._do(words, ((line, None) for line in self.lines(found)))
            return len(found)

    def add(self, rows: Sequence[Row]) -> list[str]:
        """Some rows more, with ids given anew, as one step. Returns their ids. Raises AppError."""
        with self._locked():
            first = self.next_id()
            ids = [str(first + number) for number in range(len(rows))]
            new = [
                msgspec.structs.replace(row, id=row_id)
                for row, row_id in zip(rows, ids, strict=True)
            ]
            if new:
                words = "Add a row" if len(new) == 1 else f"Add {len(new):,} rows"
                self._do(words, [(None, _json(row)) for row in new], first + len(new))
            return ids

    def undo(self, forward: bool = False) -> None:
        """Take the last step back, or (forward) do the last one taken back again; nothing where
        there is none. Raises AppError."""
        with self._locked():
            if (forward and self.log.undone) or (not forward and self.log.done):
                step = self.log.write_undo(forward)
                self._apply(step, forward)
                self._changed()

    def append(self, rows: Path, table: Table, first_id: int) -> None:
        """A file of many rows behind all others, whole or not at all. It cannot be taken back as a
        step.

        Args:
            table: entries of its rows, whose ids begin with first_id; where other rows got these
                meanwhile, they are given anew.

        Raises:
            AppError: the disk refuses.
        """
        with self._locked():
            if self.log.since:
                self._fold()
            end = self.files.rows.stat().st_size
            self.log.mark("adding", offset=end)
            try:
                added = append_rows(rows, table, self.files.rows, self.next_id() - first_id)
            except OSError as error:
                self._cut_off(end)
                raise disk_full(error) from error
            self.log.mark("added", next_id=int(added["id"][-1]) + 1)
            self.table = np.concatenate([self.table, added])
            if not self.log.since:
                # Without it the next to open it looks through the rows.
                with suppress(AppError, OSError):
                    save_index(self.files.index, self.table, self.files.rows)
            self._changed()

    def next_id(self) -> int:
        """The first id that no row ever had."""
        last = int(self.table["id"][-1]) if len(self.table) else 0
        return max(last + 1, self.log.next_id)

    def _do(self, words: str, rows: Changed, next_id: int = 0) -> None:
        step = self.log.write_step(words, rows, next_id or self.next_id())
        self._apply(step, True)
        self._changed()

    def _apply(self, step: Step, forward: bool) -> None:
        self.table = with_step(self.table, self.log, step, forward)
        self.version += 1

    # ---- with the disk ----

    def load(self) -> Generator[float, None, None]:
        """Read it anew. Yields how far it is. Raises AppError."""
        with locked(self.files.lock, is_reading=True):
            yield from self._load()

    def is_current(self) -> bool:
        """Whether the files are as they were when it was read."""
        return self._state == self._disk_state()

    def _load(self) -> Generator[float, None, None]:
        self.about = read_about(self.files.about)
        self.log = read_log(self.files.changes)
        if self.log.adding >= 0:
            self._cut_off(self.log.adding)
        self.table = yield from index_of(self.files)
        # Rows that had to be mended have lost their steps.
        self.log = read_log(self.files.changes)
        for step, forward in self.log.since:
            self._apply(step, forward)
        self._state = self._disk_state()
        self.version += 1

    @contextmanager
    def _locked(self, is_reading: bool = False) -> Iterator[None]:
        """Nobody else changes the files meanwhile, and this knows them as they are."""
        if self._holder == threading.get_ident():
            yield
            return
        with locked(self.files.lock, is_reading):
            self._holder = threading.get_ident()
            try:
                if not self.is_current():
                    for _ in self._load():
                        pass
                yield
            finally:
                self._holder = 0

    def _disk_state(self) -> tuple[int, int, int]:
        try:
            rows = self.files.rows.stat()
        except OSError:
            return (-1, 0, 0)
        return (rows.st_size, rows.st_mtime_ns, self.log.n_bytes())

    def _changed(self) -> None:
        """After a change that is on the disk: rows.jsonl follows where that is due."""
        self.version += 1
        if is_due(self.files, self.table, self.log):
            self._fold()
        self._state = self._disk_state()

    def _fold(self) -> None:
        table = fold(self.files, self.table, self.log, self.next_id())
        if table is not None:
            self.table, self.log = table, read_log(self.files.changes)

    def _cut_off(self, end: int) -> None:
        """Rows that were being appended when their writer died were never there."""
        os.truncate(self.files.rows, end)
        self.log.mark("added")


def _number(row_id: str) -> int:
    """An id as the number it is; -1 for what is none."""
    return int(row_id) if row_id.isascii() and row_id.isdigit() and len(row_id) < 19 else -1


def _json(row: Row) -> bytes:
    return to_line(row)[:-1]


def _gone() -> AppError:
    return AppError("This row is not there any more.", "It was deleted, perhaps meanwhile.")
