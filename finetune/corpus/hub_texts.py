"""Texts of a dataset on the hub: fetched into a folder, and no more of them than is wanted.

Of Parquet only the column of texts is fetched, and of that only as many groups of rows as it takes:
50 MB of a 2 GB file are some 30 MB on the wire. Of a plain text or JSONL, its beginning.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import AppError
from engine.models.hub import errors_in_words
from engine.process.pretrain_messages import CorpusSource, SourceLook
from finetune.corpus.document import size_words
from finetune.corpus.hub_place import folder_of, split_repository
from finetune.corpus.looking import look
from finetune.corpus.table_file import best_column
from finetune.data.hub import HubFile, chosen, list_files, place_of, ranged
from finetune.data.import_hub import beside, fetched

# Of a look: so many bytes of a text, so many rows of Parquet.
_LOOK_BYTES, _LOOK_ROWS = 1 << 16, 8
_REQUEST_BYTES = 1 << 16
Report = Callable[[float], None]


def fetched_source(source: CorpusSource, cache: Path) -> Generator[Any, None, CorpusSource]:
    """A source of the hub as one that can be read from the disk. Yields Progress, or None.

    Raises:
        AppError: the hub refuses or cannot be reached, there is no such file, or the disk is full.
    """
    repository, revision = split_repository(source.repository)
    files = yield from beside(
        lambda _: chosen(list_files(repository, revision), source.path, repository)
    )
    folder = folder_of(source, cache)
    n_bytes = 0
    for number, one in enumerate(files):
        done = number / len(files)
        most = source.most_bytes - n_bytes
        if not source.most_bytes or one.n_bytes <= most or _is_packed(one):
            yield from fetched(one, folder, done, len(files))
        else:
            yield from beside(_beginning(one, folder, source.column, most))
        n_bytes += one.n_bytes
        if source.most_bytes and n_bytes >= source.most_bytes:
            break
    path = str(folder / files[0].commit)
    return msgspec.structs.replace(source, kind="path", path=path, repository="")


def look_at_hub(source: CorpusSource) -> Generator[Any, None, SourceLook]:
    """What would be fetched: which files, how much, their columns, and the beginning of the first
    texts, for which a few pieces of the first file are fetched. Yields None.

    Returns:
        SourceLook; its problem says why the hub refuses, or cannot be reached.
    """
    repository, revision = split_repository(source.repository)
    try:
        if "/" not in repository:
            raise AppError("That is no dataset's name.", "It reads owner/name.")
        files = yield from beside(
            lambda _: chosen(list_files(repository, revision), source.path, repository)
        )
        first = yield from beside(lambda _: _first_look(files[0], source.column))
    except AppError as error:
        return SourceLook(words="", problem=error.message, hint=error.hint)
    n_bytes = sum(one.n_bytes for one in files)
    names = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    most = source.most_bytes
    words = f"{names}, {size_words(n_bytes)}"
    if most and n_bytes > most:
        words += f"; the first {size_words(most)} of it are taken"
    return msgspec.structs.replace(first, words=words, n_files=len(files), n_bytes=n_bytes)


def _first_look(file: HubFile, column: str) -> SourceLook:
    """A file by its beginning. Raises AppError."""
    if _is_packed(file):
        return SourceLook(words="", column=column)
    with tempfile.TemporaryDirectory(prefix="bathysphere-") as folder:
        path = Path(folder, Path(file.name).name)
        columns: list[str] = []
        with errors_in_words(file.repository):
            if is_parquet(file):
                columns, column = _take_first_rows(file, path, column)
            else:
                _take_bytes(file, path, _LOOK_BYTES, lambda _: None)
        found = look(CorpusSource("path", str(path), column=column))
    if found.problem:
        raise AppError(found.problem, found.hint)
    return msgspec.structs.replace(found, columns=columns or found.columns)


def _is_packed(file: HubFile) -> bool:
    """Whether its beginning alone cannot be read."""
    return file.name.lower().endswith((".gz", ".json"))


def is_parquet(file: HubFile) -> bool:
    return file.name.lower().endswith(".parquet")


def _beginning(file: HubFile, folder: Path, column: str, most: int) -> Callable[[Report], Path]:
    """What fetches as much of a file as is wanted."""
    target = place_of(file, folder)
    part = target.with_name(f".{target.name}.part")

    def work(report: Report) -> Path:
        if not target.exists():
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with errors_in_words(file.repository):
                    if is_parquet(file):
                        _take_rows(file, part, column, most, report)
                    else:
                        _take_bytes(file, part, most, report)
                os.replace(part, target)
            except OSError as error:
                raise AppError(
                    "The file could not be kept.", "Check the disk's space.", str(error)
                ) from error
        return target

    return work


def _take_bytes(file: HubFile, part: Path, most: int, report: Report) -> None:
    with ranged(file, 0, most) as answer, part.open("wb") as target:
        for piece in answer.iter_raw():
            target.write(piece)
            report(min(1.0, target.tell() / most))
            if target.tell() >= most:  # who does not know ranges sends all
                break


def _take_rows(file: HubFile, part: Path, column: str, most: int, report: Report) -> None:
    """The column of texts, group after group of rows, until it is enough."""
    import pyarrow.parquet

    with _damage_in_words(file):
        table, _, column = _opened(file, column, 0)
        schema = pyarrow.schema([table.schema_arrow.field(column)])
        n = 0
        with pyarrow.parquet.ParquetWriter(part, schema) as target:
            for group in range(table.num_row_groups):
                rows = table.read_row_group(group, [column], use_threads=False)
                target.write_table(rows)
                n += rows.nbytes
                report(min(1.0, n / most))
                if n >= most:
                    break


def _take_first_rows(file: HubFile, path: Path, column: str) -> tuple[list[str], str]:
    """A few texts. Returns the columns that have some, and which of them it is."""
    import pyarrow
    import pyarrow.parquet

    with _damage_in_words(file):
        table, columns, column = _opened(file, column, _REQUEST_BYTES)
        batches = table.iter_batches(_LOOK_ROWS, [0], [column], use_threads=False)
        pyarrow.parquet.write_table(pyarrow.Table.from_batches([next(batches)]), path)
    return columns, column


def _opened(file: HubFile, column: str, buffer_bytes: int) -> tuple[Any, list[str], str]:
    """A Parquet file of the hub, its columns of texts, and the one that is asked for or fits.
    buffer_bytes: of a column so much is fetched at once; 0: all that a group of rows has."""
    import pyarrow.parquet

    remote = io.BufferedReader(_Remote(file), _REQUEST_BYTES)
    table = pyarrow.parquet.ParquetFile(remote, buffer_size=buffer_bytes)
    texts = [one.name for one in table.schema_arrow if str(one.type) in ("string", "large_string")]
    column = column or best_column(dict.fromkeys(texts, 0))
    if column not in texts or not table.num_row_groups:
        raise AppError(
            f"“{file.name}” has no column “{column}” with texts.",
            f"It has: {', '.join(texts) or 'none'}.",
        )
    return table, texts, column


@contextmanager
def _damage_in_words(file: HubFile) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except pyarrow.ArrowException as error:
        raise AppError(
            f"“{file.name}” is no Parquet file, or is damaged.", "Choose another.", str(error)
        ) from error


class _Remote(io.RawIOBase):
    """A file of the hub as one that can be read at any place."""

    def __init__(self, file: HubFile) -> None:
        self._file, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.n_bytes}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, target: Any) -> int:
        end = min(self._at + len(target), self._file.n_bytes)
        n = 0
        if self._at < end:
            with ranged(self._file, self._at, end) as answer:
                for piece in answer.iter_raw():
                    some = piece[: len(target) - n]
                    target[n : n + len(some)] = some
                    n += len(some)
        self._at += n
        return n
