"""The field of step mode: a filter whose keys pick.

While it has the focus: letters filter, 1 to 9 and Enter pick, up and down choose, Space lets the
sampler pick, Backspace takes the last token back, Ctrl+Enter lets the model go on, Shift+Enter ends
the reply, Esc leaves. Knows nothing of tokens.
"""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class StepField(QLineEdit):
    """Keys that pick are told, not typed."""

    digit_pressed = Signal(int)  # 1..9
    moved = Signal(int)  # 1 down, -1 up
    enter_pressed = Signal()
    space_pressed = Signal()
    back_pressed = Signal()  # Backspace with nothing typed
    go_on_pressed = Signal()
    end_pressed = Signal()
    escape_pressed = Signal()

    def event(self, event: QEvent) -> bool:
        # Esc and Ctrl+Enter mean the panel before they mean anything in the room.
        is_early = event.type() == QEvent.Type.ShortcutOverride
        if is_early and isinstance(event, QKeyEvent) and _is_for_panel(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in _ENTER and held in (CTRL, SHIFT):
            (self.go_on_pressed if held == CTRL else self.end_pressed).emit()
        elif not self._tell(event.key(), event.text()):
            super().keyPressEvent(event)

    def _tell(self, key: int, text: str) -> bool:
        keys = Qt.Key
        if text in tuple("123456789"):
            self.digit_pressed.emit(int(text))
        elif key in (keys.Key_Down, keys.Key_Up):
            self.moved.emit(1 if key == keys.Key_Down else -1)
        elif key in _ENTER:
            self.enter_pressed.emit()
        elif key == keys.Key_Space:
            self.space_pressed.emit()
        elif key == keys.Key_Backspace and not self.text():
            self.back_pressed.emit()
        elif key == keys.Key_Escape:
            self.escape_pressed.emit()
        else:
            return False
        return True


def _is_for_panel(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Escape or (
        event.key() in _ENTER and event.modifiers() in (CTRL, SHIFT)
    )
