"""Every change of the text in the token editor, the clipboard, and what is marked: what keys, mouse
and menus ask for. Places are bytes of the text.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from engine.errors import AppError
from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.widgets.token_editor_caret import EditorCaret, Move


class EditorEdit(EditorCaret):
    """Edits."""

    refused = Signal(str, str)  # what could not be taken into the text, in words: message, hint

    def __init__(
        self, theme: Theme, document: TokenDocument | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, document, parent)
        self.is_read_only = False

    # ---- editing ----

    def insert(self, text: str, *, joins: bool = False) -> None:
        """Put a text where the selection is, or the caret. joins: it is typed."""
        if self.is_read_only:
            return
        start, end = self.selection
        try:
            place = self.document.replace(start, end, text, joins=joins)
        except AppError as error:
            self.refused.emit(error.message, error.hint)
            return
        self.set_caret(place)

    def delete(self, move: Move) -> None:
        """Delete the selection; where there is none, up to where a move would go."""
        if self.is_read_only:
            return
        start, end = self.selection
        if start == end:
            start, end = sorted((self.place, self._moved_to(move)))
        if start < end:
            joins = move in ("left", "right")
            self.set_caret(self.document.replace(start, end, "", joins=joins))

    def isUndoAvailable(self) -> bool:
        return not self.is_read_only and bool(self.document.history.done)

    def isRedoAvailable(self) -> bool:
        return not self.is_read_only and bool(self.document.history.undone)

    def undo(self) -> None:
        """Take the last change back."""
        if not self.is_read_only and (place := self.document.undo()) >= 0:
            self.set_caret(place)

    def redo(self) -> None:
        """Do again what was taken back."""
        if not self.is_read_only and (place := self.document.redo()) >= 0:
            self.set_caret(place)

    # ---- clipboard ----

    def copy(self) -> None:
        """The selection to the clipboard."""
        if self.selection[0] < self.selection[1]:
            QGuiApplication.clipboard().setMimeData(self.selection_data())

    def cut(self) -> None:
        """The selection to the clipboard and out of the text."""
        if not self.is_read_only and self.selection[0] < self.selection[1]:
            self.copy()
            self.document.history.close()
            self.insert("")

    def paste(self) -> None:
        """The clipboard's text where the selection is."""
        if not self.is_read_only and (text := QGuiApplication.clipboard().text()):
            self.document.history.close()
            self.insert(text)

    def selection_data(self) -> QMimeData:
        data = QMimeData()
        data.setText(self.selected_text())
        return data

    # ---- what is marked ----

    def choose_token(self, token: int) -> None:
        """Ring a token, and all that are equal to it; -1 for none."""
        if token != self.chosen:
            self.chosen = token
            self.viewport().update()

    def show_token(self, token: int) -> None:
        """Scroll a token into view."""
        if 0 <= token < len(self.document.tokens):
            start, end = self.document.span(token)
            self.ensure_visible(self.document.text.whole_at(max(start, end - 1)))
            self.ensure_visible(self.document.text.whole_at(start))

    def set_matches(self, matches: npt.NDArray[np.int64], current: int = -1) -> None:
        """Mark places that were found: rows of start and end, in order. current: the one gone to,
        which is scrolled into view. An edit takes the marks away."""
        self._matches, self._match = matches.reshape(-1, 2), current
        if 0 <= current < len(self._matches):
            self.ensure_visible(int(self._matches[current, 0]))
        self.viewport().update()
