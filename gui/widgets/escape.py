"""Lets a widget have the Esc key where a room has a shortcut on it."""

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
