"""Tokens of a vocabulary as a Qt table: those whose ids it is given, in their order. Keeps ids in
one array and makes words only for cells that are looked at, so 262,144 rows cost nothing. Draws
nothing.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.process.token_messages import REACHES
from gui.theme import Theme
from gui.tokens.vocabulary import VocabularyTable
from gui.tokens.vocabulary_words import (
    figure_name,
    figure_text,
    kind_meaning,
    kind_text,
    reach_meaning,
    reach_text,
)
from gui.tokens.words import tr
from gui.widgets.token_text import bytes_text, shown

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
ID, TOKEN, BYTES, KIND, FIGURE, LENGTH, REACH = range(7)
_NUMBERS = (ID, FIGURE, LENGTH)
_MONO = (ID, TOKEN, BYTES)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
Role = Qt.ItemDataRole


class VocabularyModel(QAbstractTableModel):
    """A row for each token that is shown."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.vocabulary: VocabularyTable | None = None
        self.ids: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self._reach: npt.NDArray[np.uint8] | None = None
        self._cells: dict[int, Callable[[VocabularyTable, int], str]] = {
            ID: lambda _, token: str(token),
            TOKEN: lambda table, token: shown(table.piece(token)),
            BYTES: lambda table, token: bytes_text(table.piece(token)),
            KIND: lambda table, token: kind_text(table.kind(token)),
            FIGURE: lambda table, token: figure_text(table.figure_of(token), table.figure),
            LENGTH: lambda table, token: str(n_characters(table.piece(token))),
            REACH: lambda _, token: reach_text(self.reach_of(token)) if self.is_checked else "",
        }

    def show(self, vocabulary: VocabularyTable | None, ids: npt.NDArray[np.int32]) -> None:
        """Show these tokens of this vocabulary."""
        self.beginResetModel()
        if vocabulary is not self.vocabulary:
            self.vocabulary, self._reach = vocabulary, None
        self.ids = ids
        self.endResetModel()

    def set_reach(self, reach: npt.NDArray[np.uint8]) -> None:
        """What the round trip found, for every token of the vocabulary."""
        self._reach = reach
        if len(self.ids):
            last = self.index(len(self.ids) - 1, REACH)
            self.dataChanged.emit(self.index(0, REACH), last)

    @property
    def is_checked(self) -> bool:
        return self._reach is not None

    def reach_of(self, token: int) -> str:
        """As REACHES names it, "" while nothing was checked."""
        return "" if self._reach is None else REACHES[int(self._reach[token])]

    @property
    def reach_counts(self) -> dict[str, int]:
        if self._reach is None:
            return {}
        counts = np.bincount(self._reach, minlength=len(REACHES)).tolist()
        return dict(zip(REACHES, counts, strict=True))

    def token_at(self, row: int) -> int:
        """The id in a row, -1 where there is none."""
        return int(self.ids[row]) if 0 <= row < len(self.ids) else -1

    def row_of(self, token: int) -> int:
        """The row of a token, -1 where it is not shown."""
        rows = np.flatnonzero(self.ids == token)
        return int(rows[0]) if len(rows) else -1

    # ---- Qt's questions ----

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.ids)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._cells)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        token = self.token_at(index.row()) if index.isValid() else -1
        if token < 0 or self.vocabulary is None:
            return None
        column = index.column()
        if role == Role.DisplayRole:
            return self._cells[column](self.vocabulary, token)
        if role == Role.TextAlignmentRole and column in _NUMBERS:
            return _RIGHT
        if role == Role.FontRole and column in _MONO:
            return self._theme.font("mono")
        if role == Role.ToolTipRole:
            return self._tip(column, token)
        if role == Role.AccessibleTextRole:
            return f"{heading(column, self.vocabulary.figure)}: " + str(
                self._cells[column](self.vocabulary, token)
            )
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        figure = self.vocabulary.figure if self.vocabulary else ""
        if role == Role.DisplayRole:
            return heading(section, figure)
        if role == Role.ToolTipRole:
            return _heading_tip(section, figure)
        if role == Role.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return _RIGHT if section in _NUMBERS else left
        return None

    def _tip(self, column: int, token: int) -> str | None:
        if self.vocabulary is None:
            return None
        if column == KIND:
            return kind_meaning(self.vocabulary.kind(token))
        if column == REACH and self.is_checked:
            return reach_meaning(self.reach_of(token))
        return None


def n_characters(piece: bytes) -> int:
    """Characters of a piece; each byte that is a part of one counts as one."""
    return len(piece.decode("utf-8", "surrogateescape"))


def heading(column: int, figure: str) -> str:
    names = {
        ID: tr("Id"),
        TOKEN: tr("Token"),
        BYTES: tr("Bytes"),
        KIND: tr("Type"),
        FIGURE: figure_name(figure),
        LENGTH: tr("Length"),
        REACH: tr("Round trip"),
    }
    return names[column]


def _heading_tip(column: int, figure: str) -> str:
    order = {
        "rank": tr("Which merge makes the token: the lower, the earlier it was learned"),
        "score": tr("The logarithm of how likely the tokenizer takes the piece to be"),
    }
    tips = {
        ID: tr("The number that the model reads in place of the text"),
        TOKEN: tr("Its text; a blank is ·, a line's end ↵; bytes of a part of a character in hex"),
        BYTES: tr("The bytes of its text as UTF-8, in hex"),
        KIND: tr("What the tokenizer's file says it is"),
        FIGURE: order.get(figure, tr("This tokenizer's file gives no rank and no score")),
        LENGTH: tr("Characters"),
        REACH: tr("What its own text becomes when it is tokenised; “Check round trip” finds out"),
    }
    return tips[column]
