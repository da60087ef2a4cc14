"""The strip above the pages: the run's name, what the page says of it, the page's own buttons, the
details switch.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from gui.icons import icon
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import icon_button

HEIGHT_PX = 46


class StagedHeader(QFrame):
    """Lays out what it is given; long words are cut, buttons never."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("kind", "header")
        self.title = _Cut("heading", self, least_letters=16)
        self.facts = _Cut("dim", self)
        self.details_button: QToolButton = icon_button(tr("Details beside the page (Ctrl+D)"))
        self.details_button.setCheckable(True)
        self._tools: QWidget | None = None
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.title)
        # The facts have what the others leave.
        self.facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self.facts, 1)
        self._row.addWidget(self.details_button)
        theme.changed.connect(self._dress)
        self._dress()

    def set_words(self, title: str, facts: str) -> None:
        self.title.set_whole(title)
        self.facts.set_whole(facts)

    def set_tools(self, tools: QWidget | None) -> None:
        """The buttons of the page on show, instead of those of another."""
        if tools is self._tools:
            return
        if self._tools is not None:
            self._row.removeWidget(self._tools)
            self._tools.hide()
        self._tools = tools
        if tools is not None:
            self._row.insertWidget(2, tools, 0, Qt.AlignmentFlag.AlignVCenter)
            tools.show()

    @Slot()
    def _dress(self) -> None:
        px, palette = self._theme.px, self._theme.palette
        self.setMinimumHeight(px(HEIGHT_PX))
        self._row.setContentsMargins(px(16), px(6), px(12), px(6))
        self._row.setSpacing(px(10))
        self.details_button.setIcon(icon("panel-right", palette.text_dim, palette.accent))


class _Cut(QLabel):
    """Words that are cut where there is no room; whole in the tooltip and for a reader.

    Args:
        least_letters: about so much of them is always seen.
    """

    def __init__(self, kind: str, parent: QWidget, least_letters: int = 0) -> None:
        super().__init__(parent, textFormat=Qt.TextFormat.PlainText)
        self.whole, self._least_letters = "", least_letters
        self.setProperty("kind", kind)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def set_whole(self, words: str) -> None:
        if words != self.whole:
            self.whole = words
            self.setAccessibleName(words)
            self.updateGeometry()
            self._cut()

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.whole) + 2
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        least = self._least_letters * self.fontMetrics().averageCharWidth()
        return QSize(min(least, self.sizeHint().width()), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        shown = self.fontMetrics().elidedText(
            self.whole, Qt.TextElideMode.ElideRight, max(0, self.width())
        )
        self.setText(shown)
        self.setToolTip("" if shown == self.whole else self.whole)
