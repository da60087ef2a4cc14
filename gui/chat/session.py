"""The open chat and what a person can do with it: where conversation, store, model and replies
meet. No widgets: the room draws what this tells and passes on what a person asks.

The layers below, each over the one before: shelf.py (the list of chats, undo), open_chat.py (which
chat, drafts, settings), changes.py (branches, edits, ratings), asking.py (replies by the model),
asking_many.py (the same in several branches at once).
This one adds replies that a person writes token by token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.process.messages import Token
from gui.chat import message_file
from gui.chat.asking import Place
from gui.chat.asking_many import ManyAsking
from gui.chat.conversation import Beginning, State, Turn
from gui.chat.model_loader import ModelLoader
from gui.chat.replies import Replies
from gui.chat.store_thread import StoreThread
from gui.chat.streaming import UNFINISHED
from gui.chat.words import tr

if TYPE_CHECKING:
    from engine.chats.store import ChatStore


class ChatSession(ManyAsking):
    """One open chat, or one that is not in the store yet."""

    own_text_arrived = Signal(str, str)  # turn id, text that a person picked
    own_stop_asked = Signal()  # the reply that a person writes in this chat is to be left

    def __init__(
        self,
        store: StoreThread,
        loader: ModelLoader,
        replies: Replies,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(store, loader, replies, parent)
        self._own: dict[str, Place] = {}
        self._on_own_ready: Callable[[Turn], None] | None = None

    @property
    def is_busy(self) -> bool:
        """A reply is being written in this chat, by the model or by a person's picks, or a message
        is on its way to the store.
        """
        return super().is_busy or self.is_written_by_hand

    @property
    def is_written_by_hand(self) -> bool:
        """A person picks the tokens of a reply in this chat."""
        return any(turn_id in self.conversation for turn_id in self._own)

    # ---- replies by a person's picks ----

    def answer_next_by_hand(self, on_ready: Callable[[Turn], None] | None) -> None:
        """The next reply is a person's to write, and `on_ready` gets it; None: it is the model's
        again.
        """
        self._on_own_ready = on_ready

    def _answer_with(
        self,
        place: Place,
        reply: Turn,
        beginning: Beginning | None = None,
        *,
        text: str = "",
        before: str | None = None,
    ) -> None:
        if self._on_own_ready is None or beginning is not None:
            super()._answer_with(place, reply, beginning, text=text, before=before)
            return
        on_ready = self._on_own_ready
        place.conversation.add(reply)
        self._own[reply.id] = place
        if place.conversation is self.conversation:
            self._is_sending = False
            self.branch_changed.emit()
            if text:
                self._push(self._head_step(text, before))
        self.list_chats()
        on_ready(reply)

    @Slot()
    def stop(self) -> None:
        """Stop the reply being written in this chat, by the model or by hand."""
        super().stop()
        if self.is_written_by_hand:
            self.own_stop_asked.emit()

    def begin_own_reply(self, parent_id: str | None, on_ready: Callable[[Turn], None]) -> None:
        """Begin a reply that a person writes token by token; `on_ready` gets it."""
        if self._refuses(""):
            return
        place, model_name, before = self._here(), self._model_name(), self.conversation.head_id
        self._is_sending = True

        def take(reply: Turn) -> None:
            self._is_sending = False
            place.conversation.add(reply)
            self._own[reply.id] = place
            if place.conversation is self.conversation:
                self.branch_changed.emit()
                self._push(self._head_step(tr("writing a reply by hand"), before))
            on_ready(reply)

        place.store.call(
            lambda store: message_file.begin_reply(store, place.handle, parent_id, model_name),
            take,
            self._refuser(""),
        )

    def append_own(self, turn_id: str, text: str, tokens: list[Token]) -> None:
        """More of it; saved at once."""
        place = self._own[turn_id]
        content = place.conversation.turn(turn_id).content + text
        place.conversation.change(turn_id, content=content)
        place.store.call(lambda store: store.append_reply(turn_id, text, tokens))
        self.own_text_arrived.emit(turn_id, text)

    def replace_own(self, turn_id: str, text: str, tokens: list[Token]) -> None:
        """It says this now, whatever it said before: a pick was taken back."""
        place = self._own[turn_id]
        place.conversation.change(turn_id, content=text)
        place.store.call(lambda store: message_file.replace_reply(store, turn_id, text, tokens))
        self.turn_changed.emit(turn_id)

    def finish_own(self, turn_id: str, details: dict[str, Any]) -> None:
        """It is whole, or was left: details["finish"] says which, as of a model's reply."""
        place = self._own.pop(turn_id)
        state: State = "stopped" if details.get("finish") in UNFINISHED else "done"
        turn = place.conversation.change(turn_id, state=state, details=details)
        name = turn.model_name

        def keep(store: ChatStore) -> None:
            store.finish_reply(turn_id, state, None, details, model_name=name)

        place.store.call(keep)
        self._name_after_reply(place, turn_id)
        if place.conversation is self.conversation:
            self.branch_changed.emit()
        self.list_chats()
