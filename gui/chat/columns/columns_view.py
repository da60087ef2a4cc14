"""The columns side by side, with what will run when above them and one field below them all. Draws
what it is told; emits wishes.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from gui.chat.columns.column_state import MOST_COLUMNS
from gui.chat.columns.column_view import ColumnView
from gui.chat.composer import Composer
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.kinds import button, label


class ColumnsView(QFrame):
    """Up to four columns."""

    send_requested = Signal(str)
    stop_requested = Signal()
    add_requested = Signal()
    again_requested = Signal()
    close_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.views: list[ColumnView] = []
        self.plan = label("", "dim", wrap=True)
        self.add = button(tr("Add a column"), "chip", tr("One more column, up to four"))
        self.again = button(
            tr("Ask again"), "chip", tr("Answer the last question once more in every column")
        )
        self.close_button = button(tr("Leave columns"), "chip", tr("Back to the one chat (Esc)"))
        self.composer = Composer(theme, self)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._lay_out()
        self.add.clicked.connect(self.add_requested)
        self.again.clicked.connect(self.again_requested)
        self.close_button.clicked.connect(self.close_requested)
        self.composer.send_requested.connect(self.send_requested)
        self.composer.stop_requested.connect(self.stop_requested)
        self.composer.set_prompt(tr("Ask all columns"))
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_count(self, n: int) -> list[ColumnView]:
        """Show so many columns.

        Returns:
            Those that are new.
        """
        while len(self.views) > n:
            view = self.views.pop()
            view.hide()
            view.deleteLater()
        new = []
        while len(self.views) < n:
            view = ColumnView(self._theme, len(self.views) + 1)
            self._splitter.addWidget(view)
            self.views.append(view)
            new.append(view)
        width = max(1, self._splitter.width() // max(1, n))
        self._splitter.setSizes([width] * n)
        self.add.setEnabled(n < MOST_COLUMNS)
        for view in self.views:
            view.remove.setVisible(n > 2)
        return new

    def set_plan(self, text: str) -> None:
        """What is said before asking: who answers at once, who in turn."""
        self.plan.setText(text)

    def _lay_out(self) -> None:
        self.setProperty("kind", "work")
        self.setAccessibleName(tr("Columns"))
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        scroll = QScrollArea()
        scroll.setWidget(self._splitter)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 12, 8)
        top.addWidget(self.plan, 1)
        for part in (self.again, self.add, self.close_button):
            top.addWidget(part)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(24, 4, 24, 14)
        bottom.addWidget(self.composer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(scroll, 1)
        layout.addLayout(bottom)

    @Slot()
    def _on_theme_changed(self) -> None:
        colour = self._theme.palette.text_dim
        self.add.setIcon(icon("plus", colour))
        self.again.setIcon(icon("refresh", colour))
        self.close_button.setIcon(icon("close", colour))
