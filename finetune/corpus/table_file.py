"""Texts of JSONL, JSON, CSV and Parquet: one of a column's in each record."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import AppError
from engine.process.tune_messages import BadRow
from finetune.corpus.document import Document, Unread, size_of
from finetune.corpus.text_file import SEPARATOR, cut_texts
from finetune.data.file_kinds import kind_of_file
from finetune.data.formats import errors_in_words
from finetune.data.source_file import Record, SourceFile
from finetune.data.unfit import UnfitError, excerpt_of, text_of

# What a column of texts is called, the likeliest first.
_NAMES = ("text", "content", "story", "document", "body", "passage", "article", "markdown", "html")
_N_LOOKED_AT = 50
# A value that is only a text, in a file without columns.
WHOLE = "(the text)"


def columns_of(file: SourceFile) -> tuple[list[str], str]:
    """Columns that have texts, and which of them is taken where none is named: the one that is
    called so, else the one with most letters. Raises AppError where it cannot be read."""
    n_letters: Counter[str] = Counter()
    for record in itertools.islice(records(file), _N_LOOKED_AT):
        if isinstance(record, BadRow):
            continue
        value = record.value
        found = value.items() if isinstance(value, dict) else [(WHOLE, value)]
        for name, one in found:
            if isinstance(one, str):
                n_letters[str(name)] += len(one)
    return list(n_letters), best_column(n_letters)


def best_column(n_letters: Mapping[str, int]) -> str:
    """The column that is called as texts are, else the one with most letters; "" where there is
    none."""
    named = [one for name in _NAMES for one in n_letters if one.lower() == name]
    return named[0] if named else max(n_letters, key=lambda one: n_letters[one], default="")


def records(file: SourceFile) -> Iterator[Record | BadRow]:
    """Its records, whatever kind of table it is. Raises AppError."""
    with errors_in_words(file.path):
        _, reader = kind_of_file(file)
        yield from reader.records(file)


def read_table(file: SourceFile, column: str, max_bytes: int) -> Iterator[Document | Unread]:
    """Texts of a column ("": the likeliest), long ones in pieces; records without one are told.

    Raises:
        AppError: it cannot be read, or has no texts.
    """
    name = file.path.name
    columns, best = columns_of(file)
    column = column or best
    if not column or (columns and column not in columns):
        some = ", ".join(columns[:8])
        said = f"no column “{column}” with texts" if column else "no column with texts"
        raise AppError(f"“{name}” has {said}.", f"It has: {some}." if some else "Choose another.")
    for one in records(file):
        source = f"{name}:{one.line}"
        if isinstance(one, BadRow):
            yield Unread(source, one.reason, one.excerpt)
            continue
        try:
            text = text_of(_value(one.value, column), column)
        except UnfitError as error:
            yield Unread(source, str(error), excerpt_of(one.value))
            continue
        if size_of(text) <= max_bytes and SEPARATOR not in text:
            yield Document(text, source, "field")
        else:
            for part, piece in cut_texts([text], max_bytes):
                yield Document(piece, source, "field", part)


def is_one_record(file: SourceFile) -> bool:
    """Whether a table is a single text."""
    found = list(itertools.islice(records(file), 2))
    if len(found) != 1 or not isinstance(found[0], Record):
        return False
    text = _value(found[0].value, columns_of(file)[1])
    return isinstance(text, str) and SEPARATOR not in text


def _value(value: Any, column: str) -> Any:
    if isinstance(value, dict):
        return value.get(column)
    return value if column == WHOLE else None
