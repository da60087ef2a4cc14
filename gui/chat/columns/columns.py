"""Columns: up to four answers to one prompt side by side, which go on as conversations of their own
until one of them is kept.

All columns live in the open chat's tree: a question is written once for columns that stand at the
same place, its answers are versions of one another, and "Keep this" shows that column's branch.
They are kept with the chat and are there again when it is opened. A feature of the room; what is
drawn is columns_view.py's, who asks and who writes is asker.py's and writers.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Slot

from gui.chat.columns.agreement import agreed_ranges
from gui.chat.columns.asker import ColumnAsker, base_of, is_there
from gui.chat.columns.column_page import ColumnPage
from gui.chat.columns.column_state import (
    MOST_COLUMNS,
    Column,
    ColumnSettings,
    from_kept,
    to_kept,
)
from gui.chat.columns.columns_view import ColumnsView
from gui.chat.columns.library import ColumnLibrary, free_bytes
from gui.chat.columns.plan import Plan
from gui.chat.columns.sides import Sides
from gui.chat.columns.writers import Writers
from gui.chat.features import ChatParts, Feature
from gui.chat.model_chooser import load_request
from gui.chat.streaming import StreamingReply
from gui.chat.words import tr
from gui.icons import icon
from gui.process import EngineProcess
from gui.tune.to_chat import OPEN_AGAINST, OPEN_AGAINST_BASE
from gui.widgets.kinds import icon_button

FIRST_COLUMNS = 2
UNSENT = "columns"
SHORTCUT = "Ctrl+Shift+K"


class Columns(Feature):
    """Which columns there are, and what is asked of them. The desk's guest while they are open."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        context = parts.context
        self.prompt = tr("Ask all columns")
        self.view: ColumnsView | None = None
        self.pages: list[ColumnPage] = []
        make_engine = partial(EngineProcess, context.paths)
        self.sides = Sides(make_engine, partial(load_request, context), free_bytes, self)
        self.writers = Writers(parts, self.sides, self)
        self.library = ColumnLibrary(parts, self.sides, self)
        self._asker = ColumnAsker(parts.session, self.library, self.writers)
        self.button = icon_button(tr("Columns: several answers side by side (%s)") % SHORTCUT)
        self.button.setCheckable(True)
        self.button.clicked.connect(self.toggle)
        parts.work.header.add_tool(self.button)
        context.openers[OPEN_AGAINST_BASE] = self.open_against_base
        context.openers[OPEN_AGAINST] = self.open_against
        parts.add_action(tr("&Columns: several answers side by side"), self.toggle, SHORTCUT)
        self._connect()
        self._dress()

    def _connect(self) -> None:
        parts = self.parts
        parts.session.chat_opened.connect(self._on_chat_opened)
        parts.session.branch_changed.connect(self._on_branch_changed)
        parts.session.turn_changed.connect(self._on_turn_changed)
        parts.session.message_wanted.connect(self._on_message_wanted)
        parts.replies.text_arrived.connect(self._on_text_arrived)
        parts.replies.progressed.connect(self._on_progressed)
        parts.replies.ended.connect(self._on_ended)
        parts.details.settings_shown.connect(self._on_settings_shown)
        parts.details.settings_changed.connect(self._mark)
        parts.session.settings_replaced.connect(self._mark)
        parts.context.theme.changed.connect(self._dress)
        self.library.models_changed.connect(self._on_models_changed)
        self.library.presets_changed.connect(self._on_presets_changed)
        self.sides.load_progressed.connect(self._on_load_progressed)

    @property
    def is_open(self) -> bool:
        return bool(self.pages)

    @property
    def columns(self) -> list[Column]:
        return [page.column for page in self.pages]

    def save_state(self) -> None:
        self.writers.interrupt()
        self.sides.close()

    # ---- opening and leaving ----

    @Slot()
    def toggle(self) -> None:
        """Open the columns on the branch shown, or leave them."""
        if self.is_open:
            self.leave()
        else:
            self.open()
        self.button.setChecked(self.is_open)

    def open(self, n: int = FIRST_COLUMNS) -> None:
        """Open so many columns on the branch shown, where nothing stands in the way."""
        self._open([ColumnSettings()] * n)

    def open_against_base(self) -> None:
        """Two columns: the model without the chat's adapters, and with them."""
        self._open([ColumnSettings(has_adapters=False), ColumnSettings()])

    def open_against(self, model: str) -> None:
        """Two columns: the room's model, and another by its path."""
        self._open([ColumnSettings(), ColumnSettings().with_model(model)])

    def _open(self, own: Sequence[ColumnSettings]) -> None:
        reason = self._why_not()
        if reason:
            self.parts.context.notices.show_failure(*reason)
            return
        head_id = self.parts.session.conversation.head_id
        self._show_columns([Column(number, one, head_id) for number, one in enumerate(own, 1)])
        self._keep()
        self.parts.desk.focus_composer()

    def _why_not(self) -> tuple[str, str] | None:
        session = self.parts.session
        if session.is_busy:
            return tr("A reply is being written."), tr("Stop it or wait for its end.")
        if session.kind != "chat":
            return tr("A notebook has no columns."), tr("Open a chat, or begin one.")
        if self.parts.desk.editing.is_on:
            return tr("A message is being edited."), tr("Finish that or leave it (Esc) first.")
        return None

    @Slot()
    def leave(self) -> None:
        """Back to the one chat, on the branch that was asked last; what is written is stopped."""
        self.parts.session.stop()
        self._close()
        self._keep()
        self.parts.session.branch_changed.emit()
        self.parts.desk.focus_composer()

    def keep(self, column: Column) -> None:
        """Make a column's branch the chat's."""
        if self.parts.session.is_busy:
            return
        self.leave()
        if column.head_id is not None:
            self.parts.session.show_branch(column.head_id)

    def _close(self) -> None:
        """Put the columns away; replies go on where they are not stopped."""
        self.pages.clear()
        self.sides.keep(False)
        if self.view is not None:
            self.view.set_count(0)
        self.parts.work.set_stand_in(None)
        self.parts.desk.set_guest(None)
        self.button.setChecked(False)

    def _keep(self) -> None:
        """Note the columns with their chat; opening them alone makes no chat."""
        session = self.parts.session
        if session.chat_id or not self.is_open:
            session.set_unsent(UNSENT, to_kept(self.columns) or None)

    # ---- which columns ----

    def _show_columns(self, columns: Sequence[Column]) -> None:
        """Columns in place of what is shown."""
        if self.view is None:
            self.view = self._made_view()
        self.pages.clear()
        self.view.set_count(0)
        for column in columns:
            self._add(column)
        self.sides.keep(True)
        self.parts.work.set_stand_in(self.view)
        self.parts.desk.set_guest(self)
        self.button.setChecked(True)
        self.library.ask()
        self._show_state()

    def _made_view(self) -> ColumnsView:
        view = ColumnsView(self.parts.context.theme)
        self.parts.work.add_view(view)
        view.setFocusProxy(self.parts.work.composer.edit)
        view.add_requested.connect(self._on_add)
        view.again_requested.connect(self.ask_again)
        view.close_requested.connect(self.leave)
        return view

    def _add(self, column: Column) -> None:
        assert self.view is not None
        (view,) = self.view.set_count(len(self.pages) + 1)
        page = ColumnPage(self.parts, column, view)
        self.pages.append(page)
        view.settings_changed.connect(partial(self._on_settings_changed, page))
        view.keep_requested.connect(lambda: self.keep(page.column))
        view.remove_requested.connect(partial(self._remove, page))
        view.set_settings(column.own, self.parts.session.settings)
        view.set_presets(self.library.presets)
        page.show()

    @Slot()
    def _on_add(self) -> None:
        if len(self.pages) < MOST_COLUMNS and not self.parts.session.is_busy:
            base_id = base_of(self.parts.session.conversation, self.pages[0].column)
            self._add(Column(len(self.pages) + 1, head_id=base_id))
            self._show_state()
            self._keep()

    def _remove(self, page: ColumnPage) -> None:
        """Take a column away; its branch stays in the chat. The others move up."""
        if self.parts.session.is_busy or len(self.pages) <= FIRST_COLUMNS:
            return
        left = [one.column for one in self.pages if one is not page]
        self._show_columns([Column(n, one.own, one.head_id) for n, one in enumerate(left, 1)])
        self._keep()

    # ---- asking: what the desk passes on ----

    def send(self, text: str, prefill: str, attachments: Sequence[dict[str, Any]]) -> bool:
        """Put one question to all columns."""
        columns = self.columns
        return self._asker.ask(
            columns, text, prefill, attachments, partial(self._on_begun, columns)
        )

    @Slot()
    def ask_again(self) -> None:
        """Answer each column's last question once more, as further versions."""
        columns = self.columns
        self._asker.ask_again(columns, partial(self._on_begun, columns))

    def escape(self) -> None:
        """Stop what is written, else leave."""
        if self.parts.session.is_busy:
            self.parts.session.stop()
        else:
            self.leave()

    def _on_begun(self, columns: list[Column], plan: Plan) -> None:
        """The replies are there, empty; other columns may be on show meanwhile."""
        if [*map(id, columns)] != [*map(id, self.columns)]:
            return
        for page in self.pages:
            page.waits = page.column.own.model_path in plan.in_turn
            page.show()
        self._keep()

    # ---- what comes ----

    @Slot(str, str)
    def _on_text_arrived(self, reply_id: str, text: str) -> None:
        for page in self._pages_of(reply_id):
            page.take_text(text)

    @Slot(str)
    def _on_progressed(self, reply_id: str) -> None:
        for page in self._pages_of(reply_id):
            page.take_progress()

    @Slot(object)
    def _on_ended(self, reply: StreamingReply) -> None:
        pages = self._pages_of(reply.reply_id)
        for page in pages:
            page.finish(reply)
        if pages:
            self._show_state()

    @Slot(str, float)
    def _on_load_progressed(self, path: str, fraction: float) -> None:
        for page in self.pages:
            if page.column.own.model_path == path:
                page.take_load(fraction)

    def _pages_of(self, reply_id: str) -> list[ColumnPage]:
        return [page for page in self.pages if page.column.head_id == reply_id]

    # ---- showing ----

    @Slot()
    def _show_state(self) -> None:
        """What will run when, what can be done now, what the columns agree on."""
        if self.view is None or not self.is_open:
            return
        for page in self.pages:
            self.library.show_models(page.view)
        self.view.set_plan(*self.library.plan_texts(self.columns))
        self.view.set_writing(self.parts.session.is_busy)
        self._mark()

    @Slot()
    def _mark(self) -> None:
        """Mark what all columns say to the same question."""
        conversation = self.parts.session.conversation
        turns = [turn for page in self.pages if (turn := page.last_reply()) is not None]
        asked = {conversation.turn(turn.parent_id).content for turn in turns if turn.parent_id}
        if len(turns) < FIRST_COLUMNS or len(turns) != len(self.pages) or len(asked) > 1:
            for page in self.pages:
                page.unmark()
            return
        ranges = agreed_ranges([turn.content for turn in turns])
        for page, turn, agreed in zip(self.pages, turns, ranges, strict=True):
            page.mark(turn, agreed)

    # ---- slots ----

    @Slot()
    def _on_models_changed(self) -> None:
        """A column of the model that is the room's now is answered by the room."""
        model = self.parts.loader.model
        for page in self.pages:
            if model is not None and page.column.own.model_path == model.path:
                page.column.own = page.column.own.with_model("")
                page.view.set_settings(page.column.own, self.parts.session.settings)
        self._show_state()

    @Slot()
    def _on_presets_changed(self) -> None:
        for page in self.pages:
            page.view.set_presets(self.library.presets)

    @Slot(object)
    def _on_settings_shown(self, _settings: object) -> None:
        for page in self.pages:
            page.view.set_settings(page.column.own, self.parts.details.settings)

    def _on_settings_changed(self, page: ColumnPage, own: ColumnSettings) -> None:
        page.column.own = own
        page.view.set_settings(own, self.parts.session.settings)
        self._show_state()
        self._keep()

    @Slot()
    def _on_chat_opened(self) -> None:
        """The columns belong to their chat: those of another are put away, its own come back."""
        session = self.parts.session
        if self.is_open:
            self._close()
        columns = from_kept(session.unsent.get(UNSENT))
        are_there = all(is_there(session.conversation, one) for one in columns)
        if len(columns) >= FIRST_COLUMNS and are_there and session.kind == "chat":
            self._show_columns(columns)
        self.button.setEnabled(session.kind == "chat")

    @Slot()
    def _on_branch_changed(self) -> None:
        """Somebody looks at another branch, or took a column's away: that is in the one chat."""
        if not self.is_open:
            return
        head_id = self.parts.session.conversation.head_id
        if any(column.head_id == head_id for column in self.columns):
            self._show_state()
        else:
            self.leave()

    @Slot(str)
    def _on_turn_changed(self, turn_id: str) -> None:
        for page in self.pages:
            page.show_turn(turn_id)

    @Slot(str)
    def _on_message_wanted(self, _turn_id: str) -> None:
        if self.is_open:
            self.leave()

    @Slot()
    def _dress(self) -> None:
        palette = self.parts.context.theme.palette
        self.button.setIcon(icon("columns", palette.text_dim, palette.accent))
        self._mark()
