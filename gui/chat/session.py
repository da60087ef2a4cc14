"""The open chat and what a person can do with it: where conversation, store, model and replies
meet.

No widgets: the room draws what this tells and passes on what a person asks. Every turn goes to the
store first and is shown when the store has it, so what is on the screen is on the disk.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.chats.records import title_from
from engine.errors import AppError
from gui.chat import chat_file
from gui.chat.chat_file import ChatHandle, OpenedChat, SentTurn
from gui.chat.chat_settings import ChatSettings
from gui.chat.conversation import Conversation, Turn
from gui.chat.model_loader import ModelLoader
from gui.chat.replies import Replies
from gui.chat.store_thread import StoreThread
from gui.chat.streaming import StreamingReply

DRAFT_MS = 300


@dataclass(frozen=True)
class _Place:
    """The chat that something was asked in; another may be open when the store answers."""

    conversation: Conversation
    handle: ChatHandle
    settings: ChatSettings


class ChatSession(QObject):
    """One open chat, or one that is not in the store yet."""

    chats_listed = Signal(list)  # list[ChatEntry]
    chat_opened = Signal()  # another chat is open now, or a new one
    branch_changed = Signal()  # turns were added or changed, or another branch is shown
    title_changed = Signal(str)
    send_refused = Signal(
        str, object
    )  # the text to put back, and why (AppError, or None: no model)
    chat_deleted = Signal(str, str)  # chat id, title
    turn_deleted = Signal(str)  # turn id; of the open chat

    def __init__(
        self,
        store: StoreThread,
        loader: ModelLoader,
        replies: Replies,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.handle = ChatHandle()
        self.title = ""
        self.settings = ChatSettings()
        self.draft = ""
        self.conversation = Conversation()
        self._store = store
        self._loader = loader
        self._replies = replies
        self._wanted_id = ""
        self._is_sending = False
        self._has_new_draft = False
        self._drafting = QTimer(self, interval=DRAFT_MS, singleShot=True)
        self._drafting.timeout.connect(self.save_draft)
        replies.ended.connect(self._on_reply_ended)

    # ---- looking ----

    @property
    def chat_id(self) -> str:
        """The open chat, "" while it is not in the store yet."""
        return self.handle.id

    @property
    def is_base(self) -> bool:
        """The model is a base model: it continues text and knows no turns."""
        model = self._loader.model
        return model is not None and model.template == "none"

    @property
    def is_busy(self) -> bool:
        """A reply is being written in this chat, or a message is on its way to the store."""
        return self._is_sending or self._replies.is_writing_in(self.conversation)

    # ---- the list ----

    @Slot()
    def list_chats(self) -> None:
        self._store.call(chat_file.list_chats, self.chats_listed.emit)

    def rename(self, chat_id: str, title: str) -> None:
        self._store.call(lambda store: chat_file.rename(store, chat_id, title))
        if chat_id == self.chat_id:
            self.title = title
            self.title_changed.emit(title)
        self.list_chats()

    def delete(self, chat_id: str) -> None:
        """Put a chat away; `restore` brings it back. A reply being written in it is stopped."""
        self._replies.stop_chat(chat_id)
        if chat_id == self.chat_id:
            self.new_chat()

        def tell(title: str) -> None:
            self.chat_deleted.emit(chat_id, title)
            self.list_chats()

        self._store.call(lambda store: chat_file.delete(store, chat_id), tell)

    def restore(self, chat_id: str) -> None:
        """Bring a deleted chat back and open it."""
        self._store.call(lambda store: chat_file.restore(store, chat_id))
        self.list_chats()
        self.open(chat_id)

    # ---- which chat ----

    @Slot()
    def new_chat(self) -> None:
        """Begin a chat; it is in the store from its first word on. Settings stay as they are."""
        self.save_draft()
        self._wanted_id = ""
        self._show(OpenedChat(ChatHandle(), "", self.settings, "", Conversation()))

    def open(self, chat_id: str) -> None:
        """Open a chat; one that is gone meanwhile leaves things as they are."""
        self.save_draft()
        self._wanted_id = chat_id

        def show(chat: OpenedChat | None) -> None:
            if self._wanted_id == chat_id and chat is not None:
                self._show(chat)

        self._store.call(lambda store: chat_file.find_chat(store, chat_id), show)

    def _show(self, chat: OpenedChat) -> None:
        self.handle, self.title, self.settings = chat.handle, chat.title, chat.settings
        self.draft, self.conversation = chat.draft, chat.conversation
        self._is_sending = False
        self.chat_opened.emit()

    # ---- what is typed and set ----

    def set_draft(self, text: str) -> None:
        """Text typed and not sent; kept a moment later."""
        if text != self.draft:
            self.draft, self._has_new_draft = text, True
            self._drafting.start()

    @Slot()
    def save_draft(self) -> None:
        """Keep the draft now, if it changed; a chat that has nothing else begins with it."""
        self._drafting.stop()
        handle, text, settings = self.handle, self.draft, self.settings
        if not self._has_new_draft or not (handle.id or text.strip()):
            return
        self._has_new_draft = False
        was_new = not handle.id
        self._store.call(
            lambda store: chat_file.set_draft(store, handle, text, settings),
            lambda _: self.list_chats() if was_new else None,
        )

    def set_settings(self, settings: ChatSettings) -> None:
        self.settings = settings
        handle = self.handle
        removed = list(self.conversation.removed)
        self._store.call(lambda store: chat_file.set_settings(store, handle, settings, removed))

    # ---- what is sent ----

    def send(self, text: str) -> None:
        """Add the text to the branch shown and have it answered."""
        self._send_under(self.conversation.head_id, text)

    def edit(self, turn_id: str, text: str) -> None:
        """Write a message anew, as a version beside the old one, and have it answered."""
        self._send_under(self.conversation.turn(turn_id).parent_id, text)

    def regenerate(self, turn_id: str) -> None:
        """Answer once more, as a version beside the reply; an empty one is written in place."""
        turn = self.conversation.turn(turn_id)
        if not turn.content:
            self.continue_reply(turn_id)
            return
        if self._refuses(""):
            return
        place, parent_id, model_name = self._here(), turn.parent_id, self._model_name()
        self._is_sending = True
        self._store.call(
            lambda store: chat_file.begin_reply(store, place.handle, parent_id, model_name),
            lambda reply: self._answer_with(place, reply),
            self._refuser(""),
        )

    def continue_reply(self, turn_id: str) -> None:
        """Go on with a reply that was stopped or broke off, where it ended."""
        if self._refuses(""):
            return
        place = self._here()
        self._is_sending = True

        def resume(_: None) -> None:
            place.conversation.change(turn_id, state="streaming", details={})
            self._write(place, turn_id)

        self._store.call(
            lambda store: chat_file.resume_reply(store, turn_id), resume, self._refuser("")
        )

    def switch_version(self, turn_id: str, delta: int) -> None:
        """Show the version before or after."""
        self.conversation.switch_version(turn_id, delta)
        self._keep_head()

    def delete_turn(self, turn_id: str) -> None:
        """Take a message and what follows it out of the chat; `restore_turn` brings it back."""
        if not self.is_busy:
            self.conversation.remove(turn_id)
            self.set_settings(self.settings)
            self._keep_head()
            self.turn_deleted.emit(turn_id)

    def restore_turn(self, chat_id: str, turn_id: str) -> None:
        """Undo a deletion, where that chat is still the open one."""
        if chat_id == self.chat_id and turn_id in self.conversation.removed:
            self.conversation.put_back(turn_id)
            self.set_settings(self.settings)
            self._keep_head()

    def _keep_head(self) -> None:
        head_id, handle = self.conversation.head_id, self.handle
        self._store.call(lambda store: chat_file.set_head(store, handle, head_id))
        self.branch_changed.emit()

    @Slot()
    def stop(self) -> None:
        """Stop the reply being written in this chat."""
        self._replies.stop_in(self.conversation)

    def _send_under(self, parent_id: str | None, text: str) -> None:
        if self._refuses(text):
            return
        place, model_name = self._here(), self._model_name()
        self._drafting.stop()
        self.draft, self._has_new_draft = "", False
        self._is_sending = True

        def take(sent: SentTurn) -> None:
            place.conversation.add(sent.question)
            self._name_after(place, text)
            self._answer_with(place, sent.reply)

        self._store.call(
            lambda store: chat_file.send_turn(
                store, place.handle, parent_id, text, place.settings, model_name
            ),
            take,
            self._refuser(text),
        )

    def _refuses(self, text: str) -> bool:
        if self.is_busy:
            return True
        if self._loader.model is None and not self._loader.is_loading:
            self.send_refused.emit(text, None)
            return True
        return False

    def _refuser(self, text: str) -> Callable[[AppError], None]:
        conversation = self.conversation

        def refuse(error: AppError) -> None:
            if conversation is self.conversation:
                self._is_sending = False
            self.send_refused.emit(text, error)

        return refuse

    def _name_after(self, place: _Place, text: str) -> None:
        if place.conversation is self.conversation and not self.title:
            self.title = title_from(text)
            self.title_changed.emit(self.title)

    # ---- replies ----

    def _here(self) -> _Place:
        return _Place(self.conversation, self.handle, self.settings)

    def _answer_with(self, place: _Place, reply: Turn) -> None:
        place.conversation.add(reply)
        self._write(place, reply.id)

    def _write(self, place: _Place, reply_id: str) -> None:
        self._replies.write(place.conversation, place.handle, reply_id, place.settings)
        if place.conversation is self.conversation:
            self._is_sending = False
            self.branch_changed.emit()
        self._replies.start(reply_id)
        self.list_chats()

    @Slot(object)
    def _on_reply_ended(self, reply: StreamingReply) -> None:
        # The chat may have been left and opened again meanwhile: then its turns are another reading
        # of the same file than the one the reply was written into.
        if reply.reply_id in self.conversation:
            self.conversation.change(
                reply.reply_id, content=reply.text, state=reply.end, details=reply.details
            )
        self.list_chats()

    def _model_name(self) -> str:
        model = self._loader.model
        return model.name if model is not None else ""
