"""The details of the pages, one on show, each in a pane that scrolls down and never sideways."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget


class DetailsStack(QStackedWidget):
    """Keeps what each page gave it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._areas: dict[str, QScrollArea] = {}

    def add_details(self, key: str, details: QWidget | None) -> None:
        """A page's details; None where it has none."""
        if details is None:
            return
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        details.setObjectName("staged_details")
        details.setStyleSheet("#staged_details { background: transparent; }")
        details.setMinimumWidth(1)
        area.setWidget(details)
        self.addWidget(area)
        self._areas[key] = area

    def show_details(self, key: str) -> bool:
        """Show a page's; whether it has any."""
        area = self._areas.get(key)
        if area is not None:
            self.setCurrentWidget(area)
        return area is not None
