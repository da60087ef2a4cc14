"""Compare runs: a table with a column for each, settings that differ above, results below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from gui.run_record import RunRecord
from gui.staged.cards import Card
from gui.theme import Theme
from gui.tune.comparison import Compared, compared
from gui.tune.words import tr
from gui.widgets.kinds import button, label

ROW_PX = 28


class CompareCard(Card):
    """Asks which runs to set beside this one, and shows those it is given."""

    choosing_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Compare runs"), parent)
        self.choose = button(
            tr("Choose runs…"), "link", tr("Which runs stand beside this one in the table")
        )
        self.head.addWidget(self.choose)
        self.empty = label(
            tr("Choose runs to see in what their settings and results differ."), "dim", wrap=True
        )
        self.table = QTableWidget(self)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(tr("Runs side by side"))
        self.table.setToolTip(tr("Settings that differ come first, then what came of each run"))
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setHighlightSections(False)
        self.column.addWidget(self.empty)
        self.column.addWidget(self.table)
        self._runs: list[tuple[str, RunRecord]] = []
        self.rows: list[Compared] = []
        self.choose.clicked.connect(self.choosing_asked)
        theme.changed.connect(self._fit)
        self.set_runs([])

    def set_runs(self, runs: Sequence[tuple[str, RunRecord]]) -> None:
        """This run, then the others, by name."""
        self._runs = list(runs)
        has_some = len(runs) > 1
        self.empty.setVisible(not has_some)
        self.table.setVisible(has_some)
        rows = compared([record for _, record in runs]) if has_some else []
        if rows != self.rows or has_some:
            self.rows = rows
            self._fill()

    def _fill(self) -> None:
        names = [name for name, _ in self._runs]
        self.table.setColumnCount(1 + len(names))
        self.table.setRowCount(len(self.rows))
        self.table.setHorizontalHeaderLabels(["", *names])
        for at, row in enumerate(self.rows):
            for column, words in enumerate((row.name, *row.values)):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                if column:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.table.setItem(at, column, item)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        rows = self.table.verticalHeader()
        rows.setDefaultSectionSize(self.theme.px(ROW_PX))
        height = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(height + len(self.rows) * self.theme.px(ROW_PX) + 6)
