"""A combo box that a scroll wheel passing over it does not change."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget


class CalmComboBox(QComboBox):
    """Takes the wheel only while it has the focus, so that a page can be scrolled over it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # Grows to its longest entry, so that none is cut at a large font.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def add_choices(self, choices: list[tuple[str, object]]) -> None:
        """Visible names and the data behind them."""
        for name, data in choices:
            self.addItem(name, data)

    def choose(self, data: object) -> None:
        """Show the entry of this data; the first where there is none."""
        self.setCurrentIndex(max(0, self.findData(data)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
