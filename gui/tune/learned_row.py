"""One row as it will be learned: its figures, its tokens, what is wrong with it, and the ways on.
Asks the worker for the row that it is given; the newest counts.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.process.messages import ChatMessage, Failed
from engine.process.tune_messages import Learned, PreviewRow, Row, RowItem
from gui.icons import icon
from gui.theme import Theme
from gui.tokens.from_chat import OPEN_PROMPT, OPEN_TEXT, ChatPrompt, Origin
from gui.tune.learned_legend import LearnedLegend
from gui.tune.learned_view import LearnedView
from gui.tune.learned_words import row_facts, warnings_text
from gui.tune.row_card import ROLES
from gui.tune.row_words import loss_text
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr
from gui.widgets.announce import announce
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, icon_button, label

LEAST_VIEW_PX = 120


class LearnedRow(QWidget):
    """Signals say where to go; shown(row): its tokens are there."""

    shown = Signal(object)  # Learned
    step_asked = Signal(int)  # -1 the row before, 1 the next
    edit_asked = Signal()

    def __init__(self, theme: Theme, desk: RowsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._desk = theme, desk
        self.item: RowItem | None = None
        self.learned: Learned | None = None
        self._key: object = None
        self._job = 0
        self.title = label("", "heading")
        self.facts = label("", "dim")
        self.previous_button = icon_button(tr("The row before (Alt+Up)"))
        self.next_button = icon_button(tr("The next row (Alt+Down)"))
        self.edit_button = button(tr("Edit"), "chip", tr("Edit this row on the data page"))
        self.tokens_button = button(
            tr("Open in Tokens"),
            "chip",
            tr("See the conversation through the template, message by message, in the Tokens room"),
        )
        self.problem = label("", "warn", wrap=True)
        self.view = LearnedView(theme)
        self.legend = LearnedLegend(theme)
        self._lay_out()
        self._connect()
        self._dress()
        self.show_item(None)

    # ---- which row ----

    def show_item(self, item: RowItem | None) -> None:
        """Show a row as it is after the base's template."""
        self.item = item
        for part in (self.previous_button, self.next_button, self.edit_button):
            part.setEnabled(item is not None)
        self.tokens_button.setEnabled(item is not None and self._can_open())
        if item is None:
            self._forget()
            self.title.setText("")
            return
        self.title.setText(tr("Row {n}").format(n=f"{item.number + 1:,}"))
        draft = self._desk.parts.state.draft
        key = (item.row, draft.base.path, draft.data.learn_from, draft.train.max_length)
        if key == self._key:
            self._say()
            return
        self._key = key
        self._ask(item.row)

    def _forget(self) -> None:
        self._desk.parts.worker.cancel(self._job)
        self._job, self._key, self.learned = 0, None, None
        self.facts.setText("")
        self.problem.hide()
        self.view.clear()

    def _ask(self, row: Row) -> None:
        self._desk.parts.worker.cancel(self._job)
        self._job = 0
        draft = self._desk.parts.state.draft
        if not draft.base.path:
            self._forget()
            return
        self._job = self._desk.ask(
            lambda job: PreviewRow(
                job=job,
                base=draft.base.path,
                row=row,
                learn_from=draft.data.learn_from,
                max_length=draft.train.max_length,
            ),
            partial(self._on_learned, self._key),
            partial(self._on_failed, self._key),
        )

    def _on_learned(self, key: object, learned: Learned) -> None:
        if key != self._key or self.item is None:
            return
        self._job, self.learned = 0, learned
        row = self.item.row
        learn_from = self._desk.parts.state.draft.data.learn_from
        self.view.show_row(learned, is_text=bool(row.text), learn_from=learn_from)
        self._say()
        self.shown.emit(learned)

    def _on_failed(self, key: object, failed: Failed) -> None:
        """A row that the template refuses is shown as that."""
        if key == self._key:
            self._job, self.learned = 0, None
            self.view.clear()
            self.facts.setText("")
            self._say_problem(f"{failed.message} {failed.hint}".strip(), failed.detail)

    def _say(self) -> None:
        if self.learned is None or self.item is None:
            return
        words = row_facts(self.learned)
        if self.item.loss is not None:
            words += " · " + tr("loss {loss}").format(loss=loss_text(self.item.loss))
        self.facts.setText(words)
        announce(self.facts, words)
        self._say_problem(warnings_text(self.learned.warnings))

    def _say_problem(self, words: str, detail: str = "") -> None:
        self.problem.setText(words)
        self.problem.setToolTip(detail)
        self.problem.setVisible(bool(words))

    # ---- the Tokens room ----

    def _can_open(self) -> bool:
        row = self.item.row if self.item is not None else None
        roles = {one.role for one in row.messages} if row is not None else set()
        return "tokens" in self._desk.parts.context.rooms and roles <= set(ROLES)

    @Slot()
    def open_in_tokens(self) -> None:
        """The row's messages, or its text, in the Tokens room."""
        item, info = self.item, self._desk.info
        if item is None or info is None or not self._can_open():
            return
        context, source = self._desk.parts.context, self._desk.parts.state.draft.base.path
        title = tr("row {n} of {name}").format(n=f"{item.number + 1:,}", name=info.name)
        origin = Origin("", title, room="tune")
        context.rooms["tokens"]()
        if item.row.text:
            context.openers[OPEN_TEXT](item.row.text, origin)
            return
        messages = tuple(
            ChatMessage(one.role, one.content)  # type: ignore[arg-type]  # looked at above
            for one in item.row.messages
        )
        context.openers[OPEN_PROMPT](ChatPrompt(messages, source, origin))

    # ---- building ----

    def _lay_out(self) -> None:
        self._head = FlowPane()
        self._flow = FlowLayout(self._head)
        steps = QWidget()
        row = QHBoxLayout(steps)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.previous_button)
        row.addWidget(self.next_button)
        for part in (self.title, self.facts, steps, self.edit_button, self.tokens_button):
            self._flow.addWidget(part)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._head)
        self._column.addWidget(self.problem)
        self._column.addWidget(self.view, 1)
        self._column.addWidget(self.legend)

    def _connect(self) -> None:
        self.previous_button.clicked.connect(partial(self.step_asked.emit, -1))
        self.next_button.clicked.connect(partial(self.step_asked.emit, 1))
        self.edit_button.clicked.connect(self.edit_asked)
        self.tokens_button.clicked.connect(self.open_in_tokens)
        self._theme.changed.connect(self._dress)

    @Slot()
    def _dress(self) -> None:
        px, colour = self._theme.px, self._theme.palette.text_dim
        self.previous_button.setIcon(icon("chevron-up", colour))
        self.next_button.setIcon(icon("chevron-down", colour))
        self.tokens_button.setIcon(icon("tokens", colour))
        self.edit_button.setIcon(icon("edit", colour))
        self.view.setMinimumHeight(px(LEAST_VIEW_PX))
        self._flow.setSpacing(px(8))
        self._column.setContentsMargins(px(12), px(8), px(12), px(10))
        self._column.setSpacing(px(6))
        self._head.fit()
