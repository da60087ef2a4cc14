"""A text as its tokens: coloured chips in bands, for mouse and keys; of 100,000 tokens only those
in view are visited.

Shows a TokenText and tells what is pointed at; knows no model and no chat. Layout and scrolling are
in token_page.py, breaking into rows in token_rows.py, painting in token_paint.py.
"""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip

from gui.widgets.plain_tip import plain_tip
from gui.widgets.token_page import TokenPage
from gui.widgets.token_text import bytes_text, shown

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_ROW_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class TokenView(TokenPage):
    """The tokens of one text. `current` is the token that keys act on, -1 for none."""

    pointed = Signal(int)  # the token under the mouse, or made current by key; -1 for none
    copied = Signal(str)  # what was put on the clipboard

    # ---- mouse ----

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        token = self.token_at(event.position())
        shape = Qt.CursorShape.PointingHandCursor if token >= 0 else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        self.pointed.emit(token)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        token = self.token_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and token >= 0:
            self.current = token
            self.copy(self._tokens.text(token, token + 1))
            self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(self.current if self.hasFocus() else -1)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = QPointF(event.pos())
            words = self.describe(self.token_at(at)) or self.note_at(at)
            QToolTip.showText(event.globalPos(), plain_tip(words), self.viewport())
            return True
        return super().viewportEvent(event)

    def describe(self, token: int) -> str:
        """A token in words: text, id, bytes, place; with the note above the band that it begins,
        so that keys reach it."""
        if not 0 <= token < len(self._tokens):
            return ""
        piece = self._tokens.piece(token)
        words = self.tr("“%s” · id %d · bytes %s · token %s of %s")
        facts = (shown(piece), self._tokens.ids[token], bytes_text(piece) or self.tr("none"))
        text = words % (*facts, f"{token + 1:,}", f"{len(self._tokens):,}")
        text += self.tr(" · special") if self._tokens.is_special(token) else ""
        return f"{text} · {note}" if (note := self._note_above(token)) else text

    def _note_above(self, token: int) -> str:
        return next((band.note for band in self._bands if band.start == token), "")

    # ---- keys, clipboard, menu ----

    def copy(self, text: str = "") -> None:
        """Put a text on the clipboard; without one, the current token's."""
        if not text and self.current >= 0:
            text = self._tokens.text(self.current, self.current + 1)
        if text:
            QGuiApplication.clipboard().setText(text)
            self.copied.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif key in _STEPS:
            self.set_current(self._from() + _STEPS[key] if self.current >= 0 else self._from())
        elif key in _ROW_STEPS:
            self._step_row(_ROW_STEPS[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.set_current(0 if key == Qt.Key.Key_Home else len(self._tokens) - 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.copy()
        else:
            super().keyPressEvent(event)

    def _from(self) -> int:
        return self.current if self.current >= 0 else self.first_in_view()

    def _step_row(self, step: int) -> None:
        """The token above or below."""
        place = self.token_rect(self._from()).center()
        rows, index = self._rows.rows, self._rows.row_of(self._from()) + step
        self._rows.lay(lambda: len(self._rows.rows) > index + 1)
        while 0 <= index < len(rows) and rows[index].is_note:
            index += step
        if not 0 <= index < len(rows):
            return
        x, token = self._left(), rows[index].first
        while token < rows[index].end - 1 and x + self._rows.width_of(token) < place.x():
            x += self._rows.width_of(token)
            token += 1
        self.set_current(token)

    def tell_current(self) -> None:
        self.setAccessibleDescription(self.describe(self.current))
        if QAccessible.isActive():
            QAccessible.updateAccessibility(
                QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
            )
        self.pointed.emit(self.current)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        token = self.current if by_key else self.token_at(QPointF(event.pos()))
        menu = self.menu_for(token)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        corner = self.token_rect(token).bottomLeft().toPoint() if by_key else event.pos()
        menu.popup(self.viewport().mapToGlobal(QPoint(corner)))

    def menu_for(self, token: int) -> QMenu:
        """What can be copied, of a token (-1: none), its band and all."""
        menu = QMenu(self)
        if token >= 0:
            band = next(one for one in self._bands if one.start <= token < one.end)
            self._add_copies(menu, self.tr("this token"), token, token + 1)
            if band.title:
                menu.addSeparator()
                self._add_copies(menu, f"“{band.title}”", band.start, band.end)
            menu.addSeparator()
        self._add_copies(menu, self.tr("everything"), 0, len(self._tokens))
        return menu

    def _add_copies(self, menu: QMenu, what: str, first: int, end: int) -> None:
        text = menu.addAction(self.tr("Copy text of %s") % what)
        text.triggered.connect(lambda: self.copy(self._tokens.text(first, end)))
        ids = menu.addAction(self.tr("Copy ids of %s") % what)
        ids.triggered.connect(lambda: self.copy(self.ids_text(first, end)))

    def ids_text(self, first: int = 0, end: int | None = None) -> str:
        """Ids as a list that any program reads: [1, 9690, 198]."""
        return str(list(self._tokens.ids[first:end]))
