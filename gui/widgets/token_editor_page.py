"""The page of the token editor: paints what is in view, with what is marked. Knows no keys and no
mouse.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.widgets.token_editor_paint import Marks, SegmentPainter
from gui.widgets.token_editor_scroll import EditorScroll
from gui.widgets.token_editor_view import InView

JUMP_S = 0.005  # of a frame, behind a far jump
Place = tuple[int, int]  # bytes: from, up to


class EditorPage(EditorScroll):
    """Shows a document."""

    def __init__(
        self, theme: Theme, document: TokenDocument | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, document, parent)
        self.placeholder = ""
        self._is_caret_on = False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._look.palette.pane))
        top, bottom = event.rect().top(), event.rect().bottom() + 1
        views = (one for one in self._to_paint() if one.bottom > top and one.top < bottom)
        self.paint_segments(painter, views)
        if not self.document.n_bytes and self.placeholder:
            self._paint_placeholder(painter)
        if self._is_caret_on and self.hasFocus():
            painter.fillRect(self.caret_rect(), QColor(self._look.palette.accent))

    def _to_paint(self) -> Iterator[InView]:
        """The segments in view. Behind a far jump nothing is laid out yet: those that a frame has
        no time for come with the next one."""
        give_up_s, has_new = time.perf_counter() + JUMP_S, False
        for view in self.in_view():
            is_new = view.prepared.fills is None
            if self._has_jumped and has_new and is_new and time.perf_counter() > give_up_s:
                QTimer.singleShot(0, self.viewport(), self.viewport().update)
                return
            has_new |= is_new
            yield view
        self._has_jumped = False

    def paint_segments(self, painter: QPainter, views: Iterable[InView]) -> None:
        """Paint segments where they are."""
        segments = SegmentPainter(painter, self._look, self.document.tokens)
        painter.setFont(self._look.font)
        painter.setPen(Qt.PenStyle.NoPen)
        for view in views:
            prepared = self.prepared(view.number)
            at = QPointF(self._look.margin, view.top)
            first = self._first_token(view.number)
            segments.paint(prepared, first, self._marks_of(view.number), at)

    def _marks_of(self, number: int) -> Marks:
        start, end = self.document.text.starts[number : number + 2].tolist()
        first, last = sorted((self.place, self.anchor))
        selection = (max(first, start) - start, min(last, end) - start)
        ids, chosen = self.document.tokens.ids, self.chosen
        marks = Marks(chosen=chosen, selection=selection)
        if 0 <= chosen < len(ids):
            marks.chosen_id = int(ids[chosen])
        if len(self._matches):
            marks.matches, marks.match = self._matches_in(start, end)
        return marks

    def _matches_in(self, start: int, end: int) -> tuple[tuple[Place, ...], Place]:
        starts, ends = self._matches[:, 0], self._matches[:, 1]
        first = int(np.searchsorted(ends, start, side="right"))
        last = int(np.searchsorted(starts, end, side="left"))

        def within(index: int) -> tuple[int, int]:
            a, b = self._matches[index].tolist()
            return max(a, start) - start, min(b, end) - start

        current = within(self._match) if first <= self._match < last else (-1, -1)
        return tuple(within(index) for index in range(first, last)), current

    def _paint_placeholder(self, painter: QPainter) -> None:
        look = self._look
        painter.setFont(look.hint)
        painter.setPen(QColor(look.palette.text_faint))
        box = QRectF(self.viewport().rect()).adjusted(look.margin + 4, look.margin, -look.margin, 0)
        painter.drawText(box, Qt.TextFlag.TextWordWrap, self.placeholder)
