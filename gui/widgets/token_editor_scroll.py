"""Scrolling of the token editor: by pixels from where it is, or to where the scroll bar's guess
says; and what will be in view next is prepared while nothing else is to be done.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.widgets.token_editor_view import EditorView

_PREPARE_S = 0.003  # at a time


class EditorScroll(EditorView):
    """Moves the view."""

    def __init__(
        self, theme: Theme, document: TokenDocument | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, document, parent)
        self._direction = 1
        self._has_jumped = False  # and what is there now has not been painted whole
        self._prepare = QTimer(self, singleShot=True, interval=0)
        self._prepare.timeout.connect(self._on_idle)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    def scroll_by(self, pixels: float) -> None:
        """Move on by so many pixels, back where negative."""
        before = (self._top, self._offset)
        offset, top = self._offset + pixels, self._top
        last = len(self.document.text) - 1
        while offset < 0 and top > 0:
            top -= 1
            offset += self._segment(top).laid.height
        while top < last and offset >= (height := self._segment(top).laid.height):
            offset -= height
            top += 1
        self._top, self._offset = top, max(0.0, offset)
        self._stay_within()
        self._set_bar()
        self._move_pixels(*before)

    def _move_pixels(self, top: int, offset: float) -> None:
        """Paint only what came into view since the view stood there, if that is not all."""
        self._direction = -1 if (self._top, self._offset) < (top, offset) else 1
        first, last = sorted((top, self._top))
        between = range(first, last)
        pixels = float(self.viewport().height())
        if len(between) < pixels:
            height = sum(self._segment(number).laid.height for number in between)
            pixels = (height if self._top < top else -height) + offset - self._offset
        if abs(pixels) < self.viewport().height() and pixels == int(pixels):
            self.viewport().scroll(0, int(pixels))
        else:
            self.viewport().update()
        self._prepare.start()

    def ensure_visible(self, place: int) -> None:
        """Scroll as little as need be for a byte to be in view."""
        number = self.document.text.segment_at(place)
        if self._is_far(number):
            self._top, self._offset = number, 0.0
            self.scroll_by(-self.viewport().height() / 3)
        rect = self.caret_rect(place)
        margin = self._look.margin
        if rect.top() < margin:
            self.scroll_by(rect.top() - margin)
        elif rect.bottom() > self.viewport().height() - margin:
            self.scroll_by(rect.bottom() - self.viewport().height() + margin)

    def _on_scrolled(self, value: int) -> None:
        """Moved by hand: a little on from where it is, or far away to where the guess says."""
        if self._is_moving:
            return
        look, wanted = self._look, value * self._scale()
        here = self._heights.above(self._top) * look.row_height + self._offset
        if abs(wanted - here) <= 3 * self.viewport().height():
            self.scroll_by(wanted - here)
        else:
            number = self._heights.segment_at(wanted / look.row_height)
            into = wanted - self._heights.above(number) * look.row_height
            self._top = number
            self._offset = min(into, self._segment(number).laid.height - 1)
            self._has_jumped = True
            self._after_change()
        if value == self.verticalScrollBar().maximum():
            self._go_to_end()

    def _go_to_end(self) -> None:
        """The guess may end before the text does."""
        self._top, self._offset = len(self.document.text) - 1, 0.0
        self._after_change()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """In pixels where the device tells them, else three rows a notch."""
        pixels = event.pixelDelta().y() or event.angleDelta().y() / 120 * 3 * self._look.row_height
        before = (self._top, self._offset)
        self.scroll_by(-pixels)
        event.setAccepted(before != (self._top, self._offset))

    # ---- ahead of time ----

    def _on_idle(self) -> None:
        """Prepare the next page in the direction of the last move, then the one behind."""
        give_up_s = time.perf_counter() + _PREPARE_S
        last = self._top
        for view in self.in_view():
            last = view.number
        for first, step in ((last + 1, 1), (self._top - 1, -1))[:: self._direction]:
            height, number = 0.0, first
            while 0 <= number < len(self.document.text) and height < 1.2 * self.viewport().height():
                if time.perf_counter() > give_up_s:
                    self._prepare.start()
                    return
                height += self.prepared(number).laid.height
                number += step
