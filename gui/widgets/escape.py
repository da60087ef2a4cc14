"""Lets a widget have Esc, or Ctrl+Enter, where a room has a shortcut on it."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent


def claim_escape(event: QEvent) -> bool:
    """Call first in a widget's `event`; where True comes back, return it: the key press follows."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    if event.key() != Qt.Key.Key_Escape:
        return False
    event.accept()
    return True


def claim_ctrl_enter(event: QEvent) -> bool:
    """The same for Ctrl+Enter, where a form or an editor ends by it."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    if not is_enter or event.modifiers() != Qt.KeyboardModifier.ControlModifier:
        return False
    event.accept()
    return True
