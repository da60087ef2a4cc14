"""CSV and TSV: the first line names the columns; a record a line, or several where a field is
quoted."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from engine.errors import AppError
from engine.process.tune_messages import BadRow
from finetune.data.source_file import MAX_ROW_BYTES, Record, SourceFile
from finetune.data.unfit import excerpt_of

_SIGNS = ",;\t|"


class _Lines:
    """The file's lines for csv.reader; those too long are gathered aside."""

    def __init__(self, file: SourceFile) -> None:
        self._lines = file.lines()
        self.number = 0
        self.too_long: list[BadRow] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if isinstance(line, BadRow):
                self.number = line.line
                self.too_long.append(line)
            else:
                self.number = line.number
                # What is no UTF-8 becomes half characters, and is told as such.
                yield line.data.decode("utf-8", "surrogateescape") + "\n"


def records(file: SourceFile) -> Iterator[Record | BadRow]:
    """Its lines as objects by the names of the columns; all values are texts.

    Raises:
        AppError: it has no line of names.
    """
    csv.field_size_limit(MAX_ROW_BYTES)
    lines = _Lines(file)
    reader = csv.reader(iter(lines), delimiter=_delimiter(file), strict=False)
    names: list[str] = []
    while True:
        first = lines.number + 1
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield BadRow(first, f"It is no line of a table ({error}).", "")
            continue
        finally:
            yield from lines.too_long
            lines.too_long.clear()
        if not any(fields):
            continue
        if not names:
            names = _names(file, fields)
            continue
        yield _record(first, names, fields)


def _record(line: int, names: list[str], fields: list[str]) -> Record | BadRow:
    if len(fields) != len(names):
        words = f"It has {len(fields)} of the {len(names)} columns that the first line names."
        return BadRow(line, words, excerpt_of(" · ".join(fields)))
    return Record(line, dict(zip(names, fields, strict=True)))


def _names(file: SourceFile, fields: list[str]) -> list[str]:
    names = [name.strip() or f"column {number}" for number, name in enumerate(fields, 1)]
    if len(set(names)) < len(names):
        raise AppError(
            f"Two columns of “{file.path.name}” have the same name.",
            "Its first line has to name the columns.",
        )
    return names


def _delimiter(file: SourceFile) -> str:
    """The sign between fields: the one the first line has most of."""
    if file.suffix == ".tsv":
        return "\t"
    head = file.beginning().decode("utf-8", "replace").split("\n")[0]
    outside = "".join(head.split('"')[::2])
    return max(_SIGNS, key=outside.count)
