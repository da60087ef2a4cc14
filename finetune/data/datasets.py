"""The datasets of the user folder: made, found, called otherwise, deleted and had back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from engine.errors import AppError
from engine.process.tune_messages import BadRow, Row
from finetune.data.dataset import Dataset
from finetune.data.dataset_files import About, DatasetFiles, is_dataset, read_about, write_about
from finetune.data.row_table import save_index
from finetune.data.row_writer import RowWriter, disk_full
from finetune.data.user_folders import (
    folders,
    into_trash,
    is_left,
    moved,
    out_of_trash,
    part_name,
    sweep_folders,
)
from finetune.run.folder import slug


def find_datasets(datasets: Path) -> list[Path]:
    """Folders of all datasets, newest first."""
    try:
        found = [one for one in datasets.iterdir() if one.name[0] != "." and is_dataset(one)]
    except OSError:
        return []
    return sorted(found, key=lambda one: (-read_about(one / "dataset.toml").added_s, one.name))


def folder_of(datasets: Path, dataset_id: str) -> Path:
    """The folder of a dataset by its id, or by the path of a folder that is one.

    Raises:
        AppError: there is none.
    """
    path = Path(dataset_id)
    folder = path if path.is_absolute() else datasets / dataset_id
    is_name = dataset_id not in ("", ".", "..") and (path.is_absolute() or len(path.parts) == 1)
    if not is_name or not is_dataset(folder):
        raise AppError(
            "This dataset is not there any more.", "It was deleted, perhaps in another window."
        )
    return folder


class NewDataset:
    """A dataset being written: there, whole, after keep(); not at all otherwise. Use with `with`.

    Args:
        name: what people call it.

    Raises:
        AppError: the disk refuses.
    """

    def __init__(self, datasets: Path, about: About) -> None:
        self._datasets, self._about = datasets, about
        self._part = datasets / part_name(slug(about.name) or "dataset")
        self._files = DatasetFiles(self._part)
        try:
            self._part.mkdir(parents=True)
            self.writer = RowWriter(self._files.rows, self._files.problems, 1)
        except OSError as error:
            raise disk_full(error) from error

    def __enter__(self) -> NewDataset:
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.abandon()
        shutil.rmtree(self._part, ignore_errors=True)

    def keep(self, row_format: str = "") -> Path:
        """All rows are written: the folder it is in now. Raises AppError."""
        self.writer.close()
        about = replace(self._about, format=row_format or self._about.format, added_s=time.time())
        write_about(self._files.about, about)
        try:
            save_index(self._files.index, self.writer.table(), self._files.rows)
            return moved(self._part, self._datasets, slug(about.name) or "dataset")
        except OSError as error:
            raise disk_full(error) from error


class MoreRows:
    """Rows for a dataset that is there, written beside it first. Use with `with`.

    Raises:
        AppError: the disk refuses.
    """

    def __init__(self, dataset: Dataset, source: str) -> None:
        self._dataset, self._source = dataset, source
        self._first_id = dataset.next_id()
        self._rows = dataset.folder / part_name("rows")
        self._problems = dataset.folder / part_name("problems")
        try:
            self.writer = RowWriter(self._rows, self._problems, self._first_id)
        except OSError as error:
            raise disk_full(error) from error

    def __enter__(self) -> MoreRows:
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.abandon()
        self._rows.unlink(missing_ok=True)
        self._problems.unlink(missing_ok=True)

    def keep(self, row_format: str = "") -> Path:
        """All rows are written: into the dataset with them. Raises AppError."""
        self.writer.close()
        self._dataset.append(self._rows, self.writer.table(), self._first_id)
        try:
            if self.writer.n_bad:
                with self._dataset.files.problems.open("ab") as file:
                    file.write(self._problems.read_bytes())
        except OSError as error:
            raise disk_full(error) from error
        add_source(self._dataset, self._source)
        return self._dataset.folder


def add_source(dataset: Dataset, source: str) -> None:
    """Note where more rows came from. Raises AppError."""
    about = read_about(dataset.files.about)
    if source and source not in about.sources:
        write_about(dataset.files.about, replace(about, sources=(*about.sources, source)))


def rename(folder: Path, name: str) -> None:
    """What people call it; the folder keeps its own name. Raises AppError."""
    if not name.strip():
        raise AppError("A dataset needs a name.", "Type one.")
    about = read_about(folder / "dataset.toml")
    write_about(folder / "dataset.toml", replace(about, name=name.strip()))


# ---- the trash ----


def delete(datasets: Path, dataset_id: str) -> None:
    """Into the trash; restore() has it back. Raises AppError."""
    into_trash(datasets, folder_of(datasets, dataset_id), "dataset")


def restore(datasets: Path, dataset_id: str) -> Path:
    """Back from the trash. Returns its folder, which has another name where that was taken.

    Raises:
        AppError: it is not there any more.
    """
    return out_of_trash(datasets, dataset_id, "dataset", is_dataset)


def sweep(datasets: Path) -> None:
    """Let go what was deleted long ago, and what imports that were killed have left."""
    sweep_folders(datasets)
    for folder in folders(datasets):
        for part in filter(is_left, folder.glob(".*.part")):
            part.unlink(missing_ok=True)


def create(datasets: Path, name: str, rows: Iterable[Row | BadRow], source: str = "") -> Path:
    """A dataset of some rows, at once. Returns its folder. Raises AppError."""
    with NewDataset(datasets, About(name, sources=(source,) if source else ())) as new:
        for row in rows:
            new.writer.add(row)
        return new.keep("messages")
