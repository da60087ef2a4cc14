"""A dataset of the user folder: rows.jsonl, one row a line, which anyone can read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.process.tune_messages import Row
from finetune.data.rows import read_row


class Dataset:
    """An open dataset."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def n_rows(self) -> int:
        return sum(1 for _ in self.rows())

    def rows(self) -> Iterator[Row]:
        """All rows in their order, as edited; streamed."""
        with (self.folder / "rows.jsonl").open("rb") as file:
            for line in file:
                yield read_row(line)

    def row(self, row_id: str) -> Row | None:
        """The row of this id, None where there is none."""
        return next((row for row in self.rows() if row.id == row_id), None)


def is_dataset(folder: Path) -> bool:
    """Whether a path is a dataset's folder."""
    return (folder / "dataset.toml").is_file()
