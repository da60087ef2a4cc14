"""The notebook's sheet of paper: plain text that a person and the model write into.

What the model writes is one step of undo, and coloured until the next edit. Knows no engine; is
told where a continuation begins and what comes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from gui.chat.words import tr
from gui.theme import Theme

# Below these probabilities a token is coloured, from a little surprising to very.
SURPRISES = (0.5, 0.1, 0.01)
MOST_MARKS = 2_000


class Continuation(Struct):
    """A stretch that the model wrote; start and end move with the text around them."""

    start: QTextCursor
    end: QTextCursor
    text: str = ""

    def is_untouched(self) -> bool:
        """Whether the document still says what the model wrote there."""
        cursor = QTextCursor(self.start)
        cursor.setPosition(self.start.position())  # its anchor goes along with insertions
        cursor.setPosition(self.end.position(), QTextCursor.MoveMode.KeepAnchor)
        return bool(self.text) and lines(cursor.selectedText()) == self.text


class NotebookEdit(QPlainTextEdit):
    """The document. Positions are Qt's (UTF-16 units)."""

    edited = Signal()  # by a person

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.last: Continuation | None = None
        self._logprobs: list[tuple[int, int, float]] = []  # from, to, logprob; in the last one
        self._shows_certainty = False
        self._has_step = False
        self._is_coloured = False
        self._is_ours = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(False)
        self.setAccessibleName(tr("Notebook"))
        self.setPlaceholderText(
            tr("Write the beginning of a text. Ctrl+Enter lets the model continue at the cursor.")
        )
        self.document().contentsChange.connect(self._on_contents_change)
        theme.changed.connect(self._show_marks)

    # ---- what the view tells ----

    def set_text(self, text: str) -> None:
        """Another document; nothing of the one before can be undone."""
        self._is_ours = True
        self.setPlainText(text)
        self._is_ours = False
        self._forget()
        self.moveCursor(QTextCursor.MoveOperation.End)

    def text(self) -> str:
        """The document; unlike toPlainText with every blank as it is."""
        return lines(self.document().toRawText())

    def text_before_cursor(self) -> str:
        """What the model sees: up to the cursor, or to where the selection begins."""
        return first_units(self.text(), self.textCursor().selectionStart())

    def text_before_last(self) -> str:
        """What the model saw before it wrote the last continuation."""
        at = self.last.start.position() if self.last is not None else 0
        return first_units(self.text(), at)

    def set_certainty(self, is_shown: bool) -> None:
        """Colour what the model wrote by its probability, or in one colour."""
        self._shows_certainty = is_shown
        self._show_marks()

    def begin(self, *, again: bool) -> None:
        """A continuation begins at the cursor; the selected text goes. again: it takes the last
        one's place, in one step of undo."""
        cursor = self.textCursor()
        if again and self.last is not None:
            cursor.setPosition(self.last.start.position())
            cursor.setPosition(self.last.end.position(), QTextCursor.MoveMode.KeepAnchor)
        self._forget()
        self._has_step = cursor.hasSelection()
        if cursor.hasSelection():
            self._is_ours = True
            cursor.beginEditBlock()
            cursor.removeSelectedText()
            cursor.endEditBlock()
            self._is_ours = False
        start, end = QTextCursor(cursor), QTextCursor(cursor)
        start.setKeepPositionOnInsert(True)
        self.last = Continuation(start, end)
        self._is_coloured = True
        self.setTextCursor(cursor)

    def write(self, text: str, pieces: Sequence[tuple[str, float | None]] = ()) -> None:
        """More of the continuation. pieces: its tokens' texts with their logprobs."""
        last, text = self.last, lines(text)
        if last is None or not text:
            return
        follows = self._follows(last)
        begin = last.end.position()
        self._is_ours = True
        # All of a continuation is one step of undo, however many pieces it came in.
        if self._has_step:
            last.end.joinPreviousEditBlock()
        else:
            last.end.beginEditBlock()
        self._has_step = True
        last.end.insertText(text)
        last.end.endEditBlock()
        self._is_ours = False
        last.text += text
        self._note(begin, pieces)
        self._show_marks()
        if follows:
            cursor = self.textCursor()
            cursor.setPosition(last.end.position())
            self.setTextCursor(cursor)

    def finish(self) -> None:
        """The continuation is whole: what is typed next is a step of its own."""
        if self.last is None:
            return
        self._is_ours = True
        if not self.last.text:
            # Nothing came: what was to be replaced comes back.
            if self._has_step:
                self.undo()
            self._is_ours = False
            return
        # Qt makes one step of neighbouring insertions, but not after one that ends in a removal.
        self.last.end.joinPreviousEditBlock()
        self.last.end.insertText(".")
        self.last.end.deletePreviousChar()
        self.last.end.endEditBlock()
        self._is_ours = False

    def can_redo_last(self) -> bool:
        """Whether the last continuation can be written anew: nobody changed it."""
        return self.last is not None and self.last.is_untouched()

    # ---- inside ----

    def _follows(self, last: Continuation) -> bool:
        """The cursor stands at the end of what is written: it goes along."""
        cursor = self.textCursor()
        return not cursor.hasSelection() and cursor.position() == last.end.position()

    def _note(self, begin: int, pieces: Sequence[tuple[str, float | None]]) -> None:
        for text, logprob in pieces:
            end = begin + len(text.encode("utf-16-le", "surrogatepass")) // 2
            if logprob is not None and end > begin:
                self._logprobs.append((begin, end, logprob))
            begin = end

    def _forget(self) -> None:
        self.last = None
        self._logprobs = []
        self.setExtraSelections([])

    @Slot(int, int, int)
    def _on_contents_change(self, _at: int, n_removed: int, n_added: int) -> None:
        if self._is_ours or not (n_removed or n_added):
            return
        # The colour says what is new from the model; an edit makes the text the person's.
        self._is_coloured = False
        self.setExtraSelections([])
        self.edited.emit()

    @Slot()
    def _show_marks(self) -> None:
        last = self.last
        if last is None or not last.text or not self._is_coloured:
            return
        if not self._shows_certainty:
            soft = QColor(self._theme.palette.accent_soft)
            self.setExtraSelections([self._mark(last.start.position(), last.end.position(), soft)])
            return
        marks = []
        for begin, end, logprob in self._logprobs[-MOST_MARKS:]:
            level = sum(logprob < math.log(bound) for bound in SURPRISES)
            if level:
                marks.append(
                    self._mark(begin, end, QColor(self._theme.palette.surprise[level - 1]))
                )
        self.setExtraSelections(marks)

    def _mark(self, begin: int, end: int, colour: QColor) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.document())
        mark.cursor.setPosition(begin)
        mark.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        mark.format.setBackground(colour)
        return mark


def lines(text: str) -> str:
    """A text with one sign for the end of a line, as the document can hold it."""
    for sign in ("\r\n", "\r", "\u2029", "\u2028"):
        text = text.replace(sign, "\n")
    return text


def first_units(text: str, n_units: int) -> str:
    """The beginning of a text, so many UTF-16 units long."""
    if text.isascii():
        return text[:n_units]
    return text.encode("utf-16-le", "surrogatepass")[: 2 * n_units].decode("utf-16-le", "replace")
