"""Files of rows, whoever wrote them: read row by row, with every bad one told.

What a file is (JSONL, JSON, a table, text) is found by its name and its first bytes; in which
format it says its rows, by its first records. 1 GB of rows never sits in memory.
"""

from __future__ import annotations

import itertools
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from msgspec.structs import replace

from engine.errors import AppError
from engine.process.tune_messages import BadRow, Row
from finetune.config import RowFormat
from finetune.data.file_kinds import kind_of_file
from finetune.data.kinds import Content, content_of, format_of, mapped_content
from finetune.data.oasst import read_trees
from finetune.data.source_file import Record, SourceFile
from finetune.data.unfit import UnfitError

FORMATS: tuple[str, ...] = get_args(RowFormat)[1:]
N_LOOKED_AT = 50


def read_rows(
    path: Path,
    format: str = "",  # noqa: A002 (the word that RUN.toml has)
    mapping: Mapping[str, str] | None = None,
) -> Iterator[Row | BadRow]:
    """All rows of a file, each a Row (its id: its number in the file, from 1) or a BadRow.

    Args:
        format: as RunConfig's data.format; "" finds it by looking.
        mapping: role ("system", "user", "assistant"), "text" or "messages" -> column; instead of a
            format.

    Raises:
        AppError: the file cannot be read, is empty, or says its rows in no way that is known.
    """
    with RowFile(path, format, mapping) as file:
        yield from file.rows()


class RowFile:
    """A file of rows that is being read.

    Attributes: kind (what the file is, in words), format (of its rows, "" where columns are
    mapped).
    """

    def __init__(
        self, path: Path, row_format: str = "", mapping: Mapping[str, str] | None = None
    ) -> None:
        if row_format and row_format not in FORMATS:
            raise AppError(
                f"“{row_format}” is no format of rows.", f"Known are {', '.join(FORMATS)}."
            )
        self.mapping = {role: column for role, column in (mapping or {}).items() if column}
        if self.mapping and not self.mapping.keys() & {"assistant", "text", "messages"}:
            raise AppError(
                "No column is the assistant's.", "Choose the column that has the answers."
            )
        self._first_bad: BadRow | None = None
        self._file = SourceFile(path)
        try:
            with errors_in_words(path):
                self.kind, self._reader = kind_of_file(self._file)
            self.format = "" if self.mapping else row_format or self._look()
        except BaseException:
            self._file.__exit__()
            raise

    def __enter__(self) -> RowFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.__exit__()

    @property
    def fraction(self) -> float:
        """How far it was read, 0 to 1."""
        return self._file.fraction

    def records(self) -> Iterator[Record | BadRow]:
        """Its records from the beginning, before they are rows."""
        with errors_in_words(self._file.path):
            yield from self._reader.records(self._file)

    def rows(self) -> Iterator[Row | BadRow]:
        """All of it, as read_rows says."""
        if not self.mapping and not self.format:
            raise self._unknown()
        number = 0
        for one in self._contents():
            if isinstance(one, BadRow):
                yield replace(one, file=self._file.path.name)
                continue
            number += 1
            record, content = one
            yield Row(
                id=str(number),
                messages=content.messages,
                text=content.text,
                tools=content.tools,
                source=f"{self._file.path.name}:{record.line}",
            )

    def _contents(self) -> Iterator[tuple[Record, Content] | BadRow]:
        if self.format == "oasst":
            yield from read_trees(self.records())
            return
        for record in self.records():
            if isinstance(record, BadRow):
                yield record
                continue
            try:
                if self.mapping:
                    content = mapped_content(record.value, self.mapping)
                else:
                    content = content_of(record.value, self.format)
            except UnfitError as error:
                yield record.bad(str(error))
            else:
                yield record, content

    def _look(self) -> str:
        """The format that most of the first records have, "" where none is known."""
        found: Counter[str] = Counter()
        for record in itertools.islice(self.records(), N_LOOKED_AT):
            if isinstance(record, Record):
                found[format_of(record.value)] += 1
            else:
                self._first_bad = self._first_bad or record
        if found:
            self._first_bad = None
        del found[""]
        return found.most_common(1)[0][0] if found else ""

    def _unknown(self) -> AppError:
        name, bad = self._file.path.name, self._first_bad
        if bad is not None:
            return AppError(
                f"Nothing in “{name}” can be read. Line {bad.line}: {bad.reason}",
                "Mend it, or choose another file.",
            )
        return AppError(
            f"“{name}” says its rows in no way that is known.",
            "Choose which of its columns are the question and the answer.",
        )


@contextmanager
def errors_in_words(path: Path) -> Iterator[None]:
    """A file that is cut off or damaged where it is packed, or a disk that does not answer."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise AppError(
            f"“{path.name}” cannot be read to its end.", "Is it whole? Fetch it again.", str(error)
        ) from error
