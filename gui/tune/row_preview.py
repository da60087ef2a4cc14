"""Some rows as they would be taken: who says what, one below the other. Reads as text, so that a
screen reader and the keyboard can go through it.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from engine.process.tune_messages import Row
from gui.theme import Theme
from gui.tune.row_words import role_text, said_by
from gui.tune.words import tr

MOST_LETTERS, MOST_ROWS = 1_000, 40


class RowPreview(QTextEdit):
    """Read only. Longer rows are cut, with a sign."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: list[Row] = []
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QTextEdit.LineWrapMode.WidgetWidth)
        self.setAccessibleName(tr("Rows as they would be taken"))
        self.setToolTip(tr("The first rows as they would be taken"))
        theme.changed.connect(self._fill)

    def show_rows(self, rows: Sequence[Row]) -> None:
        if list(rows) != self.rows:
            self.rows = list(rows)
            self._fill()

    @Slot()
    def _fill(self) -> None:
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for number, row in enumerate(self.rows[:MOST_ROWS]):
            for at, (who, words) in enumerate(_lines(row)):
                if number or at:
                    cursor.insertBlock()
                block = QTextBlockFormat()
                block.setTopMargin(self._theme.px(10 if not at and number else 2))
                cursor.setBlockFormat(block)
                cursor.insertText(f"{who}  " if who else "", self._format(is_dim=True))
                cursor.insertText(words, self._format(is_dim=False))
        if len(self.rows) > MOST_ROWS:
            cursor.insertBlock()
            words = tr("… and {n} more").format(n=f"{len(self.rows) - MOST_ROWS:,}")
            cursor.insertText(words, self._format(is_dim=True))
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _format(self, *, is_dim: bool) -> QTextCharFormat:
        palette = self._theme.palette
        form = QTextCharFormat()
        form.setForeground(QColor(palette.text_faint if is_dim else palette.text))
        return form


def _lines(row: Row) -> list[tuple[str, str]]:
    """Who says what, each shortened."""
    if row.text:
        return [("", _cut(row.text))]
    return [(role_text(one.role), _cut(said_by(one))) for one in row.messages]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + "…"


def text_lines(text: QPlainTextEdit) -> list[str]:
    """The lines of a field that say something."""
    lines = (" ".join(line.split()) for line in text.toPlainText().splitlines())
    return [line for line in lines if line]
