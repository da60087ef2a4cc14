"""Columns: up to four answers to one prompt side by side, which go on as conversations of their own
until one of them is kept.

All columns live in the open chat's tree: a question is written once for columns that stand at the
same place, its answers are versions of one another, and "Keep this" shows that column's branch. A
feature of the room; what is drawn is columns_view.py's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from engine.errors import AppError
from engine.process.messages import Failed, ModelList
from gui.chat import chat_file, message_file
from gui.chat.columns.agreement import agreed_ranges, agreed_share
from gui.chat.columns.agreement_marks import agreement_book
from gui.chat.columns.batch import Batch
from gui.chat.columns.column_state import MOST_COLUMNS, Column, ColumnSettings, Plan, make_plan
from gui.chat.columns.column_view import ColumnView
from gui.chat.columns.columns_view import ColumnsView
from gui.chat.columns.side_engine import SideEngine
from gui.chat.conversation import Turn
from gui.chat.features import ChatParts, Feature
from gui.chat.model_chooser import load_request
from gui.chat.replies import Replies
from gui.chat.streaming import StreamingReply
from gui.chat.transcript_views import view_of
from gui.chat.words import size_text, tr
from gui.icons import icon
from gui.widgets.kinds import icon_button

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

FIRST_COLUMNS = 2


@dataclass(frozen=True)
class _Asked:
    """What the store made of a question: the questions, and each column's empty reply."""

    questions: list[Turn]
    replies: list[Turn]


