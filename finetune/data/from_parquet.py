"""Parquet, through pyarrow: some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.errors import AppError
from engine.process.tune_messages import BadRow
from finetune.data.source_file import Record, SourceFile

_N_AT_ONCE = 256


def records(file: SourceFile) -> Iterator[Record | BadRow]:
    """Its rows as objects; a record's line is the number of its row, from 1.

    Raises:
        AppError: it is no Parquet.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(file.raw(), pre_buffer=False)
    except (pyarrow.ArrowException, OSError) as error:
        raise AppError(
            f"“{file.path.name}” is no Parquet file, or is damaged.",
            "Fetch it again.",
            str(error),
        ) from error
    number = 1
    try:
        for batch in table.iter_batches(_N_AT_ONCE, use_threads=False):
            for row in _rows(batch, number):
                yield row
                number += 1
    except (pyarrow.ArrowException, OSError) as error:
        yield BadRow(number, f"The file is damaged from this row on ({_brief(error)}).", "")


def _rows(batch: Any, number: int) -> Iterator[Record | BadRow]:
    try:
        for index, row in enumerate(batch.to_pylist()):
            yield Record(number + index, row)
    except UnicodeDecodeError:
        for index in range(batch.num_rows):
            try:
                yield Record(number + index, batch.slice(index, 1).to_pylist()[0])
            except UnicodeDecodeError as error:
                yield BadRow(number + index, f"It is not UTF-8 text ({_brief(error)}).", "")


def _brief(error: Exception) -> str:
    return str(error).split("\n")[0][:120]
