"""The columns side by side, with what will run when above them. What is asked goes through the
room's own message field below. Draws what it is told; emits wishes.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui.chat.columns.column_state import MOST_COLUMNS
from gui.chat.columns.column_view import ColumnView
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.kinds import button, label

# Below this width (at 13 px) the buttons have no words.
WIDE_PX = 760
# And below this one the plan has few.
ROOMY_PX = 560


class ColumnsView(QFrame):
    """Up to four columns."""

    add_requested = Signal()
    again_requested = Signal()
    close_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.views: list[ColumnView] = []
        self.plan = label("", "dim", wrap=True)
        self._plan_texts = ("", "")
        self.add = button(tr("Add a column"), "chip", tr("One more column, up to four"))
        self.again = button(
            tr("Ask again"),
            "chip",
            tr("Answer the last question once more in every column (Ctrl+R)"),
        )
        self.close_button = button(
            tr("Leave columns"), "chip", tr("Back to the one chat (Esc, or Ctrl+Shift+K)")
        )
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._scroll = QScrollArea(self)
        self._lay_out()
        self._add_keys()
        self.add.clicked.connect(self.add_requested)
        self.again.clicked.connect(self.again_requested)
        self.close_button.clicked.connect(self.close_requested)
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

    def set_plan(self, text: str, short: str) -> None:
        """What is said before asking: who answers at once, who in turn; in a sentence, and in the
        few words that a narrow window has room for."""
        self._plan_texts = (text, short)
        self.plan.setToolTip(text)
        self.plan.setAccessibleName(text)
        self._fold()

    def set_writing(self, is_writing: bool) -> None:
        """While replies come nothing can be taken away, added or asked anew."""
        self.add.setEnabled(not is_writing and len(self.views) < MOST_COLUMNS)
        self.again.setEnabled(not is_writing)
        for view in self.views:
            view.remove.setEnabled(not is_writing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    # ---- making ----

    def _lay_out(self) -> None:
        self.setProperty("kind", "work")
        self.setAccessibleName(tr("Columns"))
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        scroll = self._scroll
        scroll.setWidget(self._splitter)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 12, 8)
        top.setSpacing(6)
        top.addWidget(self.plan, 1)
        for part in (self.again, self.add, self.close_button):
            part.setAccessibleName(part.text())
            top.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(scroll, 1)

    def _add_keys(self) -> None:
        """Alt and a number go to a column; from there Tab goes to what is set in it."""
        for number in range(1, MOST_COLUMNS + 1):
            keys = QShortcut(QKeySequence(f"Alt+{number}"), self)
            keys.activated.connect(lambda number=number: self.focus_column(number))

    def focus_column(self, number: int) -> None:
        """Give the keys to a column's conversation."""
        if self.isVisible() and number <= len(self.views):
            view = self.views[number - 1]
            self._scroll.ensureWidgetVisible(view)
            view.transcript.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _fold(self) -> None:
        is_wide = self.width() >= self._theme.px(WIDE_PX)
        is_roomy = self.width() >= self._theme.px(ROOMY_PX)
        self.plan.setText(self._plan_texts[0 if is_roomy else 1])
        for part in (self.again, self.add, self.close_button):
            part.setText(part.accessibleName() if is_wide else "")

    @Slot()
    def _on_theme_changed(self) -> None:
        colour = self._theme.palette.text_dim
        self.add.setIcon(icon("plus", colour))
        self.again.setIcon(icon("refresh", colour))
        self.close_button.setIcon(icon("close", colour))
        self._fold()
