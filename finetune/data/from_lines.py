"""JSONL: a JSON value a line."""

from __future__ import annotations

from collections.abc import Iterator

from engine.process.tune_messages import BadRow
from finetune.data.source_file import Record, SourceFile
from finetune.data.unfit import UnfitError, excerpt_of, parse_json


def records(file: SourceFile) -> Iterator[Record | BadRow]:
    """A record a line; blank lines are none."""
    for line in file.lines():
        if isinstance(line, BadRow):
            yield line
        elif line.data.strip():
            try:
                yield Record(line.number, parse_json(line.data), line.data)
            except UnfitError as error:
                yield BadRow(line.number, str(error), excerpt_of(line.data))
