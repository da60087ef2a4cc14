"""Merges as they happen: the newest as chips, all of them in a list with their counts and an
example each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from engine.process.pretrain_messages import Merge
from gui.pretrain.pair_chips import REPAINT_MS, PairChips
from gui.pretrain.tokenizer_words import merge_text, merge_tip
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.kinds import button

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
N_ROWS = 3
LIST_PX = 190


class MergesModel(QAbstractListModel):
    """All merges known, in their order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.merges: list[Merge] = []

    def set_merges(self, merges: Sequence[Merge]) -> None:
        self.beginResetModel()
        self.merges = list(merges)
        self.endResetModel()

    def add_merges(self, merges: Sequence[Merge]) -> None:
        if merges:
            first = len(self.merges)
            self.beginInsertRows(NO_INDEX, first, first + len(merges) - 1)
            self.merges += merges
            self.endInsertRows()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.merges)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.merges):
            return None
        merge = self.merges[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            words = f"{index.row() + 1:>5,}   {merge_text(merge)}   {merge.count:,}"
            return f"{words}   {merge.example}" if merge.example else words
        if role == Qt.ItemDataRole.ToolTipRole:
            return merge_tip(merge)
        return None


class MergesCard(Card):
    """Fed as merges come; shows them at most 30 times a second."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Tokenizer"), parent)
        self.chips = PairChips(theme, N_ROWS)
        self.model = MergesModel(self)
        self._pending: list[Merge] = []
        self._is_live = False
        self.all_button = button(
            tr("All merges"), "chip", tr("Every merge in its order, with its count and an example")
        )
        self.all_button.setCheckable(True)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setProperty("kind", "boxed")
        self.list.setAccessibleName(tr("All merges"))
        self.list.setToolTip(tr("The first merge joined what stood side by side most often"))
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.hide()
        self.column.addWidget(self.chips)
        self.column.addWidget(self.all_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self.list)
        self._timer = QTimer(self, singleShot=True, interval=REPAINT_MS)
        self._timer.timeout.connect(self._flush)
        self.all_button.toggled.connect(self.list.setVisible)
        theme.changed.connect(self._dress)
        self._dress()

    def begin(self) -> None:
        """A training begins."""
        self._pending.clear()
        self._is_live = True
        self.model.set_merges([])
        self.note.setText(tr("reading the text"))
        self.chips.show_merges([])

    def add(self, merges: Sequence[Merge], n_done: int, n_merges: int) -> None:
        """The next merges arrived."""
        self._pending += merges
        self.note.setText(tr("merge {n} of {all}").format(n=f"{n_done:,}", all=f"{n_merges:,}"))
        if not self._timer.isActive():
            self._timer.start()

    def end(self) -> None:
        """It is over: none is the newest any more."""
        self._timer.stop()
        self._is_live = False
        self._flush()

    def show_merges(self, merges: Sequence[Merge], n_merges: int) -> None:
        """Those of a tokenizer that is there; where they were seen arriving, all of them stay."""
        self._is_live = False
        if self._pending:  # the last that arrived are not shown yet, and would come twice
            self._timer.stop()
            self._flush()
        if list(self.model.merges[: len(merges)]) != list(merges):
            self.model.set_merges(merges)
        self.note.setText(tr("{n} merges").format(n=f"{n_merges:,}"))
        self.chips.show_merges(self.model.merges)

    @Slot()
    def _flush(self) -> None:
        self.model.add_merges(self._pending)
        self._pending.clear()
        self.chips.show_merges(self.model.merges, is_live=self._is_live)

    @Slot()
    def _dress(self) -> None:
        self.list.setFont(self.theme.font("mono"))
        self.list.setFixedHeight(self.theme.px(LIST_PX))
