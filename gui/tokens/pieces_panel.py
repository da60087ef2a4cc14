"""The panel of all tokens side by side: a table whose rows are the text's tokens, in step with the
editor both ways.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.tokens.panel import TokensPanel
from gui.tokens.parts import TokensParts
from gui.tokens.pieces_model import BITS, BYTES, FIGURE, ID, KIND, NUMBER, PIECE, PiecesModel
from gui.tokens.words import tr

COLUMN_PX = {NUMBER: 68, ID: 72, PIECE: 190, BYTES: 170, KIND: 84, FIGURE: 90, BITS: 60}
ROW_PX = 24


class PiecesTable(QTableView):
    """Rows are all of one height, so a million of them cost what is in view."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy) and index.isValid():
            QApplication.clipboard().setText(str(index.data()))
        else:
            super().keyPressEvent(event)


class PiecesPanel(TokensPanel):
    """A row that is gone to chooses its token, and the other way round."""

    scrolls_itself = True

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        self._theme = parts.context.theme
        self.model = PiecesModel(parts.state, self._theme)
        self.model.setParent(self)
        self.table = PiecesTable(self)
        self._is_following = False
        self._set_up()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        parts.state.probabilities_changed.connect(self._on_probabilities)
        self._theme.changed.connect(self._dress)
        self._dress()

    def _set_up(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(False)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setAccessibleName(tr("The text's tokens"))
        table.setToolTip(tr("A row is a token of the text: going to one chooses it there"))
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.horizontalHeader().setHighlightSections(False)
        header = table.horizontalHeader()
        for column, width in COLUMN_PX.items():
            header.resizeSection(column, self._theme.px(width))
        header.setSectionResizeMode(BYTES, QHeaderView.ResizeMode.Stretch)

    # ---- the page's news ----

    def on_text_changed(self) -> None:
        self.model.refresh()
        self.on_token_chosen(self.parts.state.chosen)

    def on_tokenizer_changed(self) -> None:
        self.model.refresh()

    def on_token_chosen(self, index: int) -> None:
        self._is_following = True
        if 0 <= index < self.model.rowCount():
            self.table.selectRow(index)
            self.table.scrollTo(self.model.index(index, PIECE))
        else:
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())
        self._is_following = False

    # ---- slots ----

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid() and not self._is_following:
            self.parts.state.choose_token(current.row())

    @Slot()
    def _on_probabilities(self) -> None:
        self.table.viewport().update()

    @Slot()
    def _dress(self) -> None:
        self.model.dress()
        self.table.verticalHeader().setDefaultSectionSize(self._theme.px(ROW_PX))
        self.table.viewport().update()
