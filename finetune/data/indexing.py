"""rows.jsonl looked through: makes its index where there is none of it, and mends ids where a
person has edited the file by hand.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from engine.errors import AppError
from engine.process.tune_messages import BadRow, Row
from finetune.data.dataset_files import DatasetFiles
from finetune.data.kinds import Content, content_of
from finetune.data.row_table import IN_ROWS, Table, entry_of, read_index, save_index, table_of
from finetune.data.row_writer import RowWriter
from finetune.data.rows import read_row
from finetune.data.source_file import MAX_ROW_BYTES
from finetune.data.unfit import UnfitError, excerpt_of, parse_json

_N_AT_ONCE = 500
# What one byte of a file is at most as JSON.
_MAX_LINE_BYTES = MAX_ROW_BYTES * 8


def index_of(files: DatasetFiles) -> Generator[float, None, Table]:
    """The table of rows.jsonl: read, or made anew. Yields how far it is, 0 to 1.

    Raises:
        AppError: rows.jsonl cannot be read.
    """
    try:
        table = read_index(files.index, files.rows)
        if table is not None:
            return table
        made = yield from _look_through(files.rows)
        if made is None:
            yield from _mend(files)
            made = yield from _look_through(files.rows)
            assert made is not None, "mended rows have ids that rise"
        _keep(files, made)
        return made
    except OSError as error:
        raise unreadable(error) from error


def unreadable(error: OSError) -> AppError:
    return AppError("The dataset's rows cannot be read.", "Is its folder whole?", str(error))


def _keep(files: DatasetFiles, table: Table) -> None:
    try:
        save_index(files.index, table, files.rows)
    except (AppError, OSError):
        return  # a folder that takes no files: it is made again next time


def _look_through(path: Path) -> Generator[float, None, Table | None]:
    """The entries of all rows, None where a line is no row or an id does not rise."""
    entries: list[tuple[Any, ...]] = []
    last, offset = 0, 0
    with path.open("rb") as file:
        n_bytes = max(1, os.fstat(file.fileno()).st_size)
        while line := file.readline(_MAX_LINE_BYTES):
            try:
                row = read_row(line)
                entry = entry_of(row, IN_ROWS, offset, len(line.rstrip(b"\r\n")))
            except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError):
                return None
            # Ids are written as they are read: "7", and never "07" or "+7".
            if entry[0] <= last or str(entry[0]) != row.id or not line.endswith(b"\n"):
                return None
            last = entry[0]
            entries.append(entry)
            offset += len(line)
            if len(entries) % _N_AT_ONCE == 0:
                yield offset / n_bytes
    return table_of(entries)


def _mend(files: DatasetFiles) -> Generator[float, None, None]:
    """Give all rows new ids. Lines that are no rows become problems, and the file as it was found
    is kept beside; steps go, as they name rows that now have other ids."""
    new, bad = files.folder / ".rows.part", files.folder / ".problems.part"
    writer = RowWriter(new, bad, 1)
    try:
        with files.rows.open("rb") as file:
            n_bytes = max(1, os.fstat(file.fileno()).st_size)
            for number, row in enumerate(_rows_of(file), 1):
                writer.add(row)
                if number % _N_AT_ONCE == 0:
                    yield file.tell() / n_bytes
        writer.close()
    except BaseException:
        writer.abandon()
        raise
    if writer.n_bad:
        with files.problems.open("ab") as problems:
            problems.write(bad.read_bytes())
        os.replace(files.rows, files.folder / "rows-as-found.jsonl")
    bad.unlink()
    files.changes.unlink(missing_ok=True)
    os.replace(new, files.rows)


def _rows_of(file: BinaryIO) -> Iterator[Row | BadRow]:
    number = 0
    while line := file.readline(_MAX_LINE_BYTES):
        number += 1
        if line.strip():
            yield _row_of(number, line)


def _row_of(number: int, line: bytes) -> Row | BadRow:
    try:
        row = read_row(line)
        if row.messages or row.text:
            return row
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        content = _content(parse_json(line))
    except UnfitError as error:
        return BadRow(number, str(error), excerpt_of(line), "rows.jsonl")
    return Row("", content.messages, content.text, content.tools, f"rows.jsonl:{number}")


def _content(value: Any) -> Content:
    is_text = isinstance(value, dict) and "text" in value and "messages" not in value
    return content_of(value, "text" if is_text else "messages")
