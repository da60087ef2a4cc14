"""The room's left pane: runs over steps. Shows what it is given and tells what was chosen."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from gui.icons import icon
from gui.staged.noted_list import NotedList
from gui.theme import Theme
from gui.widgets.kinds import caps, icon_button


class SideWords(Struct, frozen=True):
    """The lists' headings, and what "+" says."""

    runs: str
    steps: str
    new_tip: str


class RunsAndSteps(QWidget):
    """Two lists; the upper one gives way where there is little height."""

    menu_asked = Signal(str, QPoint)  # a run's folder, and where on the screen
    new_asked = Signal()

    def __init__(self, theme: Theme, words: SideWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.runs = NotedList(theme, words.runs, self)
        self.steps = NotedList(theme, words.steps, self)
        self.new_button: QToolButton = icon_button(words.new_tip)
        self._column = QVBoxLayout(self)
        self._head = QHBoxLayout()
        self._head.addWidget(caps(words.runs), 1)
        self._head.addWidget(self.new_button)
        self._column.addLayout(self._head)
        self._column.addWidget(self.runs)
        self._steps_heading = caps(words.steps)
        self._column.addWidget(self._steps_heading)
        self._column.addWidget(self.steps)
        self._column.addStretch(1)
        self.runs.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.runs.customContextMenuRequested.connect(self._on_menu_asked)
        self.new_button.clicked.connect(self.new_asked)
        theme.changed.connect(self._dress)
        self._dress()

    @Slot(QPoint)
    def _on_menu_asked(self, place: QPoint) -> None:
        line = self.runs.line_at(place)
        if line is not None and line.key:
            self.menu_asked.emit(line.key, self.runs.viewport().mapToGlobal(place))

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(12), px(8), px(12), px(12))
        self._column.setSpacing(px(6))
        self._steps_heading.setContentsMargins(0, px(12), 0, 0)
        self.new_button.setIcon(icon("plus", self._theme.palette.text_dim))
