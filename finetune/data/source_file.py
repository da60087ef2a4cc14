"""A file of rows as it is read: how far one is, its encoding, its lines; never more than a line of
it in memory.

gzip is unpacked; UTF-8 with or without a byte order mark, and UTF-16 with one, are read.
"""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from engine.errors import AppError
from engine.process.tune_messages import BadRow
from finetune.data.unfit import excerpt_of

# A row of 100,000 tokens is half a megabyte.
MAX_ROW_BYTES = 16 << 20
_PIECE_BYTES = 1 << 16
TOO_LONG = f"It is longer than {MAX_ROW_BYTES >> 20} MB, which no row should be."


@dataclass(slots=True)
class Record:
    """A value of a file before it is a row. line: where it begins, from 1; raw: its bytes, for an
    excerpt."""

    line: int
    value: Any
    raw: object = None

    def bad(self, reason: str) -> BadRow:
        raw = self.value if self.raw is None else self.raw
        return BadRow(self.line, reason, excerpt_of(raw))


class Line(NamedTuple):
    """number: from 1; data: without its line end."""

    number: int
    data: bytes


class SourceFile:
    """An open file. Use with `with`.

    Raises:
        AppError: it is not there, is a folder, is empty, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.n_bytes = path.stat().st_size
            self._raw: BinaryIO = path.open("rb")
        except FileNotFoundError as error:
            raise AppError(f"“{path.name}” is not there.", "Choose the file again.") from error
        except IsADirectoryError as error:
            raise AppError(f"“{path.name}” is a folder.", "Choose a file of rows.") from error
        except OSError as error:
            raise AppError(
                f"“{path.name}” cannot be read.", "Check its permissions.", str(error)
            ) from error
        if not self.n_bytes:
            self._raw.close()
            raise AppError(f"“{path.name}” is empty.", "Choose a file that has rows.")
        self.is_packed = self._raw.read(2) == b"\x1f\x8b"
        self._raw.seek(0)

    def __enter__(self) -> SourceFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    @property
    def fraction(self) -> float:
        """How far the file was read, 0 to 1."""
        return 1.0 if self._raw.closed else min(1.0, self._raw.tell() / self.n_bytes)

    @property
    def suffix(self) -> str:
        """Of the name, in small letters, without the one of its packing."""
        name = self.path.name.lower().removesuffix(".gz")
        return Path(name).suffix

    def raw(self) -> BinaryIO:
        """The bytes on disk, from the beginning."""
        self._raw.seek(0)
        return self._raw

    def beginning(self, n_bytes: int = _PIECE_BYTES) -> bytes:
        """The first bytes as UTF-8 text."""
        return self.utf8().read(n_bytes)

    def utf8(self) -> io.BufferedReader:
        """Its text from the beginning as UTF-8 without a mark; what was no text stays wrong."""
        self._raw.seek(0)
        unpacked: Any = gzip.GzipFile(fileobj=self._raw) if self.is_packed else self._raw
        return io.BufferedReader(_Utf8(unpacked), _PIECE_BYTES)

    def lines(self) -> Iterator[Line | BadRow]:
        """Its lines, blank ones too; one that is too long is told and passed over."""
        file = self.utf8()
        number = 0
        while data := file.readline(MAX_ROW_BYTES + 1):
            number += 1
            if len(data) > MAX_ROW_BYTES:
                _pass_over(file, data)
                yield BadRow(number, TOO_LONG, excerpt_of(data))
            else:
                yield Line(number, data.rstrip(b"\r\n"))


def _pass_over(file: io.BufferedReader, data: bytes) -> None:
    while data and not data.endswith(b"\n"):
        data = file.readline(_PIECE_BYTES)


class _Utf8(io.RawIOBase):
    """A stream of bytes as UTF-8 without its byte order mark."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._waiting = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begin()

    def _begin(self) -> None:
        first = self._file.read(4)
        if first.startswith(codecs.BOM_UTF8):
            first = first[len(codecs.BOM_UTF8) :]
        elif first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            name = "utf-16-le" if first[:2] == codecs.BOM_UTF16_LE else "utf-16-be"
            self._decoder = codecs.getincrementaldecoder(name)("surrogatepass")
            first = self._decoded(first[2:])
        self._waiting = first

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        data = self._waiting
        while not data:
            piece = self._file.read(_PIECE_BYTES)
            data = self._decoded(piece)
            if not piece:
                break
        n = min(len(data), len(target))
        target[:n] = data[:n]
        self._waiting = data[n:]
        return n

    def _decoded(self, piece: bytes) -> bytes:
        if self._decoder is None:
            return piece
        if not piece:
            # Half a unit at the end is no text: its line will say so.
            left = self._decoder.getstate()[0]
            self._decoder.reset()
            return b"\xff" if left else b""
        return self._decoder.decode(piece).encode("utf-8", "surrogatepass")
