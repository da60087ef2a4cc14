"""JSON: a list of records, an object that keeps them under a name ({"data": [...]}), one record, or
several one after the other; cut into values as the bytes come, so that one of them at most is in
memory.

A value that is broken within its brackets is told and the next one read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.process.tune_messages import BadRow
from finetune.data.source_file import MAX_ROW_BYTES, TOO_LONG, Record, SourceFile
from finetune.data.unfit import UnfitError, excerpt_of, parse_json

_PIECE_BYTES = 1 << 16
_STRING = rb'"(?:[^"\\]+|\\.)*+"'
# All up to the next bracket, or up to a string that goes on in the next piece; between the values
# of a list up to its comma, too.
_INSIDE = re.compile(rb'(?:[^"\[\]{}]+|' + _STRING + rb")*+", re.DOTALL)
_BETWEEN = re.compile(rb'(?:[^"\[\]{},]+|' + _STRING + rb")*+", re.DOTALL)
_REST_OF_STRING = re.compile(rb'(?:[^"\\]+|\\.)*+', re.DOTALL)
# Under which names an object keeps its list of records.
_WRAPPED = re.compile(
    rb'"(?:data|rows|train|examples|items|instances|records|dataset)"\s*:\s*\[\s*$'
)
_TAIL_BYTES = 64
_ENDS_EARLY = "The file ends before its JSON does. Is it whole?"


@dataclass(slots=True)
class _Value:
    line: int
    data: bytes
    is_too_long: bool = False


def records(file: SourceFile) -> Iterator[Record | BadRow]:
    """Its values, each with the line it begins at."""
    cutter = _Cutter()
    stream = file.utf8()
    while piece := stream.read(_PIECE_BYTES):
        for value in cutter.feed(piece):
            yield _record(value)
    yield from map(_record, cutter.rest())
    if cutter.depth or cutter.in_string:
        yield BadRow(cutter.line, _ENDS_EARLY, "")


def _record(value: _Value) -> Record | BadRow:
    if value.is_too_long:
        return BadRow(value.line, TOO_LONG, excerpt_of(value.data))
    try:
        return Record(value.line, parse_json(value.data), value.data)
    except UnfitError as error:
        return BadRow(value.line, str(error), excerpt_of(value.data))


class _Cutter:
    """Pieces of JSON in, whole values out.

    depth: brackets that are open; base: how many of them are around a value (0: values one after
    the other, 1: in a list, 2: in a list of an object).
    """

    def __init__(self) -> None:
        self.depth, self.line = 0, 1
        self.in_string = False
        self._base, self._is_escaped = 0, False
        # Behind the list of an object: what it says else is no record.
        self._is_passing = False
        self._begin_value()

    def _begin_value(self) -> None:
        self._data, self._value_line, self._is_too_long = bytearray(), 0, False

    def feed(self, piece: bytes) -> Iterator[_Value]:
        start, place = 0, 0
        if self._is_escaped:
            place, self._is_escaped = 1, False
        while place < len(piece):
            place = self._skip(piece, place)
            if place == len(piece):
                break
            sign = piece[place : place + 1]
            place += 1
            if self.in_string:
                # A closing quote, or a backslash whose other half is in the next piece.
                self.in_string = sign != b'"'
                self._is_escaped = self.in_string
            elif sign == b'"':
                self.in_string = True
            elif self._is_bound(sign):
                self._gather(piece, start, place - 1)
                start = place
                yield from self._bounded(sign)
                self.line += sign == b"\n"
        self._gather(piece, start, len(piece))

    def rest(self) -> Iterator[_Value]:
        """What is left at the end."""
        if self._data and not self._is_passing:
            yield self._value()

    def _skip(self, piece: bytes, place: int) -> int:
        if self.in_string:
            pattern = _REST_OF_STRING
        else:
            pattern = _INSIDE if self.depth > self._base else _BETWEEN
        found = pattern.match(piece, place)
        assert found is not None
        return found.end()

    def _is_bound(self, sign: bytes) -> bool:
        """Whether a bracket or comma is looked at; what is not belongs to the value around it."""
        return sign in b"[]{}" or (self._base > 0 and self.depth == self._base)

    def _bounded(self, sign: bytes) -> Iterator[_Value]:
        """What a bracket or a comma ends or begins; what is before it is gathered."""
        if sign in b"[{":
            self._opened(sign)
        elif sign == b",":
            yield from self._ended()
        elif self._base and self.depth == self._base:
            if sign == b"]":
                yield from self._ended()
                self.depth -= 1
                self._base, self._is_passing = 0, self.depth > 0
            else:
                self._data += sign  # a bracket too many: the value is broken, and will say so
        else:
            self._data += sign
            self.depth = max(0, self.depth - 1)
            if not self.depth and not self._base:
                yield from self._ended()
                self._is_passing = False

    def _opened(self, sign: bytes) -> None:
        if not self.depth and not self._base and sign == b"[" and not self._data:
            self._base = 1
        elif not self._base and self.depth == 2 and self._is_wrapped():
            self._base = 2
            self._begin_value()
            self._note_beginning()
            self._data += sign
        else:
            self._note_beginning()
            self._data += sign
        self.depth += 1

    def _is_wrapped(self) -> bool:
        return not self._is_passing and bool(_WRAPPED.search(self._data[-_TAIL_BYTES:]))

    def _note_beginning(self) -> None:
        if not self._data:
            self._value_line = self.line

    def _gather(self, piece: bytes, start: int, end: int) -> None:
        data = piece[start:end]
        n_lines = data.count(b"\n")
        if not self._data:
            stripped = data.lstrip()
            self._value_line = self.line + n_lines - stripped.count(b"\n")
            data = stripped
        self.line += n_lines
        if self._is_passing or self._is_too_long:
            return
        self._data += data
        if len(self._data) > MAX_ROW_BYTES:
            self._is_too_long = True
            del self._data[_PIECE_BYTES:]

    def _ended(self) -> Iterator[_Value]:
        if self._data and not self._is_passing:
            yield self._value()
        self._begin_value()

    def _value(self) -> _Value:
        return _Value(self._value_line, bytes(self._data), self._is_too_long)
