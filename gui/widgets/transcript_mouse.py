"""The mouse over the transcript: hovering, clicking, selecting by dragging, tooltips.

What a click on something does is the business of transcript_input.py (`act`).
"""

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QHelpEvent, QHideEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from gui.theme import Theme
from gui.widgets.markdown_blocks import block_text
from gui.widgets.transcript_row import tooltip
from gui.widgets.transcript_selection import Position, word_around
from gui.widgets.transcript_target import Target, position_at, target_at
from gui.widgets.transcript_tokens import TranscriptTokens

_DRAG_SCROLL_MS = 30


class TranscriptMouse(TranscriptTokens):
    """A page that answers the mouse."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._pressed: Target | None = None
        self._is_selecting = False
        self._mouse = QPointF()
        self._pointer: QPointF | None = None  # where the mouse is, while it is over the page
        self._drag_timer = QTimer(self, interval=_DRAG_SCROLL_MS)
        self._drag_timer.timeout.connect(self._on_drag_beyond)
        self.verticalScrollBar().valueChanged.connect(self.hover_again)

    def act(self, target: Target) -> None:
        """Do what was clicked."""
        raise NotImplementedError

    def clear_hover(self) -> None:
        self.hovered, self.hovered_message = None, -1

    @Slot()
    def hover_again(self) -> None:
        """Something else may be under the mouse though it did not move."""
        if self._pointer is not None and not self._is_selecting:
            self._hover(self._pointer)

    def _hover(self, point: QPointF) -> None:
        self._pointer = point
        at = self.column_point(point)
        target = target_at(self.column, at)
        message = self.column.index_at(at.y())
        if (target, message) != (self.hovered, self.hovered_message):
            self.hovered, self.hovered_message = target, message
            self.viewport().update()
        shape = Qt.CursorShape.ArrowCursor
        if target is not None:
            shape = Qt.CursorShape.PointingHandCursor
        elif 0 <= at.x() <= self.column.width:
            shape = Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape)
        self.hover_token(point)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.set_current(-1)
        at = self.column_point(event.position())
        self._pressed = target_at(self.column, at)
        self._mouse = event.position()
        if self._pressed is not None and self._pressed.what != "link":
            return
        position = position_at(self.column, at)
        if position is not None:
            keeps = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            anchor = self.selection.anchor if keeps else None
            self.selection.set(anchor or position, position)
            self._is_selecting = True
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._is_selecting:
            self._hover(event.position())
            return
        far = (event.position() - self._mouse).manhattanLength()
        if self._pressed is not None and far < QApplication.startDragDistance():
            return
        self._pressed = None
        self._mouse = event.position()
        self._extend_to(self._mouse)
        inside = 0 <= self._mouse.y() <= self.viewport().height()
        if inside:
            self._drag_timer.stop()
        elif not self._drag_timer.isActive():
            self._drag_timer.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._drag_timer.stop()
        self._is_selecting = False
        pressed, self._pressed = self._pressed, None
        if pressed is not None and pressed == target_at(
            self.column, self.column_point(event.position())
        ):
            self.act(pressed)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A word; the press of a double click has put the anchor there already."""
        at = self.column_point(event.position())
        position = position_at(self.column, at)
        if target_at(self.column, at) is not None or position is None:
            self.mousePressEvent(event)
            return
        index = self.column.index_of(position.message_id)
        blocks = self.column.items[index].blocks if index is not None else []
        if position.block < len(blocks):
            start, end = word_around(block_text(blocks[position.block]), position.offset)
            message_id, block = position.message_id, position.block
            self.selection.set(Position(message_id, block, start), Position(message_id, block, end))
            self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        self.clear_hover()
        self.hover_token(QPointF(-1, -1))
        self.viewport().update()

    def _extend_to(self, point: QPointF) -> None:
        position = position_at(self.column, self.column_point(point))
        if position is not None:
            self.selection.move_head(position)
            self.viewport().update()

    @Slot()
    def _on_drag_beyond(self) -> None:
        """Scroll on while the mouse is held above or below the view."""
        beyond = self._mouse.y() - (0 if self._mouse.y() < 0 else self.viewport().height())
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + round(beyond / 2))
        self._extend_to(self._mouse)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            target = target_at(self.column, self.column_point(QPointF(event.pos())))
            text = "" if target is None else target.url or tooltip(target.what, self.column.added)
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._drag_timer.stop()
