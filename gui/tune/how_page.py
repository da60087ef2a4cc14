"""The fourth page: how long and how strongly the model is taught, and the start."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.tune.parts import TunePage, TuneParts
from gui.tune.words import tr
from gui.widgets.kinds import button


class HowPage(TunePage):
    """Starts the run."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        self.start_button = button(tr("Start"), "primary", tr("Start the run (Ctrl+Return)"))
        self.start_button.clicked.connect(lambda: parts.start())
        column = QVBoxLayout(self)
        column.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
