"""Pairs that a person types as examples of a few-shot prompt, and the one to be answered."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHeaderView, QLineEdit, QTableWidget, QVBoxLayout, QWidget

from gui.chat.few_shot import MOST_EXAMPLES, FewShot, prompt, stop_string
from gui.chat.few_shot_table import add_row, cells, fill, table_look
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button

TABLE_PX = 128
FIRST_ROWS = 3


class OwnPairs(QWidget):
    """Left becomes right; the last one's right side is the model's to write."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.table = QTableWidget(self)
        self.query = QLineEdit(self)
        self.add_button = button(tr("Add a pair"), "chip", tr("One more row of the table"))
        self.remove_button = button(tr("Remove"), "chip", tr("Take the chosen pairs away"))
        self._set_up()
        row = FlowLayout()
        row.setSpacing(theme.px(6))
        row.addWidget(self.add_button)
        row.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.table, self.query):
            column.addWidget(part)
        column.addLayout(row)
        theme.changed.connect(self._dress)
        self._dress()

    def _set_up(self) -> None:
        self.table.setAccessibleName(tr("Pairs"))
        self.table.setToolTip(tr("An example a row: what is given, and what should follow"))
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setTabKeyNavigation(False)
        fill(self.table, [tr("Given"), tr("Follows")], [["", ""]] * FIRST_ROWS)
        self.query.setAccessibleName(tr("To be answered"))
        self.query.setPlaceholderText(tr("To be answered"))
        self.query.setToolTip(tr("What is given last; what follows is the model’s to write"))
        self.table.itemChanged.connect(self.changed)
        self.query.textChanged.connect(self.changed)
        self.add_button.clicked.connect(self._on_add)
        self.remove_button.clicked.connect(self._on_remove)

    @property
    def few_shot(self) -> FewShot:
        """Pairs with an arrow between, a line each."""
        rows = [row for row in cells(self.table) if any(cell.strip() for cell in row)]
        return FewShot(examples=rows, query=[self.query.text()], style="arrow")

    @property
    def prompt(self) -> str:
        """The prompt so far; "" while nothing was typed."""
        few = self.few_shot
        return "" if few.is_blank else prompt(few)

    @property
    def stop(self) -> str:
        """Where an answer ends."""
        return stop_string(self.few_shot)

    @Slot()
    def _on_add(self) -> None:
        if self.table.rowCount() < MOST_EXAMPLES:
            first = add_row(self.table)
            self.table.setCurrentItem(first)
            self.table.editItem(first)

    @Slot()
    def _on_remove(self) -> None:
        for row in sorted({one.row() for one in self.table.selectedIndexes()}, reverse=True):
            self.table.removeRow(row)
        self.changed.emit()

    @Slot()
    def _dress(self) -> None:
        self.table.setStyleSheet(table_look(self._theme))
        self.table.verticalHeader().setDefaultSectionSize(self._theme.px(28))
        self.table.setFixedHeight(self._theme.px(TABLE_PX))
