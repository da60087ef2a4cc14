"""A laid-out block: what painting, clicking and selecting ask of it.

Positions in a block are code points of `block_text`; Qt's UTF-16 units stay in here. Rectangles
are in the block's own coordinates, its top left corner at 0, 0. Does not: lay out
(block_layout.py), paint (block_paint.py).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTextLayout, QTextLine

from gui.widgets.markdown_blocks import Block, placed_runs
from gui.widgets.markdown_inline import Run, Style

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_BYTES_PER_CHAR = 48
_BYTES_PER_PIECE = 1_500


def utf16_length(text: str) -> int:
    """Length as Qt counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


class Piece(Struct):
    """One text layout of a block (a table has one per cell). start: its place in the block's
    text."""

    layout: QTextLayout
    text: str
    start: int
    x: float
    y: float
    width: float
    height: float
    is_wide: bool = False  # holds characters that are two of Qt's units
    boxes: list[Any] = field(default_factory=list)  # its formulas (maths_layout.MathsBox)

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    def to_units(self, at: int) -> int:
        at = min(max(0, at), len(self.text))
        return utf16_length(self.text[:at]) if self.is_wide else at

    def to_points(self, units: int) -> int:
        if not self.is_wide:
            return min(units, len(self.text))
        raw = self.text.encode("utf-16-le", "surrogatepass")[: 2 * units]
        return len(raw.decode("utf-16-le", "ignore"))


class LaidBlock(Struct):
    """A block ready to be painted. content: the place of its text within; body: of its card or
    table, if it is one."""

    block: Block
    width: float
    height: float = 0.0
    indent: float = 0.0
    pieces: list[Piece] = field(default_factory=list)
    body: QRectF = field(default_factory=QRectF)
    copy_button: QRectF = field(default_factory=QRectF)
    toggle: QRectF = field(default_factory=QRectF)  # what opens and closes reasoning
    column_x: list[float] = field(default_factory=list)
    row_y: list[float] = field(default_factory=list)
    n_chars: int = 0
    # Where tokens stand (token_boxes.py), with what they were worked out from.
    token_boxes: tuple[Any, list[Any]] | None = None
    _chips: list[QRectF] | None = None

    @property
    def chips(self) -> list[QRectF]:
        """Rectangles around inline code."""
        if self._chips is None:
            self._chips = [
                rect.adjusted(-2.5, 0, 2.5, 0)
                for start, run in placed_runs(self.block)
                if run.style & Style.CODE
                for rect in self.range_rects(start, start + len(run.text))
            ]
        return self._chips

    @property
    def is_provisional(self) -> bool:
        """Whether it will be another when its formulas are drawn."""
        return any(box.is_provisional for piece in self.pieces for box in piece.boxes)

    @property
    def n_bytes(self) -> int:
        return _BYTES_PER_CHAR * self.n_chars + _BYTES_PER_PIECE * (1 + len(self.pieces))

    def piece_at(self, offset: int) -> Piece | None:
        """The piece that shows a position."""
        if not self.pieces:
            return None
        starts = [piece.start for piece in self.pieces]
        return self.pieces[max(0, bisect_right(starts, offset) - 1)]

    def position_at(self, point: QPointF) -> int:
        """The position in the block's text nearest to a point."""
        piece = self._nearest(point)
        if piece is None:
            return 0
        line = _line_at(piece, point.y() - piece.y)
        if line is None:
            return piece.start
        units = line.xToCursor(
            point.x() - piece.x, QTextLine.CursorPosition.CursorBetweenCharacters
        )
        if units >= line.textStart() + line.textLength() and line.lineNumber() + 1 < (
            piece.layout.lineCount()
        ):
            # Behind the last character of a wrapped line, not at the start of the next.
            units = line.textStart() + line.textLength() - 1
        return piece.start + piece.to_points(units)

    def _nearest(self, point: QPointF) -> Piece | None:
        def distance(piece: Piece) -> tuple[float, float]:
            below = max(piece.y - point.y(), 0.0, point.y() - piece.y - piece.height)
            beside = max(piece.x - point.x(), 0.0, point.x() - piece.x - piece.width)
            return below, beside

        return min(self.pieces, key=distance, default=None)

    def run_at(self, point: QPointF) -> Run | None:
        """The run whose characters are under a point; None beside them."""
        for piece in self.pieces:
            box = QRectF(piece.x, piece.y, piece.width, piece.height)
            if box.contains(point):
                return self._run_in(piece, point)
        return None

    def _run_in(self, piece: Piece, point: QPointF) -> Run | None:
        line = _line_at(piece, point.y() - piece.y)
        if line is None or not line.naturalTextRect().adjusted(0, -8, 0, 8).contains(
            point - QPointF(piece.x, piece.y)
        ):
            return None
        units = line.xToCursor(point.x() - piece.x, QTextLine.CursorPosition.CursorOnCharacter)
        at = piece.start + piece.to_points(units)
        for start, run in placed_runs(self.block):
            if start <= at < start + len(run.text):
                return run
        return None

    def cursor_rect(self, offset: int) -> QRectF:
        """Where a caret stands: one pixel wide, a line high."""
        piece = self.piece_at(offset)
        if piece is None or piece.layout.lineCount() == 0:
            return QRectF(self.indent, 0, 1, self.height)
        units = piece.to_units(offset - piece.start)
        line = piece.layout.lineForTextPosition(units)
        line = line if line.isValid() else piece.layout.lineAt(piece.layout.lineCount() - 1)
        x = cursor_x(line, units)
        return QRectF(piece.x + x, piece.y + line.y(), 1, line.height())

    def range_rects(self, start: int, end: int, *, joined: bool = False) -> Iterator[QRectF]:
        """Rectangles around characters start..end, one per line or more where directions mix;
        joined: as high as the lines are apart, so that they touch."""
        for piece in self.pieces:
            if piece.start < end and start < piece.end:
                first = piece.to_units(start - piece.start)
                last = piece.to_units(end - piece.start)
                for rect in _piece_rects(piece, first, last, joined):
                    yield rect.translated(piece.x, piece.y)


