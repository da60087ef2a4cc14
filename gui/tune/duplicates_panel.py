"""Rows that say the same: groups of equal and nearly equal ones; all but the first deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListView, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import DuplicateGroup, Duplicates, FindDuplicates
from gui.staged.job_strip import JobStrip
from gui.theme import Theme
from gui.tune.row_words import count, excerpt, rows_text
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr
from gui.widgets.announce import announce
from gui.widgets.choice import Choice
from gui.widgets.kinds import button, label

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
NEAR, EQUAL = "near", "equal"


class GroupModel(QAbstractListModel):
    """Groups, the largest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.groups: list[DuplicateGroup] = []

    def set_groups(self, groups: Sequence[DuplicateGroup]) -> None:
        self.beginResetModel()
        self.groups = sorted(groups, key=lambda one: -len(one.ids))
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.groups)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.groups):
            return None
        group = self.groups[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{group_words(group)}  ·  {excerpt(group.excerpt, 120)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return excerpt(group.excerpt, 600)
        return None


def group_words(group: DuplicateGroup) -> str:
    """How many rows, and how alike."""
    rows = rows_text(len(group.ids))
    if group.similarity >= 1.0:
        return tr("{rows}, the same").format(rows=rows)
    return tr("{rows}, {share} % alike").format(rows=rows, share=f"{group.similarity * 100:.0f}")


def others(groups: Sequence[DuplicateGroup]) -> list[str]:
    """Ids of all rows but the first of each group."""
    return list(dict.fromkeys(row_id for group in groups for row_id in group.ids[1:]))


class DuplicatesPanel(QWidget):
    """Looks when it is first shown, and again when rows changed."""

    rows_asked = Signal()  # rows that repeat are to be looked at

    def __init__(self, theme: Theme, desk: RowsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._desk = theme, desk
        self._job = 0
        self._seen: tuple[str, int, str] | None = None
        self.kind = Choice([(NEAR, tr("Nearly the same too")), (EQUAL, tr("The same only"))])
        self.kind.set_value(NEAR)
        self.words = label("", "dim", wrap=True)
        self.strip = JobStrip(theme)
        self.model = GroupModel(self)
        self.list = QListView()
        self.delete_all = button(
            tr("Delete all but the first"),
            "",
            tr("Keep one row of each group; it can be undone"),
        )
        self.delete_chosen = button(
            tr("Only in chosen groups"), "", tr("Keep one row of each chosen group (Delete)")
        )
        self.show_button = button(
            tr("Show these rows"), "chip", tr("All rows that repeat another, in the table")
        )
        self._lay_out()
        self._connect()
        self._dress()
        self._show([])

    # ---- looking ----

    @Slot()
    def look(self) -> None:
        """Find repeated rows, where that was not done for the rows as they are."""
        info = self._desk.info
        if info is None:
            self._seen = None
            self._show([])
            return
        wanted = (info.id, info.n_edits, self.kind.value)
        if wanted == self._seen:
            return
        self._desk.parts.worker.cancel(self._job)
        self._seen = wanted
        is_near, dataset = self.kind.value == NEAR, info.id
        self.words.setText("")
        self._job = self._desk.ask(
            lambda job: FindDuplicates(job=job, dataset=dataset, near=is_near),
            self._on_found,
            self._on_failed,
            self.strip.hear,
        )
        self.strip.begin(tr("Comparing rows"), self._stop)

    def _stop(self) -> None:
        self._desk.parts.worker.cancel(self._job)
        self._job, self._seen = 0, None
        self.words.setText(tr("Stopped. “Look again” compares the rows."))

    def _on_found(self, found: Duplicates) -> None:
        self._job = 0
        self.strip.end()
        self._show(found.groups)

    def _on_failed(self, failed: Failed) -> None:
        self._job, self._seen = 0, None
        self.strip.end()
        self.words.setText(f"{failed.message} {failed.hint}".strip())

    def _show(self, groups: Sequence[DuplicateGroup]) -> None:
        self.model.set_groups(groups)
        n_more = len(others(groups))
        words = tr("No row says what another says.")
        if groups:
            words = count(
                n_more,
                tr("{n} row says what another says; a model learns it twice as strongly."),
                tr("{n} rows say what another says; a model learns that more strongly."),
            )
        self.words.setText(words)
        announce(self.words, words)
        for part in (self.delete_all, self.delete_chosen, self.show_button):
            part.setVisible(bool(groups))
        self.list.setVisible(bool(groups))
        self._on_selected()

    # ---- deleting ----

    @property
    def chosen(self) -> list[DuplicateGroup]:
        rows = sorted(index.row() for index in self.list.selectionModel().selectedIndexes())
        return [self.model.groups[row] for row in rows]

    @Slot()
    def _on_delete_all(self) -> None:
        self._desk.delete_rows(others(self.model.groups))

    @Slot()
    def _on_delete_chosen(self) -> None:
        self._desk.delete_rows(others(self.chosen))

    @Slot()
    def _on_selected(self) -> None:
        self.delete_chosen.setEnabled(bool(self.list.selectionModel().selectedIndexes()))

    @Slot()
    def _on_rows_changed(self) -> None:
        if self.isVisible():
            self.look()

    # ---- building ----

    def _connect(self) -> None:
        self.kind.changed.connect(self.look)
        self.delete_all.clicked.connect(self._on_delete_all)
        self.delete_chosen.clicked.connect(self._on_delete_chosen)
        self.show_button.clicked.connect(self.rows_asked)
        self.list.selectionModel().selectionChanged.connect(self._on_selected)
        self._desk.parts.state.dataset_changed.connect(self._on_rows_changed)
        self._theme.changed.connect(self._dress)

    def _lay_out(self) -> None:
        tips = {
            NEAR: tr("Rows that share most runs of five words: MinHash, Jaccard 0.8 and above"),
            EQUAL: tr("Rows that are equal to the letter"),
        }
        for key, one in self.kind.buttons.items():
            one.setToolTip(tips[key])
        self.list.setModel(self.model)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName(tr("Groups of repeated rows"))
        self.list.setToolTip(tr("A line is a group of rows that say the same"))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self._buttons = QHBoxLayout()
        for part in (self.delete_all, self.delete_chosen, self.show_button):
            self._buttons.addWidget(part)
        self._buttons.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.kind, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(self.strip)
        self._column.addWidget(self.words)
        self._column.addWidget(self.list, 1)
        self._column.addLayout(self._buttons)
        self._column.addStretch(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete) and self.chosen:
            self._on_delete_chosen()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(10), px(16), px(12))
        self._column.setSpacing(px(8))
        self._buttons.setSpacing(px(8))
