"""What a person changes in a chat that is there: which branch is shown, messages edited in place or
deleted, replies judged, the chat itself put away. Each a step that can be undone.

A layer of the session (shelf, open chat, changes, session). Nothing here asks the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import msgspec
from PySide6.QtCore import Signal

from gui.chat import chat_file, message_file
from gui.chat.conversation import Turn
from gui.chat.open_chat import OpenChat
from gui.chat.undo import ChatStep, Way
from gui.chat.words import tr

EDITED, ORIGINAL = "edited", "original"


class ChatChanges(OpenChat):
    """The open chat, and the steps of a person in it."""

    branch_changed = Signal()  # turns were added or taken away, or another branch is shown
    turn_changed = Signal(str)  # a turn says something else now, or was judged

    @property
    def is_busy(self) -> bool:
        """A reply is being written in this chat, or a message is on its way to the store."""
        return self._is_sending or self._replies.is_writing_in(self.conversation)

    def _tell_branch(self) -> None:
        self._keep_head()

    def _keep_head(self) -> None:
        head_id, handle = self.conversation.head_id, self.handle
        self.store.call(lambda store: chat_file.set_head(store, handle, head_id))
        self.branch_changed.emit()

    # ---- the chat ----

    def delete(self, chat_id: str) -> None:
        """Put a chat away; undo brings it back. A reply being written in it is stopped."""
        handle = self._handle_of(chat_id)
        entry = self._entries.get(chat_id)
        title = self.title if self.is_open(handle) else entry.title if entry else ""
        self._replies.stop_chat(chat_id)
        if handle.is_private:
            self.new_chat()
            return
        step = ChatStep(
            tr("deleting the chat"),
            handle,
            Way(lambda store: store.delete(chat_id), self.new_chat, opens=False),
            Way(lambda store: store.restore(chat_id), self.list_chats),
            self._go,
        )
        self._push(step)
        words = tr("Chat “{title}” deleted").format(title=title) if title else tr("Chat deleted")
        self.change_made.emit(words, step)

    def restore(self, chat_id: str) -> None:
        """Bring a deleted chat back and open it."""
        self._store.call(lambda store: store.restore(chat_id))
        self.list_chats()
        self.open(chat_id)

    def duplicate(self, chat_id: str, until: str | None = None) -> None:
        """Open a copy of a chat: whole, or the branch up to a message ("Branch from here")."""
        entry = self._entries.get(chat_id)
        old = self.title if chat_id == self.chat_id else entry.title if entry else ""
        words = tr("{title} (branch)") if until else tr("{title} (copy)")
        title = words.format(title=old or tr("New chat"))

        def show(copy_id: str) -> None:
            self._push(self._copy_step(copy_id))
            self.list_chats()
            self.open(copy_id)

        self._store.call(
            lambda store: store.duplicate_chat(chat_id, until=until, title=title), show
        )

    def _copy_step(self, copy_id: str) -> ChatStep:
        return ChatStep(
            tr("copying the chat"),
            chat_file.ChatHandle(copy_id),
            Way(lambda store: store.restore(copy_id), self.list_chats),
            Way(lambda store: store.delete(copy_id), self.new_chat, opens=False),
            self._go,
            is_done=True,
        )

    # ---- branches ----

    def switch_version(self, turn_id: str, delta: int) -> None:
        """Show the version before or after."""
        before = self.conversation.head_id
        self.conversation.switch_version(turn_id, delta)
        if self.conversation.head_id != before:
            self._keep_head()
            self._push(self._head_step(tr("showing another version"), before))

    def show_branch(self, turn_id: str) -> None:
        """Show the branch that ends in this turn; what is sent next follows it."""
        before = self.conversation.head_id
        if turn_id != before:
            self.conversation.set_head(turn_id)
            self._keep_head()
            self._push(self._head_step(tr("showing another branch"), before))

    def _head_step(self, text: str, before: str | None) -> ChatStep:
        """Of a head that was changed a moment ago."""
        after, handle = self.conversation.head_id, self.handle
        ways = self._head_way(after), self._head_way(before)
        return ChatStep(text, handle, *ways, self._go, is_done=True)

    def _head_way(self, head_id: str | None) -> Way:
        handle = self.handle

        def show() -> None:
            if self._has(head_id):
                self.conversation.set_head(head_id)
                self.branch_changed.emit()

        return Way(lambda store: chat_file.set_head(store, handle, head_id), show)

    def _has(self, *turn_ids: str | None) -> bool:
        """The open chat knows these turns; otherwise it is read again, which shows what is."""
        if all(turn_id is None or turn_id in self.conversation for turn_id in turn_ids):
            return True
        self.open(self.chat_id)
        return False

    # ---- messages ----

    def delete_turn(self, turn_id: str) -> None:
        """Take a message and what follows it out of the chat; undo brings all of it back."""
        if self.is_busy or turn_id not in self.conversation:
            return
        handle, before = self.handle, self.conversation.head_id
        self.conversation.remove(turn_id)
        after = self.conversation.head_id
        step = ChatStep(
            tr("deleting the message"),
            handle,
            Way(
                lambda store: message_file.delete_turn(store, handle, turn_id, after),
                partial(self._hide, turn_id, after),
            ),
            Way(
                lambda store: message_file.restore_turn(store, handle, turn_id, before),
                partial(self._put_back, turn_id, before),
            ),
            self._go,
        )
        self._push(step)
        self.change_made.emit(tr("Message deleted"), step)

    def _hide(self, turn_id: str, head_id: str | None) -> None:
        if self._has(turn_id, head_id):
            if turn_id not in self.conversation.removed:
                self.conversation.remove(turn_id)
            self.conversation.set_head(head_id)
            self.branch_changed.emit()

    def _put_back(self, turn_id: str, head_id: str | None) -> None:
        if self._has(turn_id, head_id):
            if turn_id in self.conversation.removed:
                self.conversation.put_back(turn_id)
            self.conversation.set_head(head_id)
            self.branch_changed.emit()

    def save_text(self, turn_id: str, text: str) -> None:
        """Change a message in place: nothing is written anew, and what follows stays."""
        turn = self.conversation.turn(turn_id)
        if self.is_busy or text == turn.content:
            return
        original = turn.details.get(ORIGINAL, turn.content)
        details = {**turn.details, EDITED: True, ORIGINAL: original}
        if turn.role == "user" or text == original:
            details = {k: v for k, v in turn.details.items() if k not in (EDITED, ORIGINAL)}
        changed = msgspec.structs.replace(turn, content=text, details=details)
        self._push(self._turn_step(tr("editing the message"), turn, changed))

    def _turn_step(
        self, text: str, before: Turn, after: Turn, *, is_done: bool = False
    ) -> ChatStep:
        """A message that gets another text, state and details."""

        def way(turn: Turn) -> Way:
            fields: dict[str, object] = {
                "content": turn.content,
                "state": turn.state,
                "details": turn.details,
            }
            show = partial(self._change_shown, turn.id, fields)
            return Way(lambda store: message_file.set_turn(store, turn), show)

        ways = way(after), way(before)
        return ChatStep(text, self.handle, *ways, self._go, is_done=is_done)

    def _change_shown(self, turn_id: str, fields: dict[str, object]) -> None:
        if self._has(turn_id):
            self.conversation.change(turn_id, **fields)
            self.turn_changed.emit(turn_id)

    # ---- judging ----

    def rate(self, turn_id: str, n: int) -> None:
        """Say that a reply is good (1), bad (-1), or neither (0)."""
        self._mark(tr("rating the reply"), turn_id, rating=n)

    def correct(self, turn_id: str, text: str) -> None:
        """Keep beside a reply what it should have said; "" takes that away."""
        self._mark(tr("correcting the reply"), turn_id, correction=text)

    def tag(self, turn_id: str, tags: Iterable[str]) -> None:
        """Give a reply these tags in place of those it had."""
        words = dict.fromkeys(" ".join(tag.split()) for tag in tags)
        kept = tuple(word for word in words if word)
        self._mark(tr("tagging the reply"), turn_id, tags=kept)

    def _mark(self, text: str, turn_id: str, **fields: object) -> None:
        before = self.conversation.turn(turn_id)
        after = msgspec.structs.replace(before, **fields)
        if after == before:
            return

        def way(turn: Turn) -> Way:
            marks: dict[str, object] = {
                "rating": turn.rating,
                "correction": turn.correction,
                "tags": turn.tags,
            }
            show: Callable[[], None] = partial(self._change_shown, turn_id, marks)
            return Way(lambda store: message_file.set_marks(store, turn), show)

        self._push(ChatStep(text, self.handle, way(after), way(before), self._go))
