"""The chats as they stand in the list: named, moved, pinned, put away and brought back, each as a
step that can be undone.

The lowest layer of the session (shelf, open chat, changes, session): it knows chats by their ids
and holds the undo stack. Draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoStack

from gui.chat import chat_file
from gui.chat.chat_file import ChatEntry, ChatHandle
from gui.chat.store_thread import StoreThread
from gui.chat.undo import MAX_STEPS, ChatStep, Way, forget_chats
from gui.chat.words import tr

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

Keep = Callable[["ChatStore"], object]


class ChatShelf(QObject):
    """All chats of the store, and what was done with them."""

    chats_listed = Signal(list)  # list[ChatEntry]
    title_changed = Signal(str)  # of the open chat
    change_made = Signal(str, object)  # a deletion in words, and the ChatStep that undoes it

    def __init__(self, store: StoreThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.handle = ChatHandle()
        self.title = ""
        self.title_is_auto = True
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(MAX_STEPS)
        self._store = store
        self._entries: dict[str, ChatEntry] = {}
        self.chats: list[ChatEntry] = []  # those in use, as they were listed last

    @property
    def chat_id(self) -> str:
        """The open chat, "" while it is not in the store yet."""
        return self.handle.id

    # ---- the list ----

    @Slot()
    def list_chats(self) -> None:
        self._store.call(chat_file.list_chats, self._on_listed)

    def _on_listed(self, entries: list[ChatEntry]) -> None:
        self.chats = entries
        self.remember(entries)
        self.chats_listed.emit(entries)

    def remember(self, entries: list[ChatEntry]) -> None:
        """What is known of these chats, archived and deleted ones too."""
        self._entries.update((entry.id, entry) for entry in entries)

    def entry(self, chat_id: str) -> ChatEntry | None:
        """What is known of a chat."""
        return self._entries.get(chat_id)

    def forget(self, chat_ids: list[str]) -> None:
        """These chats are gone for good: nothing in them can be undone."""
        forget_chats(self.undo_stack, frozenset(chat_ids))

    # ---- steps ----

    def do_with_chat(
        self,
        text: str,
        chat_id: str,
        forth: Keep,
        back: Keep,
        show: Callable[[], None] | None = None,
    ) -> ChatStep:
        """Do something with a chat of the list that can be undone.

        Args:
            text: what is done, as the Edit menu says it after "Undo".
            forth, back: what the store does for it, and to undo it.
            show: what the open chat does after either, where it is the one.
        """
        shown = show or (lambda: None)
        ways = Way(forth, shown, opens=False), Way(back, shown, opens=False)
        return self._push(ChatStep(text, self._handle_of(chat_id), *ways, self._go))

    def _push(self, step: ChatStep) -> ChatStep:
        self.undo_stack.push(step)
        return step

    def _handle_of(self, chat_id: str) -> ChatHandle:
        return self.handle if chat_id == self.chat_id else ChatHandle(chat_id)

    def is_open(self, handle: ChatHandle) -> bool:
        """The chat is the open one, perhaps by another handle of an earlier opening."""
        return handle is self.handle or (bool(handle.id) and handle.id == self.handle.id)

    def _go(self, handle: ChatHandle, way: Way) -> None:
        """Carry out one way of a step, whichever chat is open."""
        self.store_of(handle).call(way.keep)
        if self.is_open(handle):
            way.show()
        elif way.opens and handle.id:
            self.open(handle.id)
        self.list_chats()

    def store_of(self, handle: ChatHandle) -> StoreThread:
        """Where a chat is kept."""
        return self._store

    def open(self, chat_id: str) -> None:
        """Open a chat."""
        raise NotImplementedError

    # ---- what can be done with a chat ----

    def rename(self, chat_id: str, title: str) -> None:
        entry = self._entries.get(chat_id)
        is_open = chat_id == self.chat_id
        old = self.title if is_open else entry.title if entry else ""

        def named(name: str) -> Way:
            return Way(
                lambda store: store.rename(chat_id, name),
                partial(self._show_title, name, is_auto=False),
                opens=False,
            )

        if title != old:
            step = (tr("renaming the chat"), self._handle_of(chat_id), named(title), named(old))
            self._push(ChatStep(*step, self._go))

    def move_chat(self, chat_id: str, folder_id: str | None) -> None:
        """Put a chat into a folder, or out of any."""
        entry = self._entries.get(chat_id)
        old = entry.folder_id if entry else None
        self.do_with_chat(
            tr("moving the chat"),
            chat_id,
            lambda store: store.move_chat(chat_id, folder_id),
            lambda store: store.move_chat(chat_id, old),
        )

    def set_pinned(self, chat_id: str, pinned: bool) -> None:
        """Keep a chat at the top of the list, or not."""
        self.do_with_chat(
            tr("pinning the chat") if pinned else tr("unpinning the chat"),
            chat_id,
            lambda store: store.set_pinned(chat_id, pinned),
            lambda store: store.set_pinned(chat_id, not pinned),
        )

    def set_archived(self, chat_id: str, archived: bool) -> None:
        """Take a chat out of the list without deleting it, or bring it back."""
        step = self.do_with_chat(
            tr("archiving the chat") if archived else tr("taking the chat out of the archive"),
            chat_id,
            lambda store: store.set_archived(chat_id, archived),
            lambda store: store.set_archived(chat_id, not archived),
        )
        if archived:
            self.change_made.emit(tr("Chat archived"), step)

    def _show_title(self, title: str, *, is_auto: bool) -> None:
        self.title, self.title_is_auto = title, is_auto
        self.title_changed.emit(title)
