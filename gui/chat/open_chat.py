"""Which chat is open, and what is typed and set in it and not sent yet.

A layer of the session (shelf, open chat, changes, session). A temporary chat has a store in memory
of its own and is gone, with everything that could undo something in it, when another is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.chat import chat_file
from gui.chat.chat_file import ChatHandle, OpenedChat
from gui.chat.chat_settings import ChatSettings
from gui.chat.conversation import Conversation
from gui.chat.replies import Replies
from gui.chat.shelf import ChatShelf
from gui.chat.store_thread import StoreThread
from gui.chat.undo import ChatStep, Way
from gui.chat.words import tr

# What a crash may cost: the typing of this time, and of the write that follows it.
DRAFT_MS = 200
UNSENT_PREFILL = "prefill"  # the words that the next reply is to begin with


class OpenChat(ChatShelf):
    """One open chat, or one that is not in the store yet."""

    chat_opened = Signal()  # another chat is open now, or a new one
    settings_replaced = Signal(object)  # ChatSettings, other than a person set: by undo or redo
    message_wanted = Signal(str)  # a turn id of the open chat: scroll to it

    def __init__(self, store: StoreThread, replies: Replies, parent: QObject | None = None) -> None:
        super().__init__(store, parent)
        self.kind = "chat"
        self.settings = ChatSettings()
        self.draft = ""
        self.unsent: dict[str, Any] = {}
        self.conversation = Conversation()
        self._replies = replies
        self._private_store: StoreThread | None = None
        self._wanted_id = ""
        self._is_sending = False
        self._has_new_draft = False
        self._has_new_unsent = False
        self._drafting = QTimer(self, interval=DRAFT_MS, singleShot=True)
        self._drafting.timeout.connect(self.save_draft)

    # ---- which store ----

    @property
    def is_temporary(self) -> bool:
        """Nothing of the open chat is ever written to the disk."""
        return self.handle.is_private

    @property
    def store(self) -> StoreThread:
        """Where the open chat is kept: the room's store, or a temporary chat's own."""
        return self.store_of(self.handle)

    def store_of(self, handle: ChatHandle) -> StoreThread:
        if handle.is_private and self._private_store is not None:
            return self._private_store
        return self._store

    def close(self) -> None:
        """The window is closing: nothing typed is lost, and nothing temporary is kept."""
        self.save_draft()
        self._leave_private()

    def _leave_private(self) -> None:
        store, self._private_store = self._private_store, None
        if store is not None:
            self._replies.stop_chat(self.handle.id)
            store.close()
            store.deleteLater()

    # ---- which chat ----

    @Slot()
    def new_chat(self) -> None:
        """Begin a chat; it is in the store from its first word on. Settings stay as they are."""
        self.save_draft()
        self._wanted_id = ""
        self._show(OpenedChat(ChatHandle(), "", self.settings, "", Conversation()))

    @Slot()
    def new_temporary_chat(self) -> None:
        """Begin a chat of which nothing is kept."""
        self.save_draft()
        self._wanted_id = ""
        handle = ChatHandle(is_private=True)
        self._show(OpenedChat(handle, "", self.settings, "", Conversation()))

    def open(self, chat_id: str) -> None:
        """Open a chat; one that is gone meanwhile leaves things as they are."""
        self._open_then(chat_id, lambda: None)

    def show_message(self, chat_id: str, message_id: str) -> None:
        """Open a chat on a branch that holds this message, and go there."""

        def show() -> None:
            if message_id not in self.conversation:
                return
            if not self.conversation.is_shown(message_id):
                self.conversation.set_head(self.conversation.leaf_of(message_id))
                self._tell_branch()
            self.message_wanted.emit(message_id)

        if chat_id == self.chat_id:
            show()
        else:
            self._open_then(chat_id, show)

    def _open_then(self, chat_id: str, then: Callable[[], None]) -> None:
        self.save_draft()
        self._wanted_id = chat_id

        def show(chat: OpenedChat | None) -> None:
            if self._wanted_id == chat_id and chat is not None:
                self._show(chat)
                then()

        store = self.store if chat_id == self.chat_id else self._store
        store.call(lambda store: chat_file.find_chat(store, chat_id), show)

    def _show(self, chat: OpenedChat) -> None:
        handle = chat.handle
        if self.is_open(handle):
            handle.is_private = self.handle.is_private
        else:
            self._leave(handle)
        self.handle, self.title, self.settings = handle, chat.title, chat.settings
        self.title_is_auto, self.kind = chat.title_is_auto, chat.kind
        self.draft, self.unsent = chat.draft, dict(chat.unsent)
        self.conversation = chat.conversation
        self._is_sending = False
        self.chat_opened.emit()

    def _leave(self, handle: ChatHandle) -> None:
        """Another chat takes the place of the open one."""
        old = self.handle
        old.is_gone = old.is_private or (not old.id and not self._is_sending)
        self._leave_private()
        if handle.is_private:
            self._private_store = StoreThread(None, self)
            self._private_store.failed.connect(self._store.failed)

    def _tell_branch(self) -> None:
        """Say that another branch is shown."""
        raise NotImplementedError

    # ---- what is typed ----

    def set_draft(self, text: str) -> None:
        """Text typed and not sent; kept a moment later."""
        if text != self.draft:
            self.draft, self._has_new_draft = text, True
            self._save_soon()

    def set_unsent(self, name: str, value: Any) -> None:
        """What else is typed or chosen and not sent, as JSON under a name; None for nothing more.
        Kept a moment later, like the draft.
        """
        if value == self.unsent.get(name):
            return
        unsent = {key: old for key, old in self.unsent.items() if key != name}
        self.unsent = unsent if value is None else {**unsent, name: value}
        self._has_new_draft = self._has_new_unsent = True
        self._save_soon()

    def _save_soon(self) -> None:
        # Not started anew by each letter: who types without a pause is saved meanwhile too.
        if not self._drafting.isActive():
            self._drafting.start()

    @Slot()
    def save_draft(self) -> None:
        """Keep the draft now, if it changed; a chat that has nothing else begins with it."""
        self._drafting.stop()
        handle, text, settings = self.handle, self.draft, self.settings
        if not self._has_new_draft or not (handle.id or text.strip() or self.unsent):
            return
        unsent = self.unsent if self._has_new_unsent else None
        self._has_new_draft = self._has_new_unsent = False
        was_new = not handle.id
        self.store.call(
            lambda store: chat_file.set_draft(store, handle, text, settings, unsent),
            lambda _: self.list_chats() if was_new else None,
        )

    # ---- what is set ----

    def set_settings(self, settings: ChatSettings) -> None:
        """The chat's settings as a person left them; changes of one setting in a row are one
        step.
        """
        old = self.settings
        names = _changed(old, settings)
        if not names - {"unknown"}:
            self._keep_settings(settings)
            return
        step = ChatStep(
            tr("changing the settings"),
            self.handle,
            self._settings_way(settings),
            self._settings_way(old),
            self._go,
            is_done=True,
            merge_key="settings " + " ".join(sorted(names)),
        )
        self._keep_settings(settings)
        self._push(step)

    def _keep_settings(self, settings: ChatSettings) -> None:
        self.settings = settings
        handle, unsent = self.handle, self.unsent
        self.store.call(lambda store: chat_file.set_settings(store, handle, settings, unsent))

    def _settings_way(self, settings: ChatSettings) -> Way:
        handle = self.handle

        def show() -> None:
            self.settings = settings
            self.settings_replaced.emit(settings)

        return Way(lambda store: chat_file.replace_settings(store, handle, settings), show)


def _changed(old: ChatSettings, new: ChatSettings) -> set[str]:
    names = ChatSettings.__struct_fields__
    return {name for name in names if getattr(old, name) != getattr(new, name)}
