"""Which rows are shown and in which order: a search, a filter, an order, and how many fit."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QTimer, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.process.tune_messages import RowFilter, RowOrder
from gui.theme import Theme
from gui.tune.row_words import rows_text
from gui.tune.rows_model import RowQuery
from gui.tune.words import tr
from gui.widgets.announce import announce
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import label

TYPING_MS = 200


class RowFilters(QWidget):
    """Tells a RowQuery a moment after it was last changed."""

    changed = Signal(object)  # RowQuery

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._timer = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._timer.timeout.connect(self._tell)
        self.search = QLineEdit(self)
        self.only = CalmComboBox(self)
        self.order = CalmComboBox(self)
        self.count = label("", "faint")
        self._explain()
        self._row = FlowLayout(self)
        for part in (self.search, self.only, self.order, self.count):
            self._row.addWidget(part)
        self.search.textChanged.connect(self._on_typed)
        self.only.currentIndexChanged.connect(self._tell)
        self.order.currentIndexChanged.connect(self._tell)
        theme.changed.connect(self._dress)
        self._dress()

    def _explain(self) -> None:
        self.search.setPlaceholderText(tr("Search rows"))
        self.search.setAccessibleName(tr("Search rows"))
        self.search.setToolTip(tr("Rows that have these words (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.only.add_choices(list(_filters()))
        self.only.setAccessibleName(tr("Which rows"))
        self.only.setToolTip(tr("Show these rows only"))
        self.order.add_choices(list(_orders()))
        self.order.setAccessibleName(tr("Order of the rows"))
        self.order.setToolTip(
            tr("Rows that a model finds hard come first by loss: odd ones show themselves there")
        )

    @property
    def query(self) -> RowQuery:
        only: RowFilter = self.only.currentData()
        order: RowOrder = self.order.currentData()
        return RowQuery(text=self.search.text().strip(), only=only, order=order)

    def set_query(self, query: RowQuery) -> None:
        """Ask for these rows, and tell it."""
        with QSignalBlocker(self.search), QSignalBlocker(self.only), QSignalBlocker(self.order):
            self.search.setText(query.text)
            self.only.choose(query.only)
            self.order.choose(query.order)
        self._tell()

    def show_count(self, n_fit: int, n_all: int) -> None:
        """How many rows there are, and how many of them fit."""
        words = rows_text(n_all)
        if self.query.text or self.query.only:
            words = tr("{n} of {rows}").format(n=f"{n_fit:,}", rows=words)
        if words != self.count.text():
            self.count.setText(words)
            announce(self.count, words)

    @Slot()
    def _on_typed(self) -> None:
        self._timer.start()

    @Slot()
    def _tell(self) -> None:
        self._timer.stop()
        self.changed.emit(self.query)

    @Slot()
    def _dress(self) -> None:
        self._row.setSpacing(self._theme.px(8))
        self.search.setFixedWidth(self._theme.px(200))


def _filters() -> tuple[tuple[str, RowFilter], ...]:
    return (
        (tr("All rows"), ""),
        (tr("Repeated"), "duplicates"),
        (tr("With warnings"), "warned"),
        (tr("Learned from"), "training"),
        (tr("Kept aside"), "validation"),
        (tr("Edited"), "edited"),
    )


def _orders() -> tuple[tuple[str, RowOrder], ...]:
    return (
        (tr("As in the file"), "file"),
        (tr("Longest first"), "length"),
        (tr("Highest loss first"), "loss"),
    )
