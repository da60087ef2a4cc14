"""A block's text beside the message's source: which characters of the one are which of the other,
and where they are on the screen.

What is shown one for one is found to the character. A formula is one sign on the screen for many
characters of the source: those share its box from left to right. Knows no tokens; paints nothing.
"""

from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct
from PySide6.QtCore import QRectF

from gui.widgets.laid_block import LaidBlock, Piece, cursor_x, is_mixed
from gui.widgets.markdown_blocks import block_text, placed_runs
from gui.widgets.markdown_inline import LINE_BREAK, Style


class Segment(Struct, frozen=True):
    """Characters source..source_end of the message, shown from `shown` up to `shown_end` of the
    block's text. formula: the box that they share; empty where they are shown one for one."""

    source: int
    source_end: int
    shown: int
    shown_end: int
    formula: QRectF


class Shown(Struct, frozen=True):
    """A part of a segment: first..last in the block's text, or a part of a formula's box."""

    first: int
    last: int
    formula: QRectF


class Segments:
    """The segments of one laid block, in the order of the source."""

    def __init__(self, laid: LaidBlock) -> None:
        self.text = block_text(laid.block)
        self._laid = laid
        self.all = sorted(_segments(laid), key=lambda segment: segment.source)
        self._sources = [segment.source for segment in self.all]
        self._piece_starts = [piece.start for piece in laid.pieces]
        self._mixed = [is_mixed(piece) for piece in laid.pieces]

    def around(self, at: int) -> tuple[Segment | None, Segment | None]:
        """The segment that begins at or before a character of the source, and the one behind."""
        index = bisect_right(self._sources, at) - 1
        before = self.all[index] if index >= 0 else None
        return before, self.all[index + 1] if index + 1 < len(self.all) else None

    def shown(self, start: int, end: int) -> Iterator[Shown]:
        """What is seen of characters start..end of the source."""
        index = max(0, bisect_right(self._sources, start) - 1)
        while index < len(self.all) and self.all[index].source < end:
            segment = self.all[index]
            first, last = max(start, segment.source), min(end, segment.source_end)
            if first < last:
                yield _part(segment, first, last)
            index += 1

    def rects(self, start: int, end: int) -> Iterator[QRectF]:
        """Rectangles around characters start..end of the block's text."""
        number = max(0, bisect_right(self._piece_starts, start) - 1)
        piece = self._laid.pieces[number]
        one = None if self._mixed[number] else _on_one_line(piece, start, end)
        if one is not None:
            yield one
        else:
            yield from _joined(self._laid.range_rects(start, end))


def _segments(laid: LaidBlock) -> Iterator[Segment]:
    formulas = iter(_formula_rects(laid))
    for at, run in placed_runs(laid.block):
        formula = next(formulas, QRectF()) if run.style & Style.MATHS else QRectF()
        if run.source >= 0 and run.text != LINE_BREAK:
            yield Segment(run.source, run.source_end, at, at + len(run.text), formula)


def _part(segment: Segment, first: int, last: int) -> Shown:
    if segment.formula.isEmpty():
        shift = segment.shown - segment.source
        return Shown(first + shift, last + shift, segment.formula)
    box, n_chars = segment.formula, segment.source_end - segment.source
    left = box.x() + box.width() * (first - segment.source) / n_chars
    width = box.width() * (last - first) / n_chars
    part = QRectF(left, box.y(), width, box.height())
    return Shown(segment.shown, segment.shown_end, part)


def _formula_rects(laid: LaidBlock) -> Iterator[QRectF]:
    """The boxes of a block's formulas, in the order of its text."""
    for piece in laid.pieces:
        for box in piece.boxes:
            top = piece.y + box.baseline - box.ascent
            yield QRectF(piece.x + box.x, top, box.width, box.ascent + box.depth)


def _joined(rects: Iterator[QRectF]) -> Iterator[QRectF]:
    """Where directions mix each character has its rectangle: those that touch, made one."""
    last: QRectF | None = None
    for rect in rects:
        if last is not None and rect.y() == last.y() and _touch(last, rect):
            last = last.united(rect)
            continue
        if last is not None:
            yield last
        last = rect
    if last is not None:
        yield last


def _touch(one: QRectF, other: QRectF) -> bool:
    return one.left() - 1 <= other.right() and other.left() - 1 <= one.right()


def _on_one_line(piece: Piece, start: int, end: int) -> QRectF | None:
    """The box around characters of one line; None where they are on more."""
    first, last = piece.to_units(start - piece.start), piece.to_units(end - piece.start)
    line = piece.layout.lineForTextPosition(first)
    if end > piece.end or not line.isValid() or last > line.textStart() + line.textLength():
        return None
    left, right = cursor_x(line, first), cursor_x(line, last)
    return QRectF(piece.x + left, piece.y + line.y(), right - left, line.height())
