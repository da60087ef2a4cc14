"""A dataset's rows: filters, the table, the chosen row in the editor below it, the split. Keeps the
three in step; what is done to rows is the desk's.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import DatasetInfo, Row, RowFilter
from gui.theme import Theme
from gui.tune.row_editor import RowEditor
from gui.tune.row_filters import RowFilters
from gui.tune.rows_desk import RowsDesk
from gui.tune.rows_model import RowQuery, RowsModel
from gui.tune.rows_table import RowsTable
from gui.tune.split_strip import SplitStrip
from gui.tune.words import tr
from gui.widgets.kinds import frame, label

EDITOR_SHARE = 0.5
LEAST_TABLE_PX, LEAST_EDITOR_PX = 110, 150


class RowsView(QWidget):
    """One dataset at a time."""

    def __init__(self, theme: Theme, desk: RowsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._desk = theme, desk
        self._stored: dict[str, Row] = {}  # rows as they were before what is being kept now
        self._undoes_next = False
        self._wanted = -1  # a row to choose when the rows are there
        self._split = desk.parts.state.draft.data.validation
        self.model = RowsModel(desk, self)
        self.filters = RowFilters(theme)
        self.table = RowsTable(theme, self.model)
        self.nothing = label("", "dim", wrap=True)
        self.editor = RowEditor(theme)
        self.split = SplitStrip(theme, desk)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self._lay_out()
        self._connect()
        self.editor.hide()
        self._dress()
        self.model.reload()

    def _lay_out(self) -> None:
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.filters)
        column.addWidget(self.table, 1)
        column.addWidget(self.nothing, 1)
        self._upper = column
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.editor)
        self.splitter.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.splitter, 1)
        whole.addWidget(frame("rule"))
        whole.addWidget(self.split)

    def _connect(self) -> None:
        state = self._desk.parts.state
        self.filters.changed.connect(self._on_query)
        self.model.counted.connect(self._on_counted)
        self.model.arrived.connect(self._on_arrived)
        self.model.failed.connect(self._on_failed)
        self.table.row_chosen.connect(self._on_row)
        self.table.delete_pressed.connect(self.delete_chosen)
        self.table.enter_pressed.connect(self.edit_current)
        self.table.doubleClicked.connect(self._on_double_clicked)
        self.editor.row_edited.connect(self._on_edited)
        self.editor.row_added.connect(self._on_added)
        self.editor.closed.connect(self.close_editor)
        state.dataset_changed.connect(self._on_dataset)
        state.checked_changed.connect(self.model.refresh)
        state.draft_changed.connect(self._on_draft)
        self._theme.changed.connect(self._dress)
        self._on_draft()

    # ---- what is shown ----

    def show_only(self, only: RowFilter, text: str = "") -> None:
        """Show these rows."""
        self.filters.set_query(RowQuery(text=text, only=only, order=self.filters.query.order))

    def go_to(self, number: int) -> None:
        """Choose a row by its place in the dataset, as soon as that is read."""
        self._wanted = number
        if self.filters.query != RowQuery():
            self.filters.set_query(RowQuery())
        else:
            self._on_counted(self.model.rowCount())

    def show_editor(self) -> None:
        if self.editor.isHidden():
            height = self.splitter.height()
            self.editor.show()
            share = int(height * EDITOR_SHARE)
            self.splitter.setSizes([height - share, share])

    @Slot()
    def close_editor(self) -> None:
        """Away with the editor; what was typed is kept."""
        self.editor.keep()
        self.editor.hide()
        self.table.clearSelection()
        self.table.setCurrentIndex(QModelIndex())
        self.table.setFocus()

    @Slot()
    def edit_current(self) -> None:
        if self.table.current_row < 0:
            self.table.choose(0)
        self.show_editor()
        if self.editor.cards:
            self.editor.cards[0].edit.setFocus()

    def new_row(self) -> None:
        """Begin, or go on with, a row to be added."""
        self.table.clearSelection()
        self.table.setCurrentIndex(QModelIndex())
        self.show_editor()
        self.editor.show_new()

    @Slot()
    def delete_chosen(self) -> None:
        self._desk.delete_rows([item.row.id for item in self.table.chosen_items()])

    def undo(self) -> bool:
        """Take back the last change; one that is only typed yet is kept first, so that Redo has
        it."""
        if self.editor.keep():
            self._undoes_next = True
            return True
        return self._desk.undo_rows()

    def redo(self) -> bool:
        return self._desk.undo_rows(forward=True)

    # ---- in step ----

    @Slot(object)
    def _on_query(self, query: RowQuery) -> None:
        self.model.set_query(query)

    @Slot()
    def _on_dataset(self) -> None:
        self.model.refresh()

    @Slot()
    def _on_draft(self) -> None:
        data = self._desk.parts.state.draft.data
        self.editor.set_marks(data.learn_from == "marked")
        if data.validation != self._split:
            self._split = data.validation
            self.model.refresh()

    @Slot(int)
    def _on_counted(self, n_fit: int) -> None:
        info = self._desk.info
        self.filters.show_count(n_fit, info.n_rows if info is not None else 0)
        self.nothing.setVisible(n_fit == 0)
        self.table.setVisible(n_fit > 0)
        if not n_fit:
            query = self.filters.query
            words = tr("No row fits these filters.") if query.text or query.only else ""
            self.nothing.setText(words or tr("There is no row yet: write one, or bring more data."))
        if 0 <= self._wanted < n_fit:
            wanted, self._wanted = self._wanted, -1
            self.table.choose(wanted)

    @Slot(int, int)
    def _on_arrived(self, first: int, end: int) -> None:
        """Rows were read: the edited one may be another, or elsewhere, by now."""
        row, current = self.editor.row, self.table.current_row
        if row is not None and row.id and row.id not in self._stored:
            at = self.model.row_of(row.id)
            if at >= 0 and at != current and current >= 0:
                self.table.choose(at)
                current = at
        if first <= current < end:
            self._show_row(current)

    @Slot(int)
    def _on_row(self, row: int) -> None:
        if row >= 0:
            self.model.want(row)
            self._show_row(row)
            self.show_editor()
        elif not self.editor.is_new:
            self.editor.show_item(None)
            self.editor.hide()

    def _show_row(self, row: int) -> None:
        item = self.model.item(row)
        if item is not None and item.row.id not in self._stored:
            self.editor.show_item(item)

    @Slot(QModelIndex)
    def _on_double_clicked(self, _index: QModelIndex) -> None:
        self.edit_current()

    # ---- keeping ----

    @Slot(object)
    def _on_edited(self, row: Row) -> None:
        at = self.model.row_of(row.id)
        item = self.model.item(at) if at >= 0 else None
        if item is not None:
            self._stored.setdefault(row.id, item.row)
        self._desk.change_row(row, partial(self._on_kept, row), partial(self._on_not_kept, row))

    def _on_kept(self, row: Row, _info: DatasetInfo) -> None:
        self._stored.pop(row.id, None)
        if self._undoes_next:
            self._undoes_next = False
            self._desk.undo_rows()

    def _on_not_kept(self, row: Row, failed: Failed) -> None:
        """The disk may be full: what was typed stays in the editor, or waits in the notice."""
        self._undoes_next = False
        before = self._stored.pop(row.id, None)
        is_here = before is not None and self.editor.not_kept(row, before)
        again = (tr("Try again"), partial(self._on_edited, row))
        self._desk.parts.context.notices.show_failure(
            failed.message, failed.hint, failed.detail, None if is_here else again
        )

    @Slot(object)
    def _on_added(self, row: Row) -> None:
        info = self._desk.info
        dataset, name = (info.id, info.name) if info is not None else ("", tr("Typed by hand"))

        def failed(why: Failed) -> None:
            self.editor.restore(row)
            self._on_failed(why)

        self._desk.add_rows([row], name, tr("typed by hand"), dataset, self._on_new, failed)

    def _on_new(self, _info: DatasetInfo) -> None:
        self._desk.parts.context.notices.tell(tr("Row added"))

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        self._desk.parts.context.notices.show_event(failed)

    def close_timers(self) -> None:
        """The window is closing: what was typed is kept."""
        self.editor.keep()
        self.editor.close_timers()
        self.split.close_timers()

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._upper.setSpacing(px(6))
        self.filters.setContentsMargins(px(16), px(6), px(16), 0)
        self.nothing.setContentsMargins(px(16), px(6), px(16), 0)
        self.table.setMinimumHeight(px(LEAST_TABLE_PX))
        self.editor.setMinimumHeight(px(LEAST_EDITOR_PX))
