"""The segments of the editor that are laid out: those in view and some that were. Knows the
document's segments and tokens; paints nothing.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont

from gui.tokens.document import TokenDocument
from gui.tokens.segments import Replaced
from gui.widgets.token_editor_boxes import SegmentBoxes, boxes_of
from gui.widgets.token_editor_layout import LaidSegment, x_of

MOST_CHARS = 400_000  # laid out at a time
MOST_SEGMENTS = 600


class Prepared:
    """A laid segment with what is painted over and under its text."""

    def __init__(self, laid: LaidSegment) -> None:
        self.laid = laid
        self.boxes: SegmentBoxes | None = None
        # By fill: the rectangles of the chips. The painter's; dropped with the boxes.
        self.fills: list[tuple[int, list[QRectF]]] | None = None
        self._dots: list[QPointF] | None = None
        self._signs: list[tuple[QRectF, str]] | None = None

    def drop_tokens(self) -> None:
        self.boxes = self.fills = None

    @property
    def dots(self) -> list[QPointF]:
        """The middles of the plain blanks."""
        if self._dots is None:
            laid = self.laid
            units = laid.units_of_points(laid.shown.blanks)
            self._dots = [cell.center() for cell in self._cells(units)]
        return self._dots

    @property
    def signs(self) -> list[tuple[QRectF, str]]:
        """The cells of characters that are shown by a sign, and the signs."""
        if self._signs is None:
            laid = self.laid
            units = laid.units_of_points([sign.at for sign in laid.shown.signs])
            words = [sign.words for sign in laid.shown.signs]
            self._signs = list(zip(self._cells(units), words, strict=True))
        return self._signs

    def _cells(self, units: list[int]) -> list[QRectF]:
        laid, row, cells = self.laid, 0, []
        for one in units:
            while row + 1 < len(laid.rows) and laid.rows[row + 1].textStart() <= one:
                row += 1
            line = laid.rows[row]
            left, right = sorted((x_of(line, one), x_of(line, one + 1)))
            cells.append(laid.rect(row, left, right))
        return cells


class LayoutCache:
    """Laid segments by their number, the ones used last kept."""

    def __init__(self, document: TokenDocument) -> None:
        self._document = document
        self._kept: OrderedDict[int, Prepared] = OrderedDict()
        self._n_chars = 0
        self._font = QFont()
        self._width = self._row_height = 1.0

    def set_look(self, font: QFont, width: float, row_height: float) -> None:
        """Another font or width: all is laid out anew."""
        self._font, self._width, self._row_height = font, max(1.0, width), row_height
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
        made = Prepared(LaidSegment(text, self._font, self._width, self._row_height))
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
