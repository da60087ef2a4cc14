"""Two cards beside one another, or below where that would be too narrow."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from gui.theme import Theme

LEAST_PX = 300  # of each


class SideBySide(QWidget):
    """Each takes half of the width."""

    def __init__(
        self, theme: Theme, left: QWidget, right: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        for one in (left, right):
            one.setMinimumWidth(1)
            self._box.addWidget(one, 1)
        theme.changed.connect(self._fit)
        self._fit()

    @property
    def is_wide(self) -> bool:
        return self.width() >= 2 * self._theme.px(LEAST_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        directions = QBoxLayout.Direction
        wanted = directions.LeftToRight if self.is_wide else directions.TopToBottom
        if self._box.direction() != wanted:
            self._box.setDirection(wanted)
        self._box.setSpacing(self._theme.px(14))
