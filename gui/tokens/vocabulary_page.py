"""The vocabulary page: filters, all tokens that fit, and the chosen one in full at the right.

The worker filters and checks; the newest question is the one that counts.
"""

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.process.messages import AnyEvent, Failed, Progress
from engine.process.token_messages import (
    CheckVocabulary,
    FilterVocabulary,
    TokenIds,
    VocabularyCheck,
)
from gui.tokens.check_strip import CheckStrip
from gui.tokens.parts import TokensPage, TokensParts
from gui.tokens.token_table import TokenTable
from gui.tokens.vocabulary import array_of
from gui.tokens.vocabulary_details import VocabularyDetails
from gui.tokens.vocabulary_filters import VocabularyFilters
from gui.tokens.vocabulary_model import REACH, VocabularyModel
from gui.tokens.vocabulary_words import found_text
from gui.tokens.words import tr
from gui.widgets.announce import announce
from gui.widgets.kinds import frame, label

TYPING_MS = 150
SIDE_PX, NARROW_PX, SHORT_PX, MOST_PX = 270, 800, 110, 16_777_215


class VocabularyPage(TokensPage):
    """All tokens of the tokenizer in use."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self._theme = theme
        self._filter_job = self._check_job = 0
        self._timer = QTimer(self, singleShot=True, interval=TYPING_MS)
        self.filters = VocabularyFilters(theme, self)
        self.check = CheckStrip(theme, self)
        self.count = label("", "dim")
        self.model = VocabularyModel(theme, self)
        self.table = TokenTable(theme, self.model, self)
        self.empty = label("", "dim", wrap=True)
        self.stack = QStackedWidget(self)
        self.details = VocabularyDetails(parts.worker, self)
        self._lay_out()
        self._connect()
        self._on_tokenizer_changed()

    def on_shown(self) -> None:
        self.filters.search.setFocus()

    def save_state(self) -> None:
        self._timer.stop()
        self.details.save_state()

    # ---- what fits ----

    @Slot()
    def _on_tokenizer_changed(self) -> None:
        vocabulary = self.parts.state.vocabulary
        self._cancel_check()
        self.check.show_idle()
        self.check.setEnabled(vocabulary is not None)
        if vocabulary is None:
            self._show_empty(tr("The vocabulary is being read …"))
            return
        self.filters.set_scripts(vocabulary.scripts)
        self.model.show(vocabulary, np.arange(len(vocabulary), dtype=np.int32))
        self.details.show_none()
        self.table.horizontalHeader().setSectionHidden(REACH, True)
        self._ask()

    @Slot()
    def _on_filters_changed(self) -> None:
        self._timer.start()

    @Slot()
    def _ask(self) -> None:
        """Ask the worker what fits; what was asked before counts no more."""
        vocabulary = self.parts.state.vocabulary
        self._timer.stop()
        self.parts.worker.cancel(self._filter_job)
        if vocabulary is None:
            return
        source, query = vocabulary.source, self.filters.query()
        if query["reach"] and not self.model.is_checked:
            self._start_check()  # the filter is asked for when it is there
            return
        self._filter_job = self.parts.worker.ask(
            lambda job: FilterVocabulary(job=job, source=source, **query),
            self._on_found,
            self._on_filter_failed,
        )

    def _on_found(self, found: TokenIds) -> None:
        self._filter_job = 0
        self.filters.show_problem("")
        chosen = self.details.token
        ids = array_of(found.ids).astype(np.int32)
        self.model.show(self.parts.state.vocabulary, ids)
        words = found_text(len(ids), len(self.parts.state.vocabulary or ()))
        self.count.setText(words)
        announce(self.count, words)
        if len(ids):
            self.stack.setCurrentWidget(self.table)
            self._choose(self.model.row_of(chosen))
        else:
            self._show_empty(self._why_empty())

    def _on_filter_failed(self, failed: Failed) -> None:
        self._filter_job = 0
        self.filters.show_problem(" ".join(filter(None, (failed.message, failed.hint))))

    def _why_empty(self) -> str:
        query = self.filters.query()
        if query["max_length"] and query["min_length"] > query["max_length"]:
            return tr("The least length asked for is greater than the greatest.")
        if query["reach"] == "never":
            return tr("No glitch tokens: every token of these can be reached by some text.")
        return tr("No token fits all of these filters. “Clear filters” shows all tokens again.")

    def _show_empty(self, words: str) -> None:
        self.empty.setText(words)
        self.empty.setAccessibleName(words)
        self.stack.setCurrentWidget(self.empty)
        self.details.show_none()

    # ---- the round trip ----

    @Slot()
    def _start_check(self) -> None:
        vocabulary = self.parts.state.vocabulary
        if vocabulary is None or self._check_job:
            return
        source = vocabulary.source
        self.check.show_began()
        self._check_job = self.parts.worker.ask(
            lambda job: CheckVocabulary(job=job, source=source),
            self._on_checked,
            self._on_check_failed,
            self._on_check_event,
        )

    def _on_check_event(self, event: AnyEvent) -> None:
        if isinstance(event, Progress):
            self.check.show_progress(event.fraction)

    def _on_checked(self, result: VocabularyCheck) -> None:
        self._check_job = 0
        self.model.set_reach(array_of(result.reach).astype(np.uint8))
        self.table.horizontalHeader().setSectionHidden(REACH, False)
        self.check.show_counts(self.model.reach_counts)
        self._on_row_changed()
        if self.filters.query()["reach"]:
            self._ask()

    def _on_check_failed(self, failed: Failed) -> None:
        self._check_job = 0
        self.check.show_idle()
        self.parts.worker.failed.emit(failed)

    @Slot()
    def _on_check_cancelled(self) -> None:
        self._cancel_check()
        self.check.show_idle()
        if self.filters.query()["reach"]:
            self.filters.reach.setCurrentIndex(0)

    def _cancel_check(self) -> None:
        self.parts.worker.cancel(self._check_job)
        self._check_job = 0

    # ---- the chosen token ----

    def _choose(self, row: int) -> None:
        if row < 0:
            self.details.show_none()
            return
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().setCurrentIndex(
            self.model.index(row, 0), flags.ClearAndSelect | flags.Rows
        )

    @Slot()
    def _on_row_changed(self) -> None:
        token = self.model.token_at(self.table.currentIndex().row())
        if token < 0 or self.model.vocabulary is None:
            self.details.show_none()
        else:
            reach = self.model.reach_of(token)
            self.details.show_token(self.model.vocabulary, token, reach)
        self.hint.setVisible(self.details.isHidden())

    @Slot(QPoint)
    def _on_menu(self, place: QPoint) -> None:
        index: QModelIndex = self.table.indexAt(place)
        if not index.isValid():
            return
        self._choose(index.row())
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        details = self.details
        for one in (
            details.copy_text_button,
            details.copy_id_button,
            details.show_button,
            details.merges_button,
        ):
            menu.addAction(one.text(), one.click).setEnabled(one.isEnabled())
        menu.popup(self.table.viewport().mapToGlobal(place))

    def _show_merges(self, word: str) -> None:
        self.parts.show_panel("merges")
        self.parts.state.look_at_word(word)

    # ---- making ----

    def _lay_out(self) -> None:
        px = self._theme.px
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        tools = QHBoxLayout()
        tools.addWidget(self.count)
        tools.addWidget(self.check, 1)
        left = QVBoxLayout()
        left.setContentsMargins(px(24), px(16), px(16), 0)
        left.setSpacing(px(10))
        left.addWidget(self.filters)
        left.addLayout(tools)
        left.addWidget(self.stack, 1)
        work = frame("work", self)
        work.setLayout(left)
        self.side = QScrollArea(self)
        self.side.setWidgetResizable(True)
        self.side.setFrameShape(QScrollArea.Shape.NoFrame)
        self.side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.side.setWidget(self._side_inner())
        self.row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(0)
        self.row.addWidget(work, 3)
        self.row.addWidget(self.side, 1)
        self._place_side()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_side()

    def _place_side(self) -> None:
        """The chosen token stands beside the list, and below it where there is no room beside."""
        px = self._theme.px
        is_wide = self.width() >= px(NARROW_PX)
        direction = QBoxLayout.Direction
        self.row.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)
        self.side.setMinimumWidth(px(SIDE_PX) if is_wide else 0)
        self.side.setMaximumWidth(px(SIDE_PX) if is_wide else MOST_PX)
        self.side.setMinimumHeight(0 if is_wide else px(SHORT_PX))
        self.side.setMaximumHeight(MOST_PX if is_wide else px(SHORT_PX))

    def _side_inner(self) -> QWidget:
        inner = frame("side")
        self.hint = label(tr("Choose a token to see it in full."), "faint", wrap=True)
        column = QVBoxLayout(inner)
        column.addWidget(self.details)
        column.addWidget(self.hint)
        column.addStretch(1)
        return inner

    def _connect(self) -> None:
        self.parts.state.tokenizer_changed.connect(self._on_tokenizer_changed)
        self.filters.changed.connect(self._on_filters_changed)
        self._timer.timeout.connect(self._ask)
        self.filters.search.returnPressed.connect(self._ask)
        self.check.check_requested.connect(self._start_check)
        self.check.cancel_requested.connect(self._on_check_cancelled)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_changed)
        self.model.modelReset.connect(self._on_row_changed)
        self.table.customContextMenuRequested.connect(self._on_menu)
        self.table.copy_pressed.connect(self.details.copy_text)
        self.table.copy_id_pressed.connect(self.details.copy_id)
        self.table.enter_pressed.connect(self.details.merges_button.click)
        self.details.text_wanted.connect(self.parts.show_text)
        self.details.merges_wanted.connect(self._show_merges)
