"""The table of a dataset's rows: even rows, several can be chosen; Delete deletes, Enter opens."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from engine.process.tune_messages import RowItem
from gui.theme import Theme
from gui.tune.row_words import whole_text
from gui.tune.rows_model import ANSWER, ASKED, LOSS, NOTES, NUMBER, SIDE, TOKENS, RowsModel
from gui.tune.words import tr

COLUMN_PX = {NUMBER: 58, ASKED: 230, ANSWER: 230, TOKENS: 66, LOSS: 56, SIDE: 88, NOTES: 120}
ROW_PX = 26
COLUMNS = tuple(COLUMN_PX)
# In a narrow room these go first.
NARROW_PX = 640
_SPARED = (SIDE, LOSS, TOKENS)


class RowsTable(QTableView):
    """Rows of a RowsModel. The current one is what is looked at.

    Args:
        columns: those that are shown.
    """

    delete_pressed = Signal()
    enter_pressed = Signal()
    row_chosen = Signal(int)  # the current row, -1 for none; told again when it is another's

    def __init__(
        self,
        theme: Theme,
        model: RowsModel,
        parent: QWidget | None = None,
        *,
        columns: Collection[int] = COLUMNS,
    ) -> None:
        super().__init__(parent)
        self._theme, self._columns = theme, columns
        self.rows = model
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Rows of the dataset"))
        self.setToolTip(tr("Up and Down choose a row, Enter edits it, Delete deletes it"))
        self._set_up_headers()
        self.selectionModel().currentRowChanged.connect(self._on_current)
        theme.changed.connect(self._dress)
        self._dress()

    def _set_up_headers(self) -> None:
        rows, header = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(self._theme.px(40))
        header.setSectionResizeMode(ASKED, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(ANSWER, QHeaderView.ResizeMode.Stretch)

    @property
    def current_row(self) -> int:
        index = self.currentIndex()
        return index.row() if index.isValid() else -1

    def chosen_items(self) -> list[RowItem]:
        """The chosen rows, as far as they were read: those that a person can have seen."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        items = (self.rows.item(row) for row in rows)
        return [item for item in items if item is not None]

    def choose(self, row: int) -> None:
        """Make one row the current and only chosen one."""
        if not 0 <= row < self.rows.rowCount():
            return
        flags = QItemSelectionModel.SelectionFlag
        index = self.rows.index(row, ASKED)
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            texts = [whole_text(item.row) for item in self.chosen_items()]
            QGuiApplication.clipboard().setText("\n\n---\n\n".join(texts))
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.delete_pressed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.enter_pressed.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]  # a QResizeEvent
        self._fit()

    def _fit(self) -> None:
        is_narrow = self.width() < self._theme.px(NARROW_PX)
        for column in COLUMNS:
            is_spared = is_narrow and column in _SPARED and self._columns == COLUMNS
            self.setColumnHidden(column, is_spared or column not in self._columns)

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _before: QModelIndex) -> None:
        self.row_chosen.emit(current.row() if current.isValid() else -1)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.verticalHeader().setDefaultSectionSize(px(ROW_PX))
        for column, width in COLUMN_PX.items():
            if column not in (ASKED, ANSWER):
                self.horizontalHeader().resizeSection(column, px(width))
        self._fit()
        self.viewport().update()
