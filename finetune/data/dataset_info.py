"""What a list of datasets tells of each."""

from __future__ import annotations

from pathlib import Path

from engine.process.tune_messages import DatasetInfo
from finetune.data.change_log import ChangeLog, read_log
from finetune.data.dataset import Dataset
from finetune.data.dataset_files import DatasetFiles, read_about
from finetune.data.problems import n_problems
from finetune.data.row_table import n_indexed


def info_of(dataset: Dataset) -> DatasetInfo:
    """Of an open dataset. Raises AppError where dataset.toml cannot be read."""
    return _info(dataset.files, dataset.log, dataset.n_rows, dataset.n_bytes)


def brief_info(folder: Path) -> DatasetInfo | None:
    """Of a dataset that is not opened for it; None where its index is not of its rows, or has not
    all of them. Raises AppError where dataset.toml cannot be read."""
    files = DatasetFiles(folder)
    log = read_log(files.changes)
    n_rows = n_indexed(files.index, files.rows)
    if n_rows is None or log.since or log.adding >= 0:
        return None
    return _info(files, log, n_rows, files.rows.stat().st_size)


def _info(files: DatasetFiles, log: ChangeLog, n_rows: int, n_bytes: int) -> DatasetInfo:
    about = read_about(files.about)
    return DatasetInfo(
        id=files.folder.name,
        name=about.name,
        path=str(files.folder),
        n_rows=n_rows,
        n_problems=n_problems(files.problems),
        format=about.format,
        source=", ".join(about.sources),
        n_bytes=n_bytes,
        n_edits=len(log.done),
        added_s=about.added_s,
        can_undo=log.done[-1].words if log.done else "",
        can_redo=log.undone[-1].words if log.undone else "",
    )
