"""The segments of the editor that are laid out: those in view and some that were. Knows the
document's segments and tokens; paints nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF

from gui.tokens.document import TokenDocument
from gui.tokens.segments import Replaced
from gui.widgets.token_editor_boxes import SegmentBoxes, boxes_of
from gui.widgets.token_editor_layout import LaidSegment

MOST_CHARS = 400_000  # laid out at a time
MOST_SEGMENTS = 600


class Prepared:
    """A laid segment with what is painted over and under its text."""

    def __init__(self, laid: LaidSegment) -> None:
        self.laid = laid
        self.boxes: SegmentBoxes | None = None
        # By fill: the rectangles of the chips. The painter's; dropped with the boxes.
        self.fills: list[tuple[int, list[QRectF]]] | None = None
        self._dots: list[QRectF] | None = None
        self._signs: list[tuple[QRectF, str]] | None = None

    def drop_tokens(self) -> None:
        self.boxes = self.fills = None

    def dots(self, size: float) -> list[QRectF]:
        """Dots of a size in the middles of the plain blanks."""
        if self._dots is None:
            self._dots = list(self._made_dots(size))
        return self._dots

    def _made_dots(self, size: float) -> Iterator[QRectF]:
        laid = self.laid
        units = laid.units_of_points(laid.shown.blanks)
        if laid.is_mixed:
            for row, left, right in self._cells(units):
                yield QRectF((left + right - size) / 2, _middle(laid, row), size, size)
            return
        row, (first, places) = 0, laid.places(0)
        y, aside = _middle(laid, 0), (laid.advance - size) / 2
        for one in units:
            while one - first >= len(places) - 1 and row + 1 < len(laid.rows):
                row += 1
                first, places = laid.places(row)
                y = _middle(laid, row)
            yield QRectF(int(places[one - first] + aside), y, size, size)

    @property
    def signs(self) -> list[tuple[QRectF, str]]:
        """The cells of characters that are shown by a sign, and the signs."""
        if self._signs is None:
            laid = self.laid
            units = laid.units_of_points([sign.at for sign in laid.shown.signs])
            words = [sign.words for sign in laid.shown.signs]
            cells = [laid.rect(*cell) for cell in self._cells(units)]
            self._signs = list(zip(cells, words, strict=True))
        return self._signs

    def _cells(self, units: list[int]) -> Iterator[tuple[int, float, float]]:
        """The row, left and right of the characters at these units, in order."""
        laid, row = self.laid, 0
        ends = [laid.row_units(one)[1] for one in range(len(laid.rows))]
        for one in units:
            while row + 1 < len(ends) and ends[row] <= one:
                row += 1
            if laid.is_mixed:
                yield row, *laid.edges(row)[one - laid.row_units(row)[0]]
            else:
                yield row, laid.x_of(one, row), laid.x_of(one + 1, row)


def _middle(laid: LaidSegment, row: int) -> float:
    return row * laid.row_height + round(laid.row_height / 2)


class LayoutCache:
    """Laid segments by their number, the ones used last kept."""

    def __init__(self, document: TokenDocument) -> None:
        self._document = document
        self._kept: OrderedDict[int, Prepared] = OrderedDict()
        self._n_chars = 0
        self._font = QFont()
        self._advance = self._width = self._row_height = 1.0

    def set_look(self, font: QFont, width: float, row_height: float) -> None:
        """Another font or width: all is laid out anew."""
        self._font, self._width, self._row_height = font, max(1.0, width), row_height
        self._advance = QFontMetricsF(font).horizontalAdvance("m")
        self.clear()

    def clear(self) -> None:
        self._kept.clear()
        self._n_chars = 0

    def segment(self, number: int) -> Prepared:
        """A segment, laid out now if it is not."""
        found = self._kept.get(number)
        if found is not None:
            self._kept.move_to_end(number)
            return found
        text = self._document.text.segments[number]
        laid = LaidSegment(text, self._font, self._advance, self._width, self._row_height)
        made = Prepared(laid)
        self._kept[number] = made
        self._n_chars += len(text)
        while len(self._kept) > 1 and (
            self._n_chars > MOST_CHARS or len(self._kept) > MOST_SEGMENTS
        ):
            self._n_chars -= len(self._kept.popitem(last=False)[1].laid.text)
        return made

    def is_laid(self, number: int) -> bool:
        return number in self._kept

    def boxes(self, number: int, prepared: Prepared) -> SegmentBoxes:
        """Where a segment's tokens stand."""
        if prepared.boxes is None:
            document = self._document
            start, end = document.text.starts[number : number + 2].tolist()
            first, last = document.tokens.between(start, end)
            ends = np.minimum(document.tokens.ends[first:last], end) - start
            prepared.boxes = boxes_of(prepared.laid, ends)
        return prepared.boxes

    def replace(self, change: Replaced) -> None:
        """Segments of the document became others; those behind have other numbers."""
        shift = change.n_new - (change.last - change.first)
        kept: OrderedDict[int, Prepared] = OrderedDict()
        for number, prepared in self._kept.items():
            if change.first <= number < change.last:
                self._n_chars -= len(prepared.laid.text)
                continue
            if number in (change.first - 1, change.last):
                prepared.drop_tokens()
            kept[number if number < change.first else number + shift] = prepared
        self._kept = kept

    def drop_tokens(self, start: int, end: int) -> None:
        """The tokens of these bytes are others."""
        text = self._document.text
        first, last = text.segment_at(start), text.segment_at(end)
        for number, prepared in self._kept.items():
            if first <= number <= last:
                prepared.drop_tokens()
