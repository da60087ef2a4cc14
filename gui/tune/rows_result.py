"""The held-out rows as a table: loss before and now; worst first, or as a heading asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from finetune.measure.results import RowResult
from gui.staged.progress_words import loss_text
from gui.theme import Theme
from gui.tune.words import tr

Index = QModelIndex | QPersistentModelIndex
TEXT, BEFORE, AFTER, CHANGE, N_LEARNED = range(5)
NUMBER_PX = 84
HEIGHT_PX = 210
ROW_PX = 28
_ORDERS: dict[int, Callable[[RowResult], float | str]] = {
    TEXT: lambda row: row.excerpt.lower(),
    BEFORE: lambda row: row.before,
    AFTER: lambda row: row.after,
    CHANGE: lambda row: row.after - row.before,
    N_LEARNED: lambda row: row.n_learned,
}


class RowsResultModel(QAbstractTableModel):
    """A row for each that was measured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[RowResult] = []

    def set_rows(self, rows: Sequence[RowResult]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_ORDERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Vertical or role != Qt.ItemDataRole.DisplayRole:
            return None
        names = (tr("Row"), tr("Base"), tr("Now"), tr("Change"), tr("Tokens"))
        return names[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole and column != TEXT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.excerpt
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        words = (
            " ".join(row.excerpt.split()) or row.row_id,
            loss_text(row.before),
            loss_text(row.after),
            f"{row.after - row.before:+.2f}".replace("-", "−"),
            f"{row.n_learned:,}",
        )
        return words[column]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column in _ORDERS:
            self.layoutAboutToBeChanged.emit()
            is_down = order == Qt.SortOrder.DescendingOrder
            self.rows.sort(key=_ORDERS[column], reverse=is_down)
            self.layoutChanged.emit()


class RowsResultTable(QTableView):
    """The table, sorted by a click on a heading."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows = RowsResultModel(self)
        self.setModel(self.rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Rows that were kept aside, worst first"))
        self.setToolTip(tr("Loss of each row before and after; a heading sorts"))
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(TEXT, QHeaderView.ResizeMode.Stretch)
        header.setSortIndicator(AFTER, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        theme.changed.connect(self._dress)
        self._dress()

    def set_rows(self, rows: Sequence[RowResult]) -> None:
        """Worst now first."""
        self.rows.set_rows(rows)
        self.sortByColumn(AFTER, Qt.SortOrder.DescendingOrder)

    def _dress(self) -> None:
        px = self._theme.px
        self.verticalHeader().setDefaultSectionSize(px(ROW_PX))
        for column in (BEFORE, AFTER, CHANGE, N_LEARNED):
            self.setColumnWidth(column, px(NUMBER_PX))
        self.setFixedHeight(px(HEIGHT_PX))
