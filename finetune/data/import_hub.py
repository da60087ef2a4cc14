"""A dataset of the hub into one of ours: its files fetched one after the other, each read as it is
there. What was fetched is let go once its rows are kept, and gone on with where it broke off.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import JobCancelledError
from engine.process.jobs import in_thread
from engine.process.messages import Nothing, Progress
from finetune.data.dataset_files import About
from finetune.data.datasets import NewDataset
from finetune.data.formats import RowFile
from finetune.data.importing import fill

T = TypeVar("T")
# Of a file's time, what the fetching takes.
_FETCHING = 0.7


def import_hub(
    datasets: Path,
    cache: Path,
    repository: str,
    *,
    file: str = "",
    name: str = "",
    n_rows_max: int = 0,
) -> Generator[Any, None, Path]:
    """Rows of a repository's file, or of its first with all its parts, as a new dataset. Yields
    Progress, or None. Returns the dataset's folder.

    Raises:
        AppError: the hub refuses or cannot be reached, no row could be taken, or the disk refuses.
    """
    from finetune.data.hub import chosen, list_files

    files = yield from beside(lambda _: chosen(list_files(repository), file, repository))
    folder = cache / repository.replace("/", "--")
    about = About(name or repository.split("/")[-1], sources=(repository,))
    paths: list[Path] = []
    row_format = ""
    with NewDataset(datasets, about) as new:
        for number, one in enumerate(files):
            paths.append((yield from fetched(one, folder, number / len(files), len(files))))
            with RowFile(paths[-1], row_format) as rows:
                row_format = rows.format
                for fraction in fill(new.writer, rows, n_rows_max):
                    done = number + _FETCHING + (1 - _FETCHING) * fraction
                    yield Progress(job=0, fraction=done / len(files), what="reading")
            if n_rows_max and new.writer.n_rows >= n_rows_max:
                break
        new.writer.check(files[0].name)
        kept = new.keep(row_format)
    for path in paths:
        path.unlink(missing_ok=True)
    return kept


def fetched(file: Any, folder: Path, done: float, n_files: int) -> Generator[Any, None, Path]:
    """A file of the hub in a folder, fetched on a thread of its own. Yields Progress, or None.
    Raises AppError."""
    from finetune.data.hub import fetch

    def work(report: Callable[[float], None]) -> Path:
        steps = fetch(file, folder)
        while True:
            try:
                report(done + _FETCHING * next(steps) / n_files)
            except StopIteration as stop:
                path: Path = stop.value
                return path

    return (yield from beside(work))


def beside(work: Callable[[Callable[[float], None]], T]) -> Generator[Any, None, T]:
    """What waits for the net, on a thread of its own, so that other jobs have their turns.

    Args:
        work: gets report(fraction), which ends it once the job is cancelled.
    """
    found: list[T] = []

    def run(report: Callable[[Any], bool]) -> Nothing:
        def tell(fraction: float) -> None:
            if not report(Progress(job=0, fraction=fraction, what="fetching")):
                raise JobCancelledError

        found.append(work(tell))
        return Nothing()

    yield from in_thread(run)
    return found[0]
