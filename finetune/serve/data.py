"""Requests about datasets and their rows.

All of them are jobs on one thread: a dataset is open once, and changes follow one another.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from engine.errors import AppError
from engine.paths import Paths
from engine.process import tune_messages as m
from engine.process.jobs import JobGenerator
from engine.process.messages import AnyRequest, AnyResult, Nothing, Progress
from engine.tokens.opened import Tokenizers
from finetune.data import datasets
from finetune.data.dataset import Dataset, opening
from finetune.data.dataset_files import read_about
from finetune.data.dataset_info import brief_info, info_of
from finetune.data.dataset_view import DatasetView
from finetune.data.duplicate_groups import find_groups
from finetune.data.import_hub import import_hub
from finetune.data.importing import export, import_file, look_at
from finetune.data.kinds import checked
from finetune.data.problems import read_problems
from finetune.data.unfit import UnfitError

T = TypeVar("T")
# A generator of how far something is, 0 to 1.
Steps = Generator[float, None, T]


@dataclass
class Shared:
    """What the worker's servers share. kept: whatever else is worth keeping open, by name."""

    paths: Paths
    tokenizers: Tokenizers
    kept: dict[str, Any] = field(default_factory=dict)


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    serve = _SERVERS.get(type(request))
    return None if serve is None else serve(request, shared)


def open_dataset(shared: Shared, dataset_id: str) -> Generator[Any, None, Dataset]:
    """A dataset by its id or its folder's path; open once in this worker, and as it is on the disk.

    Raises:
        AppError: it is not there, or its rows cannot be read.
    """
    opened: dict[Path, Dataset | None] = shared.kept.setdefault("datasets", {})
    folder = datasets.folder_of(shared.paths.datasets, dataset_id)
    while folder in opened and opened[folder] is None:
        yield None  # another job is opening it
    found = opened.get(folder)
    if found is not None and found.is_current():
        return found
    opened[folder] = None
    try:
        found = yield from _told(opening(folder), "reading")
        opened[folder] = found
    finally:
        if opened[folder] is None:
            del opened[folder]
    return found


def _told(steps: Steps[T], what: str) -> Generator[Progress, None, T]:
    """Steps as Progress."""
    try:
        while True:
            fraction = next(steps)
            yield Progress(job=0, fraction=fraction, what=what)
    except StopIteration as stop:
        found: T = stop.value
        return found
    finally:
        steps.close()


def _view(shared: Shared, dataset: Dataset) -> DatasetView:
    views: dict[Path, tuple[Dataset, DatasetView]] = shared.kept.setdefault("views", {})
    known = views.get(dataset.folder)
    if known is None or known[0] is not dataset:
        known = views[dataset.folder] = (dataset, DatasetView(dataset))
    return known[1]


# ---- datasets ----


def _list(request: m.ListDatasets, shared: Shared) -> JobGenerator:
    datasets.sweep(shared.paths.datasets)
    items = []
    for folder in datasets.find_datasets(shared.paths.datasets):
        info = brief_info(folder)
        if info is None:
            info = yield from _full_info(shared, folder)
        items.append(info)
    return m.DatasetList(items)


def _full_info(shared: Shared, folder: Path) -> Generator[Any, None, m.DatasetInfo]:
    """Of a dataset whose index has to be made first; one that cannot be read says so in the list,
    which has the others too."""
    try:
        return info_of((yield from open_dataset(shared, folder.name)))
    except AppError as error:
        about = read_about(folder / "dataset.toml")
        return m.DatasetInfo(folder.name, about.name, str(folder), 0, source=error.message)


def _rename(request: m.RenameDataset, shared: Shared) -> JobGenerator:
    dataset = yield from open_dataset(shared, request.dataset)
    datasets.rename(dataset.folder, request.name)
    return info_of(dataset)


def _delete(request: m.DeleteDataset, shared: Shared) -> JobGenerator:
    if request.restore:
        datasets.restore(shared.paths.datasets, request.dataset)
    else:
        folder = datasets.folder_of(shared.paths.datasets, request.dataset)
        datasets.delete(shared.paths.datasets, request.dataset)
        for name in ("datasets", "views"):
            shared.kept.get(name, {}).pop(folder, None)
    return (yield from _list(m.ListDatasets(job=request.job), shared))


