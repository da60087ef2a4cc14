"""Keeps a scroll wheel that passes over a field from changing it: only one that has the focus takes
it.
"""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class WheelGuard(QObject):
    """Watches fields of a pane that scrolls."""

    def watch(self, field: QWidget) -> None:
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        passing = event.type() == QEvent.Type.Wheel
        if passing and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()  # so that the pane behind it scrolls
            return True
        return False
