"""Keys and input methods of the token editor."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QGuiApplication,
    QHideEvent,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.widgets.token_editor_caret import Move
from gui.widgets.token_editor_edit import EditorEdit

_Key = QKeySequence.StandardKey
_MOVES: list[tuple[_Key, _Key, Move]] = [
    (_Key.MoveToPreviousChar, _Key.SelectPreviousChar, "left"),
    (_Key.MoveToNextChar, _Key.SelectNextChar, "right"),
    (_Key.MoveToPreviousWord, _Key.SelectPreviousWord, "word_left"),
    (_Key.MoveToNextWord, _Key.SelectNextWord, "word_right"),
    (_Key.MoveToPreviousLine, _Key.SelectPreviousLine, "up"),
    (_Key.MoveToNextLine, _Key.SelectNextLine, "down"),
    (_Key.MoveToPreviousPage, _Key.SelectPreviousPage, "page_up"),
    (_Key.MoveToNextPage, _Key.SelectNextPage, "page_down"),
    (_Key.MoveToStartOfLine, _Key.SelectStartOfLine, "row_start"),
    (_Key.MoveToEndOfLine, _Key.SelectEndOfLine, "row_end"),
    (_Key.MoveToStartOfBlock, _Key.SelectStartOfBlock, "paragraph_start"),
    (_Key.MoveToEndOfBlock, _Key.SelectEndOfBlock, "paragraph_end"),
    (_Key.MoveToStartOfDocument, _Key.SelectStartOfDocument, "start"),
    (_Key.MoveToEndOfDocument, _Key.SelectEndOfDocument, "end"),
]
_DELETES: list[tuple[_Key, Move]] = [
    (_Key.Backspace, "left"),
    (_Key.Delete, "right"),
    (_Key.DeleteStartOfWord, "word_left"),
    (_Key.DeleteEndOfWord, "word_right"),
    (_Key.DeleteEndOfLine, "row_end"),
]
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class EditorKeys(EditorEdit):
    """Hears the keyboard."""

    def __init__(
        self, theme: Theme, document: TokenDocument | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, document, parent)
        self._composed = ""  # what an input method has not settled on yet
        self._blink = QTimer(self)
        self._blink.timeout.connect(self._on_blink)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)

    # ---- keys ----

    def event(self, event: QEvent) -> bool:
        """What edits text is ours before it is anybody's shortcut."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            has_command = event.modifiers() & (
                Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
            )
            if (event.text().isprintable() and event.text() and not has_command) or any(
                event.matches(one) for one in self._own_keys()
            ):
                event.accept()
                return True
        return super().event(event)

    def _own_keys(self) -> list[_Key]:
        keys = [key for move, select, _ in _MOVES for key in (move, select)]
        return keys + [key for key, _ in _DELETES] + list(self._commands())

    def _commands(self) -> dict[_Key, object]:
        return {
            _Key.Copy: self.copy,
            _Key.Cut: self.cut,
            _Key.Paste: self.paste,
            _Key.Undo: self.undo,
            _Key.Redo: self.redo,
            _Key.SelectAll: self.selectAll,
        }

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not (self._move_key(event) or self._delete_key(event) or self._command_key(event)):
            self._text_key(event)
        if event.isAccepted():
            self._show_caret()

    def _move_key(self, event: QKeyEvent) -> bool:
        for key, select_key, move in _MOVES:
            if event.matches(key) or event.matches(select_key):
                self.move_caret(move, keeps_anchor=event.matches(select_key))
                return True
        return False

    def _delete_key(self, event: QKeyEvent) -> bool:
        found = next((move for key, move in _DELETES if event.matches(key)), None)
        is_plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, _SHIFT)
        if found is None and event.key() == Qt.Key.Key_Backspace and is_plain:
            found = "left"  # not every system counts it among its standard keys
        if found is not None:
            self.delete(found)
        return found is not None

    def _command_key(self, event: QKeyEvent) -> bool:
        for key, do in self._commands().items():
            if event.matches(key) and callable(do):
                do()
                return True
        return False

    def _text_key(self, event: QKeyEvent) -> None:
        text, modifiers = event.text(), event.modifiers()
        is_command = modifiers & Qt.KeyboardModifier.ControlModifier and not (
            modifiers & Qt.KeyboardModifier.AltModifier  # AltGr types letters
        )
        if self.is_read_only or is_command:
            event.ignore()
        elif event.key() in _ENTERS:
            self.insert("\n", joins=True)
        elif text and text.isprintable():
            self.insert(text, joins=True)
        else:
            event.ignore()

    # ---- input methods ----

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        if self.is_read_only:
            event.ignore()
            return
        if event.replacementLength():
            self._select_for_replacement(event)
        if event.commitString():
            self.insert(event.commitString(), joins=True)
        self._composed = event.preeditString()
        event.accept()
        self._show_caret()

    def _select_for_replacement(self, event: QInputMethodEvent) -> None:
        """The method means UTF-16 units counted from the caret."""
        start, data, units = self._around()
        first = max(0, units + event.replacementStart())
        end = first + event.replacementLength()
        left = data[: 2 * first].decode("utf-16-le", "ignore")
        middle = data[2 * first : 2 * end].decode("utf-16-le", "ignore")
        place = start + len(left.encode())
        self.select(place, place + len(middle.encode()))

    def _around(self) -> tuple[int, bytes, int]:
        """The segment of the caret: its first byte, its text as UTF-16, the caret in units."""
        text = self.document.text
        number = text.segment_at(self.place)
        start = int(text.starts[number])
        before = text.text(start, self.place)
        units = len(before.encode("utf-16-le")) // 2
        return start, text.segments[number].encode("utf-16-le"), units

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> object:
        kind = Qt.InputMethodQuery
        if query == kind.ImEnabled:
            return not self.is_read_only
        if query in (kind.ImCursorRectangle, kind.ImAnchorRectangle):
            return self.caret_rect()
        if query == kind.ImFont:
            return self._look.font
        if query in (kind.ImCursorPosition, kind.ImAnchorPosition):
            return self._around()[2]
        if query == kind.ImSurroundingText:
            return self._around()[1].decode("utf-16-le")
        if query == kind.ImCurrentSelection:
            return self.selected_text()
        return super().inputMethodQuery(query)

    # ---- the caret's blinking ----

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_caret()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hide_caret()
        self.document.history.close()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._hide_caret()

    def _show_caret(self) -> None:
        self._is_caret_on = True
        flash_ms = QGuiApplication.styleHints().cursorFlashTime()
        if flash_ms > 0:
            self._blink.start(flash_ms // 2)
        self.viewport().update()

    def _hide_caret(self) -> None:
        self._blink.stop()
        self._is_caret_on, self._composed = False, ""
        self.viewport().update()

    def _on_blink(self) -> None:
        self._is_caret_on = not self._is_caret_on
        self.viewport().update(self.caret_rect().toAlignedRect().adjusted(-1, -1, 1, 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._composed:
            self._paint_composed()

    def _paint_composed(self) -> None:
        """What is being composed, over the text behind the caret."""
        look, rect = self._look, self.caret_rect()
        painter = QPainter(self.viewport())
        font = QFont(look.font)
        font.setUnderline(True)
        painter.setFont(font)
        width = look.metrics.horizontalAdvance(self._composed) + 4
        box = QRectF(rect.x(), rect.y(), width, rect.height())
        painter.fillRect(box, QColor(look.palette.pane))
        painter.setPen(QColor(look.palette.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._composed)
