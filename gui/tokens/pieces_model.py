"""The tokens of the text as rows: number, id, piece, bytes, type, rank or score, surprise. Reads
the document's arrays as they are; only rows in view are ever made into words.
"""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from gui.theme import Theme
from gui.tokens.state import TokensState
from gui.tokens.token_words import (
    bytes_text,
    part_of,
    part_text,
    piece_text,
    shown_bytes,
)
from gui.tokens.vocabulary_words import figure_name, figure_text, kind_meaning, kind_text
from gui.tokens.words import tr
from gui.widgets.ramp import bits_of

NUMBER, ID, PIECE, BYTES, KIND, FIGURE, BITS = range(7)
Index = QModelIndex | QPersistentModelIndex
_RIGHT = {NUMBER, ID, FIGURE, BITS}


class PiecesModel(QAbstractTableModel):
    """`refresh` when the text's tokens are others; in between rows keep their number."""

    def __init__(self, state: TokensState, theme: Theme) -> None:
        super().__init__()
        self._state, self._theme = state, theme
        self._n_rows = 0
        self.dress()

    def dress(self) -> None:
        """The theme is another."""
        self._mono: QFont = self._theme.font("mono")
        self._colours = [QColor(one) for one in self._theme.palette.token]

    def refresh(self) -> None:
        """Take the tokens as they are now."""
        n_rows = len(self._state.document.tokens)
        if n_rows != self._n_rows:
            self.beginResetModel()
            self._n_rows = n_rows
            self.endResetModel()
        elif n_rows:
            self.dataChanged.emit(self.index(0, 0), self.index(n_rows - 1, BITS))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, BITS)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._n_rows

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else BITS + 1

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._name(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def _name(self, section: int) -> str:
        vocabulary = self._state.vocabulary
        figure = figure_name(vocabulary.figure if vocabulary else "")
        names = (tr("No."), tr("Id"), tr("Piece"), tr("Bytes"), tr("Type"), figure, tr("Bits"))
        return names[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        if not 0 <= row < len(self._state.document.tokens) or self._state.vocabulary is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.FontRole and column in (PIECE, BYTES):
            return self._mono
        if role == Qt.ItemDataRole.BackgroundRole and column == PIECE:
            return self._colours[int(self._state.document.tokens.colours[row])]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, column)
        return None

    def _words(self, row: int, column: int) -> str:
        state, token = self._state, int(self._state.document.tokens.ids[row])
        assert state.vocabulary is not None
        if column == NUMBER:
            return f"{row:,}"
        if token < 0:
            return "…"
        if column == ID:
            return str(token)
        if column == PIECE:
            return self._piece(row)
        if column == BYTES:
            return bytes_text(shown_bytes(state, row))
        if column == KIND:
            return kind_text(state.vocabulary.kind(token))
        if column == FIGURE:
            return figure_text(state.vocabulary.figure_of(token), state.vocabulary.figure)
        return self._bits(row)

    def _piece(self, row: int) -> str:
        words = piece_text(shown_bytes(self._state, row))
        part = part_of(self._state.document, row)
        return f"{words}  {part_text(part)}" if part is not None else words

    def _bits(self, row: int) -> str:
        found = self._state.probabilities
        if found is None or row >= len(found.logprobs) or math.isnan(found.logprobs[row]):
            return "–"
        return f"{bits_of(float(found.logprobs[row])):.2f}"

    def _tip(self, row: int, column: int) -> str | None:
        vocabulary = self._state.vocabulary
        token = int(self._state.document.tokens.ids[row])
        if column == KIND and vocabulary is not None and token >= 0:
            return kind_meaning(vocabulary.kind(token))
        return None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