class Columns(Feature):
    """The state of the columns, and who writes into which."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.columns: list[Column] = []
        self.view: ColumnsView | None = None
        self._sides: list[SideEngine] = []
        self._batches: list[Replies] = []
        self._models = ModelList(models=[])
        self._is_asking = False
        self.button = icon_button(tr("Columns: several answers side by side (Ctrl+Shift+K)"))
        self.button.setCheckable(True)
        self.button.clicked.connect(self.toggle)
        parts.work.header.add_tool(self.button)
        parts.add_action(tr("&Columns: several answers side by side"), self.toggle, "Ctrl+Shift+K")
        parts.session.chat_opened.connect(self._on_chat_opened)
        parts.loader.listing_arrived.connect(self._on_listing)
        parts.context.theme.changed.connect(self._dress)
        self._dress()

    @property
    def is_open(self) -> bool:
        return bool(self.columns)

    @property
    def is_busy(self) -> bool:
        return self._is_asking or any(column.reply_id for column in self.columns)

    def save_state(self) -> None:
        for replies in self._batches:
            replies.interrupt_all()
        for side in self._sides:
            side.close()

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
        if self.parts.session.is_busy:
            self.parts.context.notices.show_failure(
                tr("A reply is being written."), tr("Stop it or wait for its end, then try again.")
            )
            return
        if self.view is None:
            self._make_view()
        assert self.view is not None
        for _ in range(n):
            self._add(self.parts.session.conversation.head_id)
        self.parts.work.show_view(self.view)
        self.parts.loader.list_models(self.parts.chooser.folders())
        self.view.composer.edit.setFocus()

    def leave(self) -> None:
        """Back to the one chat, on the branch that was shown last."""
        self._stop_all()
        self.columns.clear()
        for side in self._sides:
            side.close()
            side.deleteLater()
        self._sides.clear()
        if self.view is not None:
            self.view.set_count(0)
        self.button.setChecked(False)
        self.parts.work.show_chat()
        self.parts.session.branch_changed.emit()
        self.parts.desk.focus_composer()

    def keep(self, column: Column) -> None:
        """Make a column's branch the chat's."""
        if self.is_busy:
            return
        head_id = column.head_id
        self.leave()
        if head_id is not None:
            self.parts.session.show_branch(head_id)

    def _make_view(self) -> None:
        view = self.view = ColumnsView(self.parts.context.theme)
        self.parts.work.add_view(view)
        view.send_requested.connect(self.ask)
        view.stop_requested.connect(self._stop_all)
        view.add_requested.connect(self._on_add)
        view.again_requested.connect(self.ask_again)
        view.close_requested.connect(self.leave)

    @Slot()
    def _on_add(self) -> None:
        if len(self.columns) < MOST_COLUMNS and not self.is_busy:
            self._add(self._base_id())

    def _base_id(self) -> str | None:
        """Where a new column begins: before the last question of the first column."""
        if not self.columns:
            return self.parts.session.conversation.head_id
        path = self.parts.session.conversation.path_to(self.columns[0].head_id)
        return path[-3].id if len(path) > 2 else None

    def _add(self, head_id: str | None) -> None:
        assert self.view is not None
        column = Column(len(self.columns) + 1, head_id=head_id)
        self.columns.append(column)
        for view in self.view.set_count(len(self.columns)):
            self._connect_view(view, column)
        self._show_models()
        self._show(column)
        self._show_plan()

    def _connect_view(self, view: ColumnView, column: Column) -> None:
        view.settings_changed.connect(partial(self._on_settings_changed, column))
        view.keep_requested.connect(partial(self.keep, column))
        view.remove_requested.connect(partial(self._remove, column))
        view.transcript.link_activated.connect(self.parts.work.transcript.link_activated)
        has_adapters = bool(self.parts.session.settings.adapters)
        view.set_settings(column.own, has_adapters=has_adapters)

    def _remove(self, column: Column) -> None:
        """Take a column away; its branch stays in the chat. The others move up."""
        if self.is_busy or len(self.columns) <= FIRST_COLUMNS or self.view is None:
            return
        place = self.columns.index(column)
        states = [(one.own, one.head_id) for one in self.columns]
        del states[place]
        self.columns.pop()
        self.view.set_count(len(self.columns))
        for one, (own, head_id) in zip(self.columns, states, strict=True):
            one.own, one.head_id = own, head_id
            has_adapters = bool(self.parts.session.settings.adapters)
            self._view_of(one).set_settings(own, has_adapters=has_adapters)
            self._show(one)
        self._show_plan()

    # ---- asking ----

    @Slot(str)
    def ask(self, text: str) -> None:
        """Put one question to all columns."""
        if self._refuses() or self.view is None:
            return
        self.view.composer.set_text("")
        heads = [column.head_id for column in self.columns]
        self._begin(heads, text)

    @Slot()
    def ask_again(self) -> None:
        """Answer each column's last question once more, as further versions."""
        conversation = self.parts.session.conversation
        paths = [conversation.path_to(column.head_id) for column in self.columns]
        if self._refuses() or not all(path and path[-1].role == "assistant" for path in paths):
            return
        self._begin([path[-1].parent_id for path in paths], "")

    def _refuses(self) -> bool:
        loader = self.parts.loader
        if self.is_busy or self.parts.session.is_busy:
            return True
        needs_room = any(not column.own.model_path for column in self.columns)
        if needs_room and loader.model is None and not loader.is_loading:
            self.parts.context.notices.show_failure(
                tr("No model is loaded."), tr("Choose a model first: the button above.")
            )
            return True
        return False

    def _begin(self, heads: list[str | None], text: str) -> None:
        """Have the store make questions (none where text is empty) and replies, then write them."""
        session = self.parts.session
        conversation, handle, settings = session.conversation, session.handle, session.settings
        names = [self._model_name(column) for column in self.columns]
        self._is_asking = True
        assert self.view is not None
        self.view.composer.set_writing(True)

        def make(store: ChatStore) -> _Asked:
            chat_id = chat_file.ensured(store, handle, settings)
            asked: dict[str | None, Turn] = {}
            replies = []
            for head_id, name in zip(heads, names, strict=True):
                if text and head_id not in asked:
                    turn_id = store.add_message(chat_id, head_id, "user", text)
                    asked[head_id] = Turn(turn_id, head_id, "user", text)
                parent_id = asked[head_id].id if text else head_id
                replies.append(message_file.begin_reply(store, handle, parent_id, name))
            return _Asked(list(asked.values()), replies)

        def begun(asked: _Asked) -> None:
            self._is_asking = False
            if session.conversation is not conversation or not self.columns:
                return
            for turn in (*asked.questions, *asked.replies):
                conversation.add(turn)
            session.list_chats()
            self._write(asked)

        session.store.call(make, begun, self._on_store_failed)

    def _on_store_failed(self, error: AppError) -> None:
        self._is_asking = False
        if self.view is not None:
            self.view.composer.set_writing(False)
        self.parts.context.notices.show_error(error)

    def _write(self, asked: _Asked) -> None:
        plan = self._plan()
        for column, reply in zip(self.columns, asked.replies, strict=True):
            column.head_id = column.reply_id = reply.id
            self._view_of(column).transcript.set_token_book(None)
        for batch in plan.batches:
            path = batch[0].own.model_path
            if path:
                self._side_for(path, plan).ask(path, partial(self._write_on_side, batch))
            else:
                self._write_batch(batch, self._replies_of(batch))
        for column in self.columns:
            self._show(column)

    def _replies_of(self, batch: list[Column]) -> Replies:
        """Who writes a batch on the room's model: by one request of its own."""
        parts = self.parts
        engine = Batch(parts.context.engine, len(batch))
        replies = Replies(engine, parts.session.store, parts.loader, self)
        replies.text_arrived.connect(self._on_text_arrived)
        replies.ended.connect(self._on_ended)
        replies.failed.connect(self._on_failed)
        self._batches.append(replies)
        return replies

    def _write_on_side(self, batch: list[Column], replies: Replies) -> None:
        for column in batch:
            self._write_batch([column], replies)

    def _write_batch(self, batch: list[Column], replies: Replies) -> None:
        session = self.parts.session
        for index, column in enumerate(batch):
            replies.write(
                session.conversation,
                session.handle,
                column.reply_id,
                column.own.over(session.settings),
                store=session.store,
                index=index,
            )
        for column in batch:
            replies.start(column.reply_id)

    def _side_for(self, path: str, plan: Plan) -> SideEngine:
        """The worker for another model: one each where all fit, one for all in turn otherwise."""
        wanted = len(plan.other_paths) if plan.at_once else 1
        while len(self._sides) < wanted:
            context = self.parts.context
            side = SideEngine(
                context.paths, self.parts.session.store, partial(load_request, context), self
            )
            side.text_arrived.connect(self._on_text_arrived)
            side.ended.connect(self._on_ended)
            side.failed.connect(self._on_failed)
            side.load_progressed.connect(self._on_load_progressed)
            self._sides.append(side)
        loaded = next((one for one in self._sides if one.loader.wanted_path == path), None)
        return loaded or self._sides[plan.other_paths.index(path) % wanted]

    @Slot()
    def _stop_all(self) -> None:
        conversation = self.parts.session.conversation
        for replies in self._batches:
            replies.stop_in(conversation)
        for side in self._sides:
            side.stop()

    # ---- what comes ----

    @Slot(str, str)
    def _on_text_arrived(self, reply_id: str, text: str) -> None:
        column = self._column_of(reply_id)
        if column is not None:
            self._view_of(column).set_status("")
            self._view_of(column).transcript.append_text(reply_id, text)

    @Slot(object)
    def _on_ended(self, reply: StreamingReply) -> None:
        self._drop_finished()
        column = self._column_of(reply.reply_id)
        self.parts.session.list_chats()
        if column is None or self.view is None:
            return
        column.reply_id = ""
        turn = self.parts.session.conversation.turn(reply.reply_id)
        view = view_of(self.parts.session.conversation, turn, None, is_base=False)
        self._view_of(column).transcript.finish_reply(turn.id, view)
        if not self.is_busy:
            self.view.composer.set_writing(False)
            self._mark_agreement()

    def _drop_finished(self) -> None:
        conversation = self.parts.session.conversation
        for replies in [one for one in self._batches if not one.is_writing_in(conversation)]:
            self._batches.remove(replies)
            # Behind the last savings of its writers, which go with it.
            forget = partial(_delete_later, replies)
            self.parts.session.store.call(lambda _store: None, forget)

    @Slot(object)
    def _on_failed(self, failure: Failed) -> None:
        self.parts.context.notices.show_event(failure)

    @Slot(str, float)
    def _on_load_progressed(self, path: str, fraction: float) -> None:
        for column in self.columns:
            if column.own.model_path == path and column.reply_id:
                text = tr("Loading the model: {n} %").format(n=round(100 * fraction))
                self._view_of(column).set_status(text)

    def _mark_agreement(self) -> None:
        """Mark what all replies to the last question say."""
        turns = [self._last_reply(column) for column in self.columns]
        replies = [turn for turn in turns if turn is not None]
        if len(replies) < 2 or len(replies) != len(self.columns):
            return
        ranges = agreed_ranges([turn.content for turn in replies])
        for column, turn, agreed in zip(self.columns, replies, ranges, strict=True):
            transcript = self._view_of(column).transcript
            colour = self.parts.context.theme.palette.accent_soft
            transcript.set_token_book(agreement_book(turn.id, turn.content, agreed, colour))
            share = agreed_share(turn.content, agreed)
            text = tr("{n} % of its words stand in all columns").format(n=round(100 * share))
            self._view_of(column).set_status(text)

    def _last_reply(self, column: Column) -> Turn | None:
        path = self.parts.session.conversation.path_to(column.head_id)
        return path[-1] if path and path[-1].role == "assistant" else None

    # ---- showing ----

    def _show(self, column: Column) -> None:
        """A column's branch, from its beginning."""
        conversation = self.parts.session.conversation
        is_base = self.parts.session.is_base
        views = []
        for turn in conversation.path_to(column.head_id):
            view = view_of(conversation, turn, None, is_base=is_base)
            views.append(replace(view, streaming=turn.id == column.reply_id, n_versions=1))
        self._view_of(column).transcript.set_messages(views)

    def _show_models(self) -> None:
        if self.view is None:
            return
        model = self.parts.loader.model
        room = tr("{name} (this chat's)").format(name=model.name) if model else tr("This chat's")
        others = [
            one
            for one in self._models.models
            if one.kind == "model" and (model is None or one.path != model.path)
        ]
        for view in self.view.views:
            view.set_models(room, others)

    def _show_plan(self) -> None:
        if self.view is not None and self.columns:
            self.view.set_plan(_plan_text(self._plan()))

    def _plan(self) -> Plan:
        models = {model.path: model for model in self._models.models}
        n_ctx = self.parts.loader.model.n_ctx if self.parts.loader.model else 0
        return make_plan(self.columns, models, _free_bytes(), n_ctx)

    @Slot(object)
    def _on_listing(self, models: ModelList) -> None:
        self._models = models
        self._show_models()
        self._show_plan()

    def _on_settings_changed(self, column: Column, own: ColumnSettings) -> None:
        column.own = own
        self._show_plan()

    @Slot()
    def _on_chat_opened(self) -> None:
        if self.is_open:
            self.leave()

    def _model_name(self, column: Column) -> str:
        path = column.own.model_path
        if path:
            return next((one.name for one in self._models.models if one.path == path), path)
        model = self.parts.loader.model
        return model.name if model is not None else ""

    def _view_of(self, column: Column) -> ColumnView:
        assert self.view is not None
        return self.view.views[column.number - 1]

    def _column_of(self, reply_id: str) -> Column | None:
        return next((one for one in self.columns if one.reply_id == reply_id), None)

    @Slot()
    def _dress(self) -> None:
        palette = self.parts.context.theme.palette
        self.button.setIcon(icon("columns", palette.text_dim, palette.accent))


def _delete_later(replies: Replies, _answer: None) -> None:
    replies.deleteLater()


def _free_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().available)


def _plan_text(plan: Plan) -> str:
    """Who answers at once and who in turn."""
    sizes = [len(batch) for batch in plan.batches if not batch[0].own.model_path]
    together = max(sizes, default=0)
    parts = []
    if together > 1:
        parts.append(tr("{n} columns are drawn in one batch").format(n=together))
    elif not plan.other_paths:
        parts.append(tr("The columns share this chat's model and answer together"))
    if plan.other_paths:
        needed, free = size_text(plan.needed_bytes), size_text(plan.free_bytes)
        n = len(plan.other_paths)
        if plan.at_once:
            text = tr("{n} more model(s) fit beside it ({needed} of {free} free): all at once")
        else:
            text = tr("{n} more model(s) need {needed}, {free} are free: they answer in turn")
        parts.append(text.format(n=n, needed=needed, free=free))
    return ". ".join(parts) + "."
