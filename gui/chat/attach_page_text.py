"""The text of a page to look at, with the words that were looked for standing out."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from gui.chat.words import tr
from gui.theme import Theme

MOST_MARKS = 200


class PageText(QPlainTextEdit):
    """Read-only; can be selected and copied."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setAccessibleName(tr("Text that the model reads"))
        self.setToolTip(tr("The text as it was read from the file: this is what the model gets"))

    def show_page(self, text: str, words: Iterable[str] = ()) -> None:
        """Show a text, the first of the words in view."""
        self.setPlainText(text)
        marks = [self._mark(cursor) for word in words for cursor in self._found(word)]
        self.setExtraSelections(marks)
        if marks:
            cursor = QTextCursor(self.document())
            cursor.setPosition(marks[0].cursor.selectionStart())
            self.setTextCursor(cursor)
            self.centerCursor()

    def _found(self, word: str) -> list[QTextCursor]:
        cursors: list[QTextCursor] = []
        found = self.document().find(word)
        while not found.isNull() and len(cursors) < MOST_MARKS:
            cursors.append(QTextCursor(found))
            found = self.document().find(word, found)
        return cursors

    def _mark(self, cursor: QTextCursor) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = cursor
        mark.format.setBackground(QColor(self._theme.palette.surprise[0]))
        return mark