def _export(request: m.ExportDataset, shared: Shared) -> JobGenerator:
    dataset = yield from open_dataset(shared, request.dataset)
    yield from _told(export(dataset, Path(request.path)), "writing")
    return Nothing()


# ---- rows that come ----


def _look(request: m.LookAtFile, shared: Shared) -> JobGenerator:
    yield None
    return look_at(Path(request.path), request.format, request.mapping)


def _import(request: m.ImportFile, shared: Shared) -> JobGenerator:
    dataset = None
    if request.dataset:
        dataset = yield from open_dataset(shared, request.dataset)
    steps = import_file(
        shared.paths.datasets,
        Path(request.path),
        name=request.name,
        row_format=request.format,
        mapping=request.mapping,
        dataset=dataset,
    )
    folder = yield from _told(steps, "reading")
    return info_of((yield from open_dataset(shared, folder.name)))


def _import_hub(request: m.ImportHub, shared: Shared) -> JobGenerator:
    folder = yield from import_hub(
        shared.paths.datasets,
        shared.paths.cache / "hub",
        request.repository.strip(),
        file=request.file,
        name=request.name,
        n_rows_max=request.n_rows_max,
    )
    return info_of((yield from open_dataset(shared, folder.name)))


def _add(request: m.AddRows, shared: Shared) -> JobGenerator:
    rows = [_checked(row, number) for number, row in enumerate(request.rows, 1)]
    rows = [msgspec.structs.replace(row, source=row.source or request.source) for row in rows]
    if request.dataset:
        dataset = yield from open_dataset(shared, request.dataset)
        dataset.add(rows)
        datasets.add_source(dataset, request.source)
        return info_of(dataset)
    if not rows:
        raise AppError("There is no row to keep.", "Write one, or choose some.")
    name = request.name or "My rows"
    folder = datasets.create(shared.paths.datasets, name, rows, request.source)
    return info_of((yield from open_dataset(shared, folder.name)))


def _checked(row: m.Row, number: int) -> m.Row:
    try:
        return checked(row)
    except UnfitError as error:
        raise AppError(f"Row {number} cannot be kept. {error}", "Mend it and try again.") from error


# ---- rows that are there ----


def _read(request: m.ReadRows, shared: Shared) -> JobGenerator:
    dataset = yield from open_dataset(shared, request.dataset)
    return (yield from _told(_view(shared, dataset).page(request), "searching"))


def _change(request: m.ChangeRow, shared: Shared) -> JobGenerator:
    dataset = yield from open_dataset(shared, request.dataset)
    try:
        row = checked(request.row)
    except UnfitError as error:
        raise AppError(f"The row cannot be kept so. {error}", "Mend it and try again.") from error
    dataset.change(row)
    return info_of(dataset)


def _delete_rows(request: m.DeleteRows, shared: Shared) -> JobGenerator:
    dataset = yield from open_dataset(shared, request.dataset)
    dataset.delete(request.ids)
    return info_of(dataset)


def _undo(request: m.UndoRows, shared: Shared) -> JobGenerator:
    dataset = yield from open_dataset(shared, request.dataset)
    dataset.undo(request.forward)
    return info_of(dataset)


def _problems(request: m.ReadProblems, shared: Shared) -> JobGenerator:
    yield None
    folder = datasets.folder_of(shared.paths.datasets, request.dataset)
    return read_problems(folder / "problems.jsonl", request.start, request.count)


def _duplicates(request: m.FindDuplicates, shared: Shared) -> JobGenerator:
    dataset = yield from open_dataset(shared, request.dataset)
    threshold = min(1.0, max(0.1, request.threshold))
    groups = yield from _told(find_groups(dataset, request.near, threshold), "comparing")
    return m.Duplicates(groups)


_SERVERS: dict[type, Callable[[Any, Shared], JobGenerator]] = {
    m.ListDatasets: _list,
    m.RenameDataset: _rename,
    m.DeleteDataset: _delete,
    m.ExportDataset: _export,
    m.LookAtFile: _look,
    m.ImportFile: _import,
    m.ImportHub: _import_hub,
    m.AddRows: _add,
    m.ReadRows: _read,
    m.ChangeRow: _change,
    m.DeleteRows: _delete_rows,
    m.UndoRows: _undo,
    m.ReadProblems: _problems,
    m.FindDuplicates: _duplicates,
}
