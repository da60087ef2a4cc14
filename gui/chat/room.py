"""The Chat room: list of chats, work area, details; parts that know one another only through here.

Wiring and what a person can do by key or menu. The state is session.py's, the work area desk.py's.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QAction, QFocusEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.process.messages import Failed, ModelInfo
from gui.chat import chat_file
from gui.chat.chat_file import ChatEntry
from gui.chat.chat_list import ChatList
from gui.chat.chat_settings import ChatSettings
from gui.chat.context_count import attached_letters
from gui.chat.context_counter import ContextCounter
from gui.chat.desk import Desk
from gui.chat.details import DetailsPane
from gui.chat.engine_return import EngineReturn
from gui.chat.features import ChatParts, make_features
from gui.chat.model_chooser import ModelChooser, load_request
from gui.chat.model_loader import ModelLoader
from gui.chat.presenter import TranscriptPresenter
from gui.chat.replies import Replies
from gui.chat.session import ChatSession
from gui.chat.store_thread import StoreThread
from gui.chat.streaming import StreamingReply
from gui.chat.undo import next_text, redo_live, undo_live
from gui.chat.words import tr
from gui.chat.work_area import WorkArea
from gui.commands import Command
from gui.context import AppContext, Room
from gui.process_tree import machine_memory_bytes
from gui.widgets.panes import Panes

SPLITTER = "chat"
# What a door of the welcome opens in its room, once that is there (AppContext.openers).
BEHIND_DOORS = {"tune": "tune.identity"}


class ChatRoom(Room):
    """list | work | details."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._make_state()
        self._make_widgets()
        self._lay_out()
        self._make_actions()
        self._connect()
        self.features = make_features(self.parts)
        self._begin()

    # ---- building ----

    def _make_state(self) -> None:
        context = self._context
        self.store = StoreThread(context.paths.chats, self)
        self.loader = ModelLoader(
            context.engine, lambda job, path: load_request(context, job, path), self
        )
        self.replies = Replies(context.engine, self.store, self.loader, self)
        self.session = ChatSession(self.store, self.loader, self.replies, self)
        context.chat_settings = lambda: self.session.settings
        self.counter = ContextCounter(
            context.engine,
            lambda: self.session.conversation.messages_shown(self.session.settings.system_prompt),
            lambda: self.session.conversation.text_shown(),
            lambda: self.replies.n_left_out(self.session.conversation),
            self,
            lambda messages: attached_letters(messages, self.session.conversation.path()),
        )

    def _make_widgets(self) -> None:
        context, theme = self._context, self._context.theme
        self.panes = Panes(theme, self)
        self.list = ChatList(theme, self.panes.left)
        self.work = WorkArea(theme, self.panes.work)
        self.details = DetailsPane(theme, self.panes.side)
        self.panes.fill(self.list, self.work, self.details)
        self.presenter = TranscriptPresenter(self.session, self.replies, self.work.transcript, self)
        self.desk = Desk(self.session, self.replies, self.loader, self.work, context.notices, self)
        self.chooser = ModelChooser(context, self.loader, self.work.header, self)
        self.engine_return = EngineReturn(context.engine, self.loader, context.notices, self)
        self.parts = ChatParts(
            room=self,
            context=context,
            store=self.store,
            loader=self.loader,
            replies=self.replies,
            session=self.session,
            counter=self.counter,
            list=self.list,
            work=self.work,
            details=self.details,
            presenter=self.presenter,
            desk=self.desk,
            chooser=self.chooser,
            add_action=self._add,
        )

    def _lay_out(self) -> None:
        context = self._context
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panes)
        has_details = self.panes.restore(context.settings.value.splitters.get(SPLITTER, []))
        self.work.header.details_button.setChecked(has_details)
        self.panes.show_details(has_details)

    def _make_actions(self) -> None:
        keys = QKeySequence.StandardKey
        new = self._add(tr("&New chat"), self._on_new_asked, keys.New)
        new.setProperty("begins", True)  # stands under the list's New button too
        self._add(tr("&Search chats"), self._on_search_asked, "Ctrl+Shift+F")
        self._add(tr("Re&name chat"), self._on_rename_asked)
        self._add(tr("&Delete chat"), self._on_delete_asked)
        self._add(tr("Choose a &model…"), self.chooser.choose, "Ctrl+M")
        self._add(tr("&Open a GGUF file…"), self.chooser.open_file, keys.Open)
        self._add(tr("&Regenerate the reply"), self.desk.regenerate_last, "Ctrl+R")
        self._add(tr("&Continue the reply"), self.desk.continue_last, "Ctrl+Shift+Return")
        self._add(tr("&Edit my last message"), self.desk.edit_last, "Ctrl+E")
        self._add(tr("&Begin the reply with…"), self.desk.open_prefill, "Ctrl+Shift+B")
        self._add(tr("S&top the reply"), self.desk.escape, "Esc")
        self._add(tr("&Go to the message field"), self.desk.focus_composer, "Ctrl+L")
        self._add(tr("S&how details"), self.work.header.details_button.toggle, "Ctrl+D")

    def _add(
        self,
        text: str,
        do: Callable[[], object],
        shortcut: QKeySequence.StandardKey | str | None = None,
    ) -> QAction:
        action = QAction(text, self)
        # Only while this room is looked at; elsewhere Esc and the others mean something else.
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda: do())
        self.addAction(action)
        return action

    def _connect(self) -> None:
        session, replies = self.session, self.replies
        self.store.failed.connect(self._context.notices.show_error)
        session.chats_listed.connect(self._on_chats_listed)
        session.chat_opened.connect(self._on_chat_opened)
        session.branch_changed.connect(self._on_branch_changed)
        session.turn_changed.connect(self.counter.refresh)
        session.settings_replaced.connect(self._on_settings_replaced)
        replies.text_arrived.connect(self._on_text_arrived)
        replies.progressed.connect(self._on_reply_progressed)
        replies.ended.connect(self._on_reply_ended)
        replies.failed.connect(self._on_reply_failed)
        self.list.chat_chosen.connect(session.open)
        self.list.new_chat_requested.connect(self._on_new_asked)
        self.list.rename_requested.connect(session.rename)
        self.list.delete_requested.connect(session.delete)
        self.details.settings_changed.connect(self._on_settings_changed)
        self.work.header.details_toggled.connect(self.panes.show_details)
        self.panes.details_wished.connect(self.work.header.details_button.setChecked)
        self.work.welcome.file_requested.connect(self.chooser.open_file)
        self.work.welcome.room_requested.connect(self._on_room_requested)
        self.chooser.model_changed.connect(self._on_model_changed)
        self.counter.counted.connect(self.details.meter.set_counts)

    def _begin(self) -> None:
        """Show what there is, and ask for the list; the rest is done behind the first paint."""
        self.desk.show_model()
        self.desk.focus_composer()
        self.details.set_settings(self.session.settings)
        self.session.list_chats()
        self._has_begun = False

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Not a focus proxy: Qt would stop at the room too when Tab comes past.
        super().focusInEvent(event)
        self.desk.focus_composer()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._has_begun:
            self._has_begun = True
            QTimer.singleShot(0, self, self._begin_behind)

    @Slot()
    def _begin_behind(self) -> None:
        """Tidy the store, open the last chat, want a model."""
        self.store.call(chat_file.begin)
        self.work.welcome.set_rooms(self._context.rooms)
        self.work.welcome.set_memory(machine_memory_bytes())
        last = self._context.settings.value.last_chat
        if last and not self.session.chat_id:
            self.session.open(last)
        self.chooser.load_first()

    def commands(self) -> list[Command]:
        """The chats, by their titles, and what the features know."""
        chats = [
            Command(chat.title or tr("New chat"), tr("Chat"), partial(self.session.open, chat.id))
            for chat in self.session.chats
        ]
        return chats + [one for feature in self.features for one in feature.commands()]

    # ---- undo ----

    def undo(self) -> bool:
        self.details.flush()
        return undo_live(self.session.undo_stack)

    def redo(self) -> bool:
        return redo_live(self.session.undo_stack)

    def undo_words(self) -> tuple[str, str]:
        stack = self.session.undo_stack
        return next_text(stack), next_text(stack, is_redo=True)

    # ---- the end ----

    def save_state(self) -> None:
        """Keep what is typed, written and arranged, and end the store's thread."""
        for feature in self.features:
            feature.save_state()
        self.details.flush()
        self.replies.interrupt_all()
        self.counter.stop()
        splitters = dict(self._context.settings.value.splitters)
        splitters[SPLITTER] = self.panes.widths()
        last_chat = "" if self.session.is_temporary else self.session.chat_id
        self._context.settings.change(last_chat=last_chat, splitters=splitters)
        self.session.close()
        self.store.close()

    # ---- slots ----

    @Slot(list)
    def _on_chats_listed(self, chats: list[ChatEntry]) -> None:
        if self.list.scope == "chats":
            self.list.set_chats(chats)
        self.list.set_open(self.session.chat_id)
        self.desk.set_first_run(not chats)

    @Slot()
    def _on_chat_opened(self) -> None:
        self.list.set_open(self.session.chat_id)
        self.details.set_settings(self.session.settings)
        self.counter.refresh()

    @Slot()
    def _on_branch_changed(self) -> None:
        self.list.set_open(self.session.chat_id)
        self.counter.refresh()

    @Slot(object)
    def _on_settings_changed(self, settings: ChatSettings) -> None:
        counts_again = settings.system_prompt != self.session.settings.system_prompt
        self.session.set_settings(settings)
        if counts_again:
            self.counter.refresh()

    @Slot(object)
    def _on_model_changed(self, model: ModelInfo | None) -> None:
        self._context.model.set(model)
        self.counter.set_model(model)
        self.desk.show_model()
        self.presenter.show_all()

    @Slot(object)
    def _on_settings_replaced(self, settings: ChatSettings) -> None:
        self.details.set_settings(settings)
        self.counter.refresh()

    @Slot(str, str)
    def _on_text_arrived(self, reply_id: str, _text: str) -> None:
        self._on_reply_progressed(reply_id)

    @Slot(str)
    def _on_reply_progressed(self, reply_id: str) -> None:
        reply = self.replies.streaming(reply_id)
        if reply is not None and reply_id == self.session.conversation.head_id:
            self.counter.add_reply_tokens(reply.n_tokens)

    @Slot(object)
    def _on_reply_ended(self, _reply: StreamingReply) -> None:
        self.counter.refresh()

    @Slot(object)
    def _on_reply_failed(self, failure: Failed) -> None:
        # A worker that died is told by the window, once for all its jobs.
        if self._context.engine.is_ready:
            self._context.notices.show_event(failure)

    @Slot(str)
    def _on_room_requested(self, key: str) -> None:
        self._context.rooms[key]()
        # What is behind the door, where the room opens it.
        if (opener := self._context.openers.get(BEHIND_DOORS.get(key, ""))) is not None:
            opener()

    @Slot()
    def _on_new_asked(self) -> None:
        self.session.new_chat()
        self.desk.focus_composer()

    @Slot()
    def _on_search_asked(self) -> None:
        self.panes.bring_list()
        self.list.search.setFocus()
        self.list.search.selectAll()

    @Slot()
    def _on_rename_asked(self) -> None:
        self.work.header.title.setFocus()
        self.work.header.title.selectAll()

    @Slot()
    def _on_delete_asked(self) -> None:
        if self.session.chat_id:
            self.session.delete(self.session.chat_id)
