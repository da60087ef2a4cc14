"""The middle of the chat room: header, transcript or welcome, what can be done with a broken reply,
composer.

Lays out; knows no chat.
"""

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.chat.composer import MOST_LINES, Composer
from gui.chat.continue_strip import ContinueStrip
from gui.chat.edit_strip import EditStrip
from gui.chat.header import Header
from gui.chat.line_strip import LineStrip
from gui.chat.welcome import Welcome
from gui.theme import Theme
from gui.widgets.transcript import Transcript
from gui.widgets.transcript_page import column_width

MOST_EDITED_LINES = 16
LEAST_PAGE_PX = 72


class WorkArea(QFrame):
    """The parts, in their places."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.header = Header(theme, self)
        self.transcript = Transcript(theme, self)
        self.welcome = Welcome(theme, self)
        self.pages = QStackedWidget(self)
        self.strip = ContinueStrip(theme, self)
        self.editing = EditStrip(self)
        self.prefill = LineStrip(theme, self)
        self.composer = Composer(theme, self)
        self._column = QWidget(self)
        self._is_welcome = True
        self._stand_in: QWidget | None = None
        self._bottom = QHBoxLayout()
        self._lay_out()
        for page in (self.transcript, self.welcome):
            page.viewport().installEventFilter(self)
        self.pages.currentChanged.connect(self._align)
        theme.changed.connect(self._align)
        self.show_editing(False)

    def show_welcome(self, is_welcome: bool) -> None:
        """The chat, or what stands there while it is empty. A view laid over it stays."""
        self._is_welcome = is_welcome
        if self.pages.currentWidget() in (self.welcome, self.transcript):
            self.show_chat()

    def set_stand_in(self, view: QWidget | None) -> None:
        """Show an added view as the conversation, with the composer, until None is set: other views
        lead back to it."""
        was_shown = self.pages.currentWidget() in (self.welcome, self.transcript, self._stand_in)
        self._stand_in = view
        if was_shown or view is not None:
            self.show_chat()

    def focus_page(self) -> None:
        """Give the keys to what stands in the conversation's place."""
        page = self.pages.currentWidget()
        if page is None or page is self.welcome:
            page = self.transcript
        page.setFocus()

    def add_view(self, view: QWidget) -> None:
        """A further view of the chat, in the transcript's place when it is shown."""
        self.pages.addWidget(view)

    def show_view(self, view: QWidget, *, has_composer: bool = False) -> None:
        """Show an added view in the transcript's place; the composer goes where it has no use."""
        self.pages.setCurrentWidget(view)
        self._column.setVisible(has_composer)

    def show_chat(self) -> None:
        """Back to the transcript (or the welcome, or what stands in for it) and the composer."""
        page = self.welcome if self._is_welcome else self.transcript
        self.pages.setCurrentWidget(self._stand_in or page)
        self._column.show()

    def add_strip(self, strip: QWidget) -> None:
        """A line above the composer (hidden by its owner while it has nothing to say)."""
        self._strips.insertWidget(self._strips.indexOf(self.composer), strip)

    def add_foot(self, foot: QWidget) -> None:
        """A quiet word below the composer, at its right edge."""
        self._strips.addWidget(foot, 0, Qt.AlignmentFlag.AlignRight)

    def show_foot(self, foot: QWidget, is_shown: bool) -> None:
        """Show or hide it; the composer keeps its distance from the end either way."""
        foot.setVisible(is_shown)
        self._strips.setContentsMargins(0, 4, 0, 6 if is_shown else 14)

    def show_editing(self, is_editing: bool) -> None:
        """The line that says an earlier message is in the field; there is more room for it."""
        self.composer.edit.set_most_lines(MOST_EDITED_LINES if is_editing else MOST_LINES)
        self.editing.setVisible(is_editing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._align()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A page's scroll bar comes and goes.
        if event.type() == QEvent.Type.Resize:
            self._align()
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        self.setProperty("kind", "work")
        self.pages.addWidget(self.transcript)
        self.pages.addWidget(self.welcome)
        # Else the tallest of all views, seen or not, would squeeze what stands above the field.
        self.pages.setMinimumHeight(LEAST_PAGE_PX)
        column = self._strips = QVBoxLayout(self._column)
        column.setContentsMargins(0, 4, 0, 14)
        column.setSpacing(2)
        for part in (self.strip, self.editing, self.prefill, self.composer):
            column.addWidget(part)
        self._bottom.addStretch(1)
        self._bottom.addWidget(self._column, 1000)
        self._bottom.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.pages, 1)
        layout.addLayout(self._bottom)

    @Slot()
    def _align(self) -> None:
        """Put what stands below a page under its column."""
        page = self.pages.currentWidget()
        width = page.viewport().width() if isinstance(page, QAbstractScrollArea) else self.width()
        self._bottom.setContentsMargins(0, 0, max(0, self.width() - width), 0)
        self._column.setMaximumWidth(column_width(self._theme, width))
