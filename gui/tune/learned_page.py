"""What will be learned: warnings at the top, the rows at the left, the chosen row's tokens with
what becomes of each. The last look before anything is taught.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import Learned, RowWarning
from gui.staged.job_strip import JobStrip
from gui.tune.check_note import CheckNote
from gui.tune.learned_facts import LearnedFacts
from gui.tune.learned_row import LearnedRow
from gui.tune.parts import TunePage, TuneParts
from gui.tune.row_filters import RowFilters
from gui.tune.row_losses import LossReader
from gui.tune.row_words import count, tokens_text
from gui.tune.rows_check import check_of
from gui.tune.rows_desk import desk_of
from gui.tune.rows_model import ASKED, LOSS, NUMBER, TOKENS, RowQuery, RowsModel
from gui.tune.rows_table import RowsTable
from gui.tune.warning_cards import WarningCards
from gui.tune.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, frame, label

LIST_PX, NARROW_PX = 330, 620
MOST_WARNINGS = 0.28  # of the page's height; the others are scrolled to
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class LearnedPage(TunePage):
    """Wizard page 3."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self._theme, self.desk = theme, desk_of(parts)
        self._check = check_of(parts)
        self._wanted_ids: set[str] = set()
        self._facts: LearnedFacts | None = None
        self.note = CheckNote(theme, parts)
        self.cards = WarningCards(theme, self.desk)
        self.fine = label("", "good", wrap=True)
        self.filters = RowFilters(theme)
        self.losses_button = button(
            tr("Measure losses"),
            "chip",
            tr("Have the base read every row: what surprises it most comes first"),
        )
        self.strip = JobStrip(theme)
        self.losses = LossReader(self.desk, self.strip, self)
        self.model = RowsModel(self.desk, self)
        columns = (NUMBER, ASKED, TOKENS, LOSS)
        self.table = RowsTable(theme, self.model, columns=columns)
        self.row = LearnedRow(theme, self.desk)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self._lay_out()
        self._connect()
        self._dress()
        self._on_checked()
        self.model.reload()

    # ---- what the list of steps says ----

    @property
    def status_words(self) -> str:
        checked = self.parts.state.checked
        if checked is None or not checked.warnings:
            return ""
        return count(len(checked.warnings), tr("{n} warning"), tr("{n} warnings"))

    @property
    def is_done(self) -> bool:
        checked = self.parts.state.checked
        return checked is not None and not any(one.is_grave for one in checked.warnings)

    def header_words(self) -> str:
        checked = self.parts.state.checked
        if checked is None:
            return ""
        stats = checked.stats
        return tr("{learned} of {tokens} learned").format(
            learned=f"{stats.n_learned:,}", tokens=tokens_text(stats.n_tokens)
        )

    def details(self) -> QWidget | None:
        if self._facts is None:
            self._facts = LearnedFacts(self._theme, self.row.view)
            self.row.shown.connect(self._on_row_shown)
            self._facts.show_row(self.row.item, self.row.learned)
        return self._facts

    def on_shown(self) -> None:
        if not self.desk.is_listed and self.desk.info is None:
            self.desk.list_datasets()
        self._check.want()
        if self.table.current_row < 0:
            self.table.choose(0)
        self.table.setFocus()

    def hideEvent(self, event: object) -> None:
        super().hideEvent(event)  # type: ignore[arg-type]  # a QHideEvent
        self._check.let_be()

    # ---- the check ----

    @Slot()
    def _on_checked(self) -> None:
        checked = self.parts.state.checked
        self.cards.show_warnings(checked.warnings if checked is not None else [])
        is_fine = checked is not None and not checked.warnings
        words = tr("Every row was checked: each answer is learned with its end token.")
        self.fine.setText(words if is_fine else "")
        self.fine.setVisible(is_fine)
        if checked is not None:
            self.model.refresh()
        elif self.isVisible():
            self._check.want()
        self.status_changed.emit()

    @Slot(object)
    def _on_rows_asked(self, warning: RowWarning) -> None:
        """The rows of a warning: the first of them is chosen when it is read."""
        self._wanted_ids = set(warning.ids)
        self.filters.set_query(RowQuery(only="warned"))
        self._choose_wanted()

    def _choose_wanted(self) -> None:
        for row in range(min(self.model.rowCount(), 100)) if self._wanted_ids else ():
            item = self.model.item(row)
            if item is not None and item.row.id in self._wanted_ids:
                self._wanted_ids = set()
                self.table.choose(row)
                return

    # ---- rows ----

    @Slot(object)
    def _on_query(self, query: RowQuery) -> None:
        self.model.set_query(query)

    @Slot(int)
    def _on_counted(self, n_fit: int) -> None:
        info = self.desk.info
        self.filters.show_count(n_fit, info.n_rows if info is not None else 0)
        if not n_fit:
            self.row.show_item(None)

    @Slot(int, int)
    def _on_arrived(self, first: int, end: int) -> None:
        self._choose_wanted()
        current = self.table.current_row
        if current < 0 and end > 0:
            self.table.choose(0)
        elif first <= current < end:
            self.row.show_item(self.model.item(current))

    @Slot(int)
    def _on_row(self, row: int) -> None:
        if row >= 0:
            self.model.want(row)
            item = self.model.item(row)
            if item is not None:
                self.row.show_item(item)

    @Slot(int)
    def step(self, step: int) -> None:
        """To the row before or behind."""
        self.table.choose(self.table.current_row + step)

    @Slot()
    def _on_draft(self) -> None:
        """Another base, another length: the row's tokens are others."""
        self.losses_button.setEnabled(bool(self.parts.state.draft.base.path))
        self.row.show_item(self.row.item)

    @Slot(object)
    def _on_row_shown(self, learned: Learned) -> None:
        if self._facts is not None:
            self._facts.show_row(self.row.item, learned)

    @Slot()
    def _on_edit(self) -> None:
        item = self.row.item
        if item is not None:
            self.parts.show_page("data")
            self.desk.row_wished.emit(item)

    @Slot()
    def delete_chosen(self) -> None:
        self.desk.delete_rows([item.row.id for item in self.table.chosen_items()])

    # ---- losses ----

    @Slot()
    def _on_measure(self) -> None:
        self.losses.begin()

    @Slot()
    def _on_losses(self) -> None:
        query = self.filters.query
        self.filters.set_query(RowQuery(text=query.text, only=query.only, order="loss"))
        self.model.reload()
        self.table.choose(0)

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        self.parts.context.notices.show_event(failed)

    # ---- undo, keys, the end ----

    def undo(self) -> bool:
        return self.desk.undo_rows()

    def redo(self) -> bool:
        return self.desk.undo_rows(forward=True)

    def undo_words(self) -> tuple[str, str]:
        info = self.desk.info
        return (info.can_undo, info.can_redo) if info is not None else ("", "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() == Qt.KeyboardModifier.AltModifier:
            self.step(step)
        else:
            super().keyPressEvent(event)

    def save_state(self) -> None:
        self.losses.stop()
        self._check.close()

    # ---- building ----

    def _lay_out(self) -> None:
        self._tools = FlowPane()
        self._flow = FlowLayout(self._tools)
        filters = self.filters
        for one in (filters.search, filters.only, filters.order, self.losses_button, filters.count):
            self._flow.addWidget(one)
        self._list = QWidget()
        column = QVBoxLayout(self._list)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        self.splitter.addWidget(self._list)
        self.splitter.addWidget(self.row)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self._notes = QVBoxLayout()
        for part in (self.note, self.fine, self.strip):
            self._notes.addWidget(part)
        work = frame("work")
        # A short page scrolls, so that the tokens keep their room.
        area = _Area(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(work)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        whole = QVBoxLayout(work)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._notes)
        whole.addWidget(self.cards)
        whole.addWidget(self._tools)
        whole.addWidget(self.splitter, 1)
        self.filters.setParent(self)
        self.filters.hide()

    def _connect(self) -> None:
        state = self.parts.state
        state.checked_changed.connect(self._on_checked)
        state.dataset_changed.connect(self.model.refresh)
        state.draft_changed.connect(self._on_draft)
        self.cards.rows_asked.connect(self._on_rows_asked)
        self.filters.changed.connect(self._on_query)
        self.model.counted.connect(self._on_counted)
        self.model.arrived.connect(self._on_arrived)
        self.model.failed.connect(self._on_failed)
        self.table.row_chosen.connect(self._on_row)
        self.table.enter_pressed.connect(self._on_edit)
        self.table.delete_pressed.connect(self.delete_chosen)
        self.row.step_asked.connect(self.step)
        self.row.edit_asked.connect(self._on_edit)
        self.losses_button.clicked.connect(self._on_measure)
        self.losses.known.connect(self._on_losses)
        self._theme.changed.connect(self._dress)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Where there is little room, rows are gone through by the buttons and Alt with the arrows.
        self._list.setVisible(event.size().width() >= self._theme.px(NARROW_PX))
        self.cards.set_most(round(event.size().height() * MOST_WARNINGS))

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._notes.setContentsMargins(px(16), px(6), px(16), 0)
        self._notes.setSpacing(px(4))
        self._flow.setContentsMargins(px(16), px(6), px(16), px(6))
        self._flow.setSpacing(px(8))
        self.splitter.setSizes([px(LIST_PX), max(1, self.width() - px(LIST_PX))])
        self._tools.fit()


class _Area(QScrollArea):
    """Leaves keys to the page: arrows with Alt go through rows."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()