def cursor_x(line: QTextLine, units: int) -> float:
    """Where a line has a position, from its piece's left edge."""
    result: object = line.cursorToX(units)
    # PySide gives x, and with it the position that it took.
    return float(result[0]) if isinstance(result, tuple) else 0.0


def _line_at(piece: Piece, y: float) -> QTextLine | None:
    n_lines = piece.layout.lineCount()
    for number in range(n_lines):
        line = piece.layout.lineAt(number)
        if y < line.y() + line.height() or number == n_lines - 1:
            return line
    return None


def is_mixed(piece: Piece) -> bool:
    """Whether some of its characters run from right to left."""
    return _RIGHT_TO_LEFT.search(piece.text) is not None


def _piece_rects(piece: Piece, first: int, last: int, joined: bool) -> Iterator[QRectF]:
    mixed = is_mixed(piece)
    n_lines = piece.layout.lineCount()
    for number in range(n_lines):
        line = piece.layout.lineAt(number)
        start, end = line.textStart(), line.textStart() + line.textLength()
        if end <= first or start >= last:
            continue
        top, bottom = _slot(piece, number) if joined else (line.y(), line.y() + line.height())
        stops = range(max(start, first), min(end, last)) if mixed else [max(start, first)]
        for at in stops:
            after = at + 1 if mixed else min(end, last)
            left, right = sorted((cursor_x(line, at), cursor_x(line, after)))
            yield QRectF(left, top, right - left, bottom - top)


def _slot(piece: Piece, number: int) -> tuple[float, float]:
    """Top and bottom of a line with its half of the space to its neighbours."""
    layout = piece.layout
    line = layout.lineAt(number)
    top, bottom = 0.0, piece.height
    if number > 0:
        above = layout.lineAt(number - 1)
        top = (above.y() + above.height() + line.y()) / 2
    if number + 1 < layout.lineCount():
        bottom = (line.y() + line.height() + layout.lineAt(number + 1).y()) / 2
    return top, bottom
