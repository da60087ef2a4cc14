"""One segment of the editor's text, laid out: its rows, and which place is where. Knows no tokens.

Places are bytes of the segment as UTF-8; Qt's UTF-16 units stay in here. Coordinates are the
segment's own, its top left corner at 0, 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QTextLayout, QTextLine, QTextOption

from gui.widgets.token_editor_signs import Displayed, displayed

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
_FIRST_MARK = 0xCC  # of U+0300; what is before it joins on to no character before
_WIDE = re.compile("[\U00010000-\U0010ffff]")
_UNEVEN = re.compile("[^\u0020-\u024f]+")  # what may not be as wide as a plain letter
_WRAP = QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere


class LaidSegment:
    """A segment's layout. advance: the width of a plain letter."""

    def __init__(
        self, text: str, font: QFont, advance: float, width: float, row_height: float
    ) -> None:
        self.text, self.row_height = text, row_height
        self.advance = advance
        self._edges: dict[int, list[tuple[float, float]]] = {}
        self._places: dict[int, tuple[int, list[float]]] = {}
        self.shown: Displayed = displayed(text)
        self.is_ascii = text.isascii()
        self.is_mixed = not self.is_ascii and _RIGHT_TO_LEFT.search(text) is not None
        # One letter per unit of Qt's.
        self._unit_text = self.shown.text
        if not self.is_ascii:
            self._unit_text = _WIDE.sub("\uffff\uffff", self._unit_text)
        self._joining = np.zeros(1, np.bool_)
        self._map: npt.NDArray[np.int64] | None = None
        self.layout = QTextLayout(self.shown.text, font)
        self.rows: list[QTextLine] = []
        self._lay_out(width)

    def _lay_out(self, width: float) -> None:
        option = QTextOption()
        option.setWrapMode(_WRAP)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        self.layout.setTextOption(option)
        self.layout.setCacheEnabled(True)
        self.layout.beginLayout()
        while (line := self.layout.createLine()).isValid():
            line.setLineWidth(width)
            top = len(self.rows) * self.row_height
            # Rows are all of one height: a taller fallback font does not push the others down.
            line.setPosition(QPointF(0, top + (self.row_height - line.height()) / 2))
            self.rows.append(line)
        self.layout.endLayout()

    @property
    def height(self) -> float:
        return max(1, len(self.rows)) * self.row_height

    # ---- bytes and units ----

    def units(self, place: int) -> int:
        """The UTF-16 unit where the character of a byte begins."""
        if self.is_ascii:
            return place
        unit_of = self._units()
        return int(unit_of[min(place, len(unit_of) - 1)])

    def units_at(self, places: npt.NDArray[np.int64]) -> list[int]:
        """`units` of many bytes."""
        return cast(list[int], self._units()[places].tolist())

    def may_join(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Of many bytes whether they may fall within what is seen as one character."""
        self._units()
        return self._joining[places]

    def character(self, place: int) -> tuple[int, int]:
        """The units of what is seen as one character where a byte falls within it; the same unit
        twice where the byte is between two."""
        units = self.units(place)
        is_valid = self.layout.isValidCursorPosition(units)
        if is_valid and self.byte(units) == place:
            return units, units
        first = units if is_valid else self.layout.previousCursorPosition(units)
        return first, self.layout.nextCursorPosition(first)

    def byte(self, units: int) -> int:
        """The byte where the character of a unit begins."""
        if self.is_ascii:
            return units
        return int(np.searchsorted(self._units(), units, side="left"))

    def units_of_points(self, points: list[int]) -> list[int]:
        """The units where these code points begin."""
        if self.is_ascii or not points:
            return points
        data = np.frombuffer(self.text.encode(), np.uint8)
        starts = self._units()[:-1][(data & 0xC0) != 0x80]
        return cast(list[int], starts[points].tolist())

    def _units(self) -> npt.NDArray[np.int64]:
        """For each byte, and the end, the unit where its character begins."""
        if self._map is None:
            data = np.frombuffer(self.text.encode(), np.uint8)
            begins = (data & 0xC0) != 0x80
            # Bytes within a character, and those where one begins that may join on to the left.
            self._joining = np.append(~begins | (data >= _FIRST_MARK), False)
            ends = np.cumsum(begins.astype(np.int64) + (data >= 0xF0))
            widths = np.where(data >= 0xF0, 2, 1)[begins]
            starts = (ends[begins] - widths)[np.cumsum(begins) - 1]
            self._map = np.append(starts, ends[-1] if len(ends) else 0)
        return self._map

    # ---- rows ----

    def row_of(self, units: int) -> int:
        """The row that shows a unit; of a wrap's place the lower one."""
        row = len(self.rows) - 1
        while row > 0 and self.rows[row].textStart() > units:
            row -= 1
        return max(0, row)

    def row_units(self, row: int) -> tuple[int, int]:
        """The units of a row: from, up to."""
        line = self.rows[row]
        return line.textStart(), line.textStart() + line.textLength()

    def x_of(self, units: int, row: int) -> float:
        if self.is_mixed:
            return x_of(self.rows[row], units)
        first, places = self.places(row)
        return places[min(max(0, units - first), len(places) - 1)]

    def places(self, row: int) -> tuple[int, list[float]]:
        """The first unit of a row, and where each of its units begins, the end of the row too. For
        text of one direction."""
        return self._places.get(row) or self._read_places(row)

    def _read_places(self, row: int) -> tuple[int, list[float]]:
        """To ask Qt for each unit is dear, and plain letters are all as wide."""
        line, (first, end) = self.rows[row], self.row_units(row)
        places: list[float] = []
        x, done = 0.0, first
        for found in _UNEVEN.finditer(self._unit_text, first, end):
            start, stop = found.span()
            places += [x + n * self.advance for n in range(start - done)]
            places += [x_of(line, units) for units in range(start, stop)]
            x, done = x_of(line, stop), stop
        places += [x + n * self.advance for n in range(end - done + 1)]
        # Qt counts a blank that hangs behind the row as nothing.
        last = end - 1 if end > first and self._unit_text[end - 1] == " " else end
        if abs(places[last - first] - x_of(line, last)) > 0.5:
            places = [x_of(line, units) for units in range(first, end + 1)]
        self._places[row] = (first, places)
        return first, places

    def nearest(self, point: QPointF) -> int:
        """The byte of the place between characters that is nearest to a point."""
        if not self.rows:
            return 0
        row = min(max(0, int(point.y() // self.row_height)), len(self.rows) - 1)
        line = self.rows[row]
        units = line.xToCursor(point.x(), QTextLine.CursorPosition.CursorBetweenCharacters)
        first, end = self.row_units(row)
        if units >= end and (row + 1 < len(self.rows) or self.text.endswith("\n")):
            units = max(first, self.layout.previousCursorPosition(end))
        return self.byte(units)

    def under(self, point: QPointF) -> int:
        """The byte of the character under a point; -1 beside the text."""
        row = int(point.y() // self.row_height)
        if not 0 <= row < len(self.rows) or point.x() < 0:
            return -1
        line = self.rows[row]
        units = line.xToCursor(point.x(), QTextLine.CursorPosition.CursorOnCharacter)
        end = self.row_units(row)[1]
        if units >= end or point.x() > max(x_of(line, end), line.naturalTextWidth()):
            return -1
        return self.byte(units)

    def boxes(self, first: int, end: int) -> Iterator[tuple[int, float, float]]:
        """Where units first to end are: row, left, right; more than one in a row where the
        direction changes."""
        for row in range(self.row_of(first), len(self.rows)):
            start, stop = self.row_units(row)
            start, stop = max(start, first), min(stop, end)
            if start >= end:
                return
            if start < stop:
                if self.is_mixed:
                    yield from self._mixed_boxes(row, start, stop)
                else:
                    yield row, self.x_of(start, row), self.x_of(stop, row)

    def _mixed_boxes(self, row: int, start: int, stop: int) -> Iterator[tuple[int, float, float]]:
        """One box per character, those that touch made one."""
        first = self.row_units(row)[0]
        last: tuple[float, float] | None = None
        for left, right in self.edges(row)[start - first : stop - first]:
            if last and left <= last[1] + 0.5 and last[0] <= right + 0.5:
                last = (min(last[0], left), max(last[1], right))
                continue
            if last:
                yield row, *last
            last = (left, right)
        if last:
            yield row, *last

    def edges(self, row: int) -> list[tuple[float, float]]:
        """Left and right of each unit of a row in which directions mix."""
        if row not in self._edges:
            line, trailing = self.rows[row], QTextLine.Edge.Trailing
            first, end = self.row_units(row)
            pairs = [
                (x_of(line, n), _number(line.cursorToX(n, trailing))) for n in range(first, end)
            ]
            turns = [left > right for left, right in pairs]
            edges = [(min(pair), max(pair)) for pair in pairs]
            # WORKAROUND: of the first character behind a change of direction Qt tells the place
            # before the change for both sides; it stands in the gap that the others leave.
            for n, (left, right) in enumerate(edges):
                if left == right and self.layout.isValidCursorPosition(first + n):
                    is_turned = n + 1 < len(edges) and turns[n + 1]
                    left = edges[n + 1][1] if is_turned else left
                    beyond = [x for x, _ in edges if x > left + 0.1]
                    edges[n] = (left, min(beyond, default=max(left, line.naturalTextWidth())))
            self._edges[row] = edges
        return self._edges[row]

    def rect(self, row: int, left: float, right: float) -> QRectF:
        return QRectF(left, row * self.row_height, right - left, self.row_height)


def x_of(line: QTextLine, units: int) -> float:
    """Where a unit is in its row. Qt answers with the place that it took as well."""
    return _number(line.cursorToX(units))


def _number(found: object) -> float:
    return cast(tuple[float, int], found)[0] if isinstance(found, tuple) else cast(float, found)
