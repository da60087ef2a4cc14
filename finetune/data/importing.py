"""Rows of a file into a dataset, and out of one into a file: long work, in turns."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import AppError
from engine.process.tune_messages import BadRow, FileLook, Row
from finetune.data.dataset import Dataset
from finetune.data.dataset_files import About
from finetune.data.datasets import MoreRows, NewDataset
from finetune.data.formats import N_LOOKED_AT, RowFile
from finetune.data.row_table import n_letters
from finetune.data.row_writer import RowWriter
from finetune.data.source_file import Record
from finetune.data.unfit import excerpt_of

TURN_S = 0.03
# What a look shows of a file: so many rows, fewer where they are huge.
_N_SHOWN = 20
_LETTERS_SHOWN = 2_000_000
_WORDS = {
    "messages": "conversations as OpenAI writes them (role, content)",
    "sharegpt": "conversations as ShareGPT writes them (from, value)",
    "alpaca": "instructions and outputs (Alpaca)",
    "prompt_completion": "questions and answers",
    "oasst": "trees of messages (OpenAssistant): of each its best path",
    "ultrachat": "conversations of taking turns (UltraChat)",
    "text": "texts, all of which is learned",
}


def look_at(path: Path, row_format: str, mapping: Mapping[str, str]) -> FileLook:
    """What a file is, by its first rows. Raises AppError where it cannot be read."""
    with RowFile(path, row_format, mapping) as file:
        columns: dict[str, str] = {}
        for record in itertools.islice(file.records(), N_LOOKED_AT):
            if isinstance(record, Record) and isinstance(record.value, dict):
                for name, value in record.value.items():
                    columns.setdefault(str(name), excerpt_of(value))
        rows: list[Row] = []
        problems: list[BadRow] = []
        n_letters_left = _LETTERS_SHOWN
        if file.format or file.mapping:
            for row in itertools.islice(file.rows(), N_LOOKED_AT):
                if isinstance(row, BadRow):
                    problems.append(row)
                elif len(rows) < _N_SHOWN and n_letters_left > 0:
                    rows.append(row)
                    n_letters_left -= n_letters(row)
        words = _WORDS.get(file.format, "columns of your choice" if file.mapping else "")
        kind = f"{file.kind}: {words or 'choose which of its columns are what'}"
        return FileLook(
            path=str(path),
            format=file.format,
            columns={} if file.kind == "text" else columns,
            rows=rows,
            problems=problems,
            n_bytes=path.stat().st_size,
            words=kind,
        )


def import_file(
    datasets: Path,
    path: Path,
    *,
    name: str = "",
    row_format: str = "",
    mapping: Mapping[str, str] | None = None,
    dataset: Dataset | None = None,
) -> Generator[float, None, Path]:
    """All rows of a file as a new dataset, or into one: whole, or nothing of them where it fails or
    is cancelled. Yields how far it is, 0 to 1. Returns the dataset's folder.

    Raises:
        AppError: the file cannot be read, no row could be taken, or the disk refuses.
    """
    with RowFile(path, row_format, mapping) as file:
        about = About(name or path.stem, file.format, (path.name,))
        new = NewDataset(datasets, about) if dataset is None else MoreRows(dataset, path.name)
        with new:
            yield from fill(new.writer, file)
            new.writer.check(path.name)
            return new.keep()


def fill(writer: RowWriter, file: RowFile, n_rows_max: int = 0) -> Generator[float, None, None]:
    """All rows of a file, or so many that the writer has n_rows_max (0: all). Yields how far it is,
    0 to 1. Raises AppError."""
    turn_s = time.monotonic() + TURN_S
    for row in file.rows():
        writer.add(row)
        if n_rows_max and writer.n_rows >= n_rows_max:
            break
        if time.monotonic() > turn_s:
            yield file.fraction
            turn_s = time.monotonic() + TURN_S


def export(dataset: Dataset, path: Path) -> Generator[float, None, None]:
    """All rows as a JSONL file of the messages format, whole or not at all. Yields how far it is.

    Raises:
        AppError: the disk refuses.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            turn_s = time.monotonic() + TURN_S
            for number, row in enumerate(dataset.rows()):
                file.write(msgspec.json.encode(as_record(row)) + b"\n")
                if time.monotonic() > turn_s:
                    yield number / dataset.n_rows
                    turn_s = time.monotonic() + TURN_S
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise AppError(
            f"“{path.name}” could not be written.", "Choose another place.", str(error)
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def as_record(row: Row) -> dict[str, Any]:
    """A row as OpenAI's format has it; a text as {"text": ...}."""
    if not row.messages:
        return {"text": row.text}
    messages = []
    for message in row.messages:
        said: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            said["tool_calls"] = message.tool_calls
        if message.name:
            said["name"] = message.name
        if message.tool_call_id:
            said["tool_call_id"] = message.tool_call_id
        if message.train is not None:
            said["train"] = message.train
        messages.append(said)
    return {"messages": messages, "tools": row.tools} if row.tools else {"messages": messages}
