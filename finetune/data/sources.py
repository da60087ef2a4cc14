"""Where rows come from, for whoever reads all of them: a dataset of the user folder, or a file of
any kind that formats.py knows; one streamed way to read both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.process.tune_messages import BadRow, Row
from finetune.data.dataset import Dataset
from finetune.data.dataset_files import DatasetFiles, is_dataset
from finetune.data.formats import RowFile
from finetune.data.row_table import n_letters

_BATCH_ROWS = 64
_BATCH_LETTERS = 400_000


@dataclass
class RowSource:
    """Rows, read once. n_rows: how many there will be, -1 where nobody knows before the end."""

    _rows: Iterator[Row | BadRow]
    _file: RowFile | None
    n_rows: int = -1
    n_read: int = 0

    @property
    def fraction(self) -> float:
        """How far it was read, 0 to 1."""
        if self._file is not None:
            return self._file.fraction
        return self.n_read / self.n_rows if self.n_rows else 1.0

    def __iter__(self) -> Iterator[Row | BadRow]:
        for one in self._rows:
            self.n_read += 1
            yield one


@contextmanager
def open_source(path: Path, row_format: str = "") -> Iterator[RowSource]:
    """A dataset's folder, or a file.

    Raises:
        AppError: it is not there, or is neither.
    """
    if is_dataset(path):
        dataset = Dataset(path)
        yield RowSource(dataset.rows(), None, dataset.n_rows)
        return
    with RowFile(path, row_format) as file:
        yield RowSource(file.rows(), file)


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Some rows at a time, fewer of long ones: what is rendered in one round trip."""
    batch: list[Row] = []
    n = 0
    for row in rows:
        batch.append(row)
        n += n_letters(row)
        if len(batch) >= _BATCH_ROWS or n >= _BATCH_LETTERS:
            yield batch
            batch, n = [], 0
    if batch:
        yield batch


def state_of_source(path: Path) -> list[object]:
    """What changes when its rows do: sizes and times of its files."""
    files = DatasetFiles(path)
    names = [files.rows, files.changes] if is_dataset(path) else [path]
    return [str(path.absolute()), *(_state(name) for name in names)]


def _state(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]
