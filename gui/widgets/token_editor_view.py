"""The view of the token editor: which segments are in view and where each place and token is. Only
what is in view is laid out; the rest is guessed until it is scrolled to.

The view stands at a segment and a number of pixels within it, so that an edit elsewhere never moves
what is looked at. Does not scroll (token_editor_scroll.py) and not paint (token_editor_page.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from gui.theme import Theme
from gui.tokens.document import Edit, TokenDocument
from gui.widgets.token_editor_cache import LayoutCache, Prepared
from gui.widgets.token_editor_heights import Heights
from gui.widgets.token_editor_paint import EditorLook, chip_fills

_LARGEST_SCROLL = 1 << 30  # a scroll bar counts in 32 bits


class InView(Struct, frozen=True):
    """A segment and where its top is in the viewport."""

    number: int
    prepared: Prepared
    top: float

    @property
    def bottom(self) -> float:
        return self.top + self.prepared.laid.height


class EditorView(QAbstractScrollArea):
    """Shows a document."""

    edited = Signal()  # the text is another
    tokens_changed = Signal()  # tokens came, of all or of a part

    def __init__(
        self, theme: Theme, document: TokenDocument | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.document = document or TokenDocument()
        self.place = self.anchor = 0  # the caret, and where the selection began (bytes)
        self.chosen = -1
        self._theme = theme
        self._cache = LayoutCache(self.document)
        self._heights = Heights()
        self._top, self._offset = 0, 0.0
        self._matches = np.zeros((0, 2), np.int64)
        self._match = -1
        self._is_moving = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.document.watchers.append(self)
        theme.changed.connect(self._dress)
        self._dress()

    # ---- the document's news ----

    def text_edited(self, edit: Edit) -> None:
        """The document's text is another."""
        change = edit.segments
        starts = self.document.text.starts[change.first : change.first + change.n_new + 1]
        self._cache.replace(change)
        self._heights.replace(change.first, change.last, np.diff(starts))
        if self._top >= change.last:
            self._top += change.n_new - (change.last - change.first)
        elif self._top >= change.first + change.n_new:
            self._top, self._offset = change.first + change.n_new - 1, 0.0
        self.place, self.anchor = (_moved(one, edit) for one in (self.place, self.anchor))
        self.chosen = -1
        self._matches = self._matches[:0]
        self._after_change()
        self.edited.emit()

    def tokens_put(self, start: int, end: int) -> None:
        """The document's tokens are others."""
        self._cache.drop_tokens(start, end)
        self.viewport().update()
        self.tokens_changed.emit()

    # ---- look and size ----

    def _dress(self) -> None:
        self._look = EditorLook(self._theme)
        self._lay_out_anew()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out_anew()
        else:
            self._after_change()

    def _lay_out_anew(self) -> None:
        look, width = self._look, self._text_width()
        self._cache.set_look(look.font, width, look.row_height)
        lengths = np.diff(self.document.text.starts)
        self._heights.set(lengths, int(width / look.advance))
        self._offset = 0.0
        self._after_change()

    def _text_width(self) -> float:
        # A blank at the end of a row hangs behind it: room for that one.
        return max(40.0, self.viewport().width() - 2 * self._look.margin - self._look.advance)

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(600), self._theme.px(300))

    def minimumSizeHint(self) -> QSize:
        look = self._look
        return QSize(self._theme.px(160), round(look.row_height + 2 * look.margin))

    def content_height(self, most: int) -> int:
        """The height in pixels at which nothing is scrolled, at most `most`."""
        height = 2 * self._look.margin
        for number in range(len(self.document.text)):
            height += self._segment(number).laid.height
            if height >= most:
                return most
        return round(height)

    # ---- what is where ----

    def _segment(self, number: int) -> Prepared:
        prepared = self._cache.segment(number)
        self._heights.correct(number, max(1, len(prepared.laid.rows)))
        return prepared

    def prepared(self, number: int) -> Prepared:
        """A segment with all that is painted of it."""
        prepared = self._segment(number)
        if prepared.fills is None:
            boxes = self._cache.boxes(number, prepared)
            first = self._first_token(number)
            prepared.fills = list(chip_fills(self._look, self.document.tokens, boxes, first))
            prepared.dots(self._look.dot)
        return prepared

    def in_view(self) -> Iterator[InView]:
        """The segments in view, from the top."""
        y = self._look.margin - self._offset
        for number in range(self._top, len(self.document.text)):
            if y >= self.viewport().height():
                return
            prepared = self._segment(number)
            yield InView(number, prepared, y)
            y += prepared.laid.height

    def place_near(self, point: QPointF) -> int:
        """The byte between characters that is nearest to a point of the viewport."""
        last: InView | None = None
        for view in self.in_view():
            last = view
            if point.y() < view.top + view.prepared.laid.height:
                break
        if last is None:
            return 0
        inside = QPointF(point.x() - self._look.margin, point.y() - last.top)
        return int(self.document.text.starts[last.number]) + last.prepared.laid.nearest(inside)

    def token_under(self, point: QPointF) -> int:
        """The token at a point of the viewport, -1 beside the text; a part of a character where
        several tokens share it."""
        for view in self.in_view():
            y = point.y() - view.top
            if 0 <= y < view.prepared.laid.height:
                row = int(y // self._look.row_height)
                x = point.x() - self._look.margin
                first = self._first_token(view.number)
                for box in self._cache.boxes(view.number, view.prepared).boxes:
                    if box.row == row and box.left <= x < box.right:
                        return first + box.token
        return -1

    def _first_token(self, number: int) -> int:
        start = int(self.document.text.starts[number])
        return int(np.searchsorted(self.document.tokens.ends, start, side="right"))

    def token_rect(self, token: int) -> QRect:
        """A token's first box in the viewport; empty where it is not in view."""
        if not 0 <= token < len(self.document.tokens):
            return QRect()
        for view in self.in_view():
            first = self._first_token(view.number)
            for box in self._cache.boxes(view.number, view.prepared).boxes:
                if first + box.token == token:
                    rect = view.prepared.laid.rect(box.row, box.left, box.right)
                    return rect.translated(self._look.margin, view.top).toRect()
        return QRect()

    def caret_rect(self, place: int | None = None) -> QRectF:
        """Where the caret is in the viewport, or would be; also above it and below."""
        at = self.place if place is None else place
        number = self.document.text.segment_at(at)
        laid = self._segment(number).laid
        units = laid.units(at - int(self.document.text.starts[number]))
        row = laid.row_of(units)
        x = laid.x_of(units, row) + self._look.margin
        y = self._top_of(number) + row * self._look.row_height
        return QRectF(x, y, 2.0, self._look.row_height)

    def _top_of(self, number: int) -> float:
        """Where a segment begins in the viewport; guessed where it is far off."""
        if self._is_far(number):
            rows = self._heights.above(number) - self._heights.above(self._top)
            return self._look.margin - self._offset + rows * self._look.row_height
        y = self._look.margin - self._offset
        for one in range(self._top, number):
            y += self._segment(one).laid.height
        return y

    def _is_far(self, number: int) -> bool:
        """Whether a segment is above the view, or more than about a page below it."""
        rows = self._heights.above(number) - self._heights.above(self._top)
        return rows < 0 or rows * self._look.row_height > 2 * self.viewport().height()

    # ---- the scroll bar ----

    def _after_change(self) -> None:
        """Nothing is scrolled beyond the end, the bar is where the view is, all is painted."""
        self._stay_within()
        self._set_bar()
        self.viewport().update()

    def _set_bar(self) -> None:
        bar, look = self.verticalScrollBar(), self._look
        total = self._heights.total * look.row_height + 2 * look.margin
        scale = self._scale()
        most = max(0, round((total - self.viewport().height()) / scale))
        value = self._heights.above(self._top) * look.row_height + self._offset
        self._is_moving = True
        bar.setRange(0, most)
        bar.setPageStep(max(1, round(self.viewport().height() / scale)))
        bar.setSingleStep(max(1, round(look.row_height / scale)))
        bar.setValue(round(value / scale))
        self._is_moving = False

    def _scale(self) -> float:
        """Pixels for each step of the scroll bar."""
        return max(1.0, self._heights.total * self._look.row_height / _LARGEST_SCROLL)

    def _stay_within(self) -> None:
        room = self.viewport().height() - 2 * self._look.margin
        y = -self._offset
        for number in range(self._top, len(self.document.text)):
            y += self._segment(number).laid.height
            if y >= room:
                return
        missing = room - y
        while missing > 0 and (self._offset > 0 or self._top > 0):
            if self._offset == 0:
                self._top -= 1
                self._offset = self._segment(self._top).laid.height
            step = min(missing, self._offset)
            self._offset -= step
            missing -= step


def _moved(place: int, edit: Edit) -> int:
    """Where a place is after an edit."""
    if place <= edit.start:
        return place
    if place >= edit.end:
        return place + edit.n_new - (edit.end - edit.start)
    return edit.start + edit.n_new
