"""The table of samples and tokenizers as a Qt item model: one figure at a time, sorted by any
column, the row's best and worst marked by a sign, a weight and a colour.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Literal, get_args

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from gui.theme import Theme
from gui.tokens.samples import Sample
from gui.tokens.words import tr

Figure = Literal["tokens", "bytes", "english"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
ENGLISH = "English"
Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_SIGNS = {"best": " ▲", "worst": " ▼", "": ""}


class SampleTable(QAbstractTableModel):
    """Rows are samples; the first column names them, the others are tokenizers."""

    def __init__(self, theme: Theme, samples: list[Sample], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.samples = samples
        self._order = list(range(len(samples)))
        self._sorted = (-1, Qt.SortOrder.AscendingOrder)
        self._bytes = [len(one.text.encode()) for one in samples]
        self._english = next((n for n, one in enumerate(samples) if one.name == ENGLISH), -1)
        self.figure: Figure = "tokens"
        self.names: list[str] = []
        self.counts: list[list[int] | None] = []

    # ---- what is shown ----

    def set_columns(self, names: Sequence[str], counts: Sequence[list[int] | None]) -> None:
        """Tokenizers and how many tokens each sample has with them; None: not known yet."""
        self.beginResetModel()
        self.names, self.counts = list(names), list(counts)
        self._sort()
        self.endResetModel()

    def set_figure(self, figure: Figure) -> None:
        self.beginResetModel()
        self.figure = figure
        self._sort()
        self.endResetModel()

    def sample_at(self, row: int) -> Sample:
        return self.samples[self._order[row]]

    @property
    def sorted_order(self) -> Qt.SortOrder:
        return self._sorted[1]

    def value(self, sample: int, column: int, figure: Figure | None = None) -> float | None:
        """A figure of a sample with a tokenizer (column 0 is the first one); None: there is none.

        Against English: how many times its tokens the same story takes; so code has none.
        """
        counts = self.counts[column]
        if counts is None:
            return None
        figure = figure or self.figure
        if figure == "tokens":
            return float(counts[sample])
        if figure == "bytes":
            return self._bytes[sample] / counts[sample] if counts[sample] else None
        if self._english < 0 or self.samples[sample].kind != "language":
            return None
        english = counts[self._english]
        return counts[sample] / english if english else None

    def place_in_row(self, sample: int, column: int) -> Literal["best", "worst", ""]:
        """Whether a tokenizer is the row's best or worst; where all are equal, neither."""
        values = [self.value(sample, one) for one in range(len(self.names))]
        known = [one for one in values if one is not None]
        own = values[column]
        if own is None or len(known) < 2 or min(known) == max(known):
            return ""
        low: Literal["best", "worst"] = "worst" if self.figure == "bytes" else "best"
        high: Literal["best", "worst"] = "best" if self.figure == "bytes" else "worst"
        if own == min(known):
            return low
        return high if own == max(known) else ""

    # ---- Qt's questions ----

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.samples)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 1 + len(self.names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        sample, column = self._order[index.row()], index.column() - 1
        if column < 0:
            return self._name_data(sample, role)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(sample, column, spoken=role != Qt.ItemDataRole.DisplayRole)
        return self._look(self.place_in_row(sample, column), role)

    def _name_data(self, sample: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.samples[sample].name
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr("Enter or a double click compares the tokenizers on this text")
        return None

    def _words(self, sample: int, column: int, *, spoken: bool) -> str:
        place = self.place_in_row(sample, column)
        names = {"best": tr("best of the row"), "worst": tr("worst of the row")}
        words = figure_text(self.value(sample, column), self.figure)
        if spoken:
            return f"{words}, {names[place]}" if place else words
        return words + _SIGNS[place]

    def _look(self, place: str, role: int) -> Any:
        if role == Qt.ItemDataRole.FontRole and place == "best":
            font = QFont(self._theme.font("body"))
            font.setWeight(QFont.Weight.DemiBold)
            return font
        if role == Qt.ItemDataRole.ForegroundRole and place:
            palette = self._theme.palette
            return QColor(palette.good if place == "best" else palette.bad)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.names[section - 1] if section else tr("Sample")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        self._sorted = (column, order)
        self._sort()
        self.layoutChanged.emit()

    def _sort(self) -> None:
        """By a column; samples without a figure stand last either way. -1: their own order."""
        column, order = self._sorted
        places = list(range(len(self.samples)))
        downwards = order == Qt.SortOrder.DescendingOrder
        if column == 0:
            places.sort(key=lambda one: self.samples[one].name, reverse=downwards)
        elif 0 < column <= len(self.names):
            sign = -1.0 if downwards else 1.0
            values = {one: self.value(one, column - 1) for one in places}
            places.sort(key=lambda one: (values[one] is None, sign * (values[one] or 0.0)))
        self._order = places

    # ---- for other programs ----

    def rows(self) -> list[list[str]]:
        """All three figures of everything, in the order shown, with a line of names first."""
        titles = {"tokens": tr("tokens"), "bytes": tr("bytes/token"), "english": tr("× English")}
        head = [tr("Sample"), tr("bytes")]
        head += [f"{name}: {titles[one]}" for name in self.names for one in FIGURES]
        return [head, *(self._row(sample) for sample in self._order)]

    def _row(self, sample: int) -> list[str]:
        cells = [self.samples[sample].name, str(self._bytes[sample])]
        for column in range(len(self.names)):
            for figure in FIGURES:
                value = self.value(sample, column, figure)
                digits = 0 if figure == "tokens" else 3
                cells.append("" if value is None else f"{value:.{digits}f}")
        return cells

    def as_csv(self) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(self.rows())
        return out.getvalue()

    def as_markdown(self) -> str:
        head, *rows = self.rows()
        lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
        return "".join("| " + " | ".join(map(_escaped, line)) + " |\n" for line in lines)


def figure_text(value: float | None, figure: Figure) -> str:
    if value is None:
        return "–"
    if figure == "tokens":
        return f"{value:,.0f}"
    return f"{value:.2f}" if figure == "bytes" else f"{value:.2f}×"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
