"""What a busy window has confirmed, said on stdout as it happens, one JSON array a line: what is
typed, which messages are shown, and what the store answers when it is asked what it has.
"""

import json
import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from gui.chat.chat_file import UNSENT, ChatHandle
from gui.chat.editing import UNSENT_EDIT
from gui.chat.room import ChatRoom

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

LOOK_MS = 50


def say(kind: str, *facts: object) -> None:
    """One line, with the moment in seconds."""
    print(json.dumps([kind, time.monotonic(), *facts]), flush=True)


class Watcher(QObject):
    """Says what is typed, and what window and store have confirmed."""

    def __init__(self, room: ChatRoom, parent: QObject) -> None:
        super().__init__(parent)
        self._room = room
        self._session = room.session
        self._typed: tuple[str, str] | None = None
        self._early: list[tuple[str, str]] = []  # typed in a chat that has no id yet
        self._handle: ChatHandle | None = None
        self._told: dict[str, str] = {}  # texts as they were said last
        self._turns: set[str] = set()
        self.n_typed = 0
        self.n_acts = 0
        self._looking = QTimer(self, interval=LOOK_MS)
        self._looking.timeout.connect(self.look)
        self._looking.start()
        # After the room's own slots, which were connected first.
        room.work.composer.text_changed.connect(self.say_typed)
        room.session.branch_changed.connect(self._say_turns)
        room.session.chat_opened.connect(self._say_turns)

    @Slot()
    def say_typed(self) -> None:
        """The draft, and the message in the field that is being edited, where they changed."""
        session = self._session
        if session.handle is not self._handle:
            self._handle, self._typed, self._early = session.handle, None, []
        typed = (session.draft, edit_in(session.unsent))
        if typed != self._typed:
            self._typed = typed
            self._early.append(typed)
        if session.chat_id:
            for one in self._early:
                self.n_typed += 1
                say("typed", session.chat_id, self.n_typed, *one)
            self._early.clear()

    @Slot()
    def _say_turns(self) -> None:
        """What is shown is in the store: sent messages, and replies with what they begin with."""
        for turn in self._session.conversation.path():
            if turn.id not in self._turns:
                self._turns.add(turn.id)
                text = turn.content if turn.role == "user" else ""
                say("turn", self._session.chat_id, turn.id, turn.parent_id, text)

    @Slot()
    def look(self) -> None:
        """Ask the store what it has of the open chat, and say that."""
        self.say_typed()
        chat_id, n_acts = self._session.chat_id, self.n_acts
        asked = (self.n_typed, time.monotonic())
        if not chat_id:
            return

        def answer(found: tuple[str, str, str | None, dict[str, str]]) -> None:
            draft, edit, head_id, texts = found
            news = {one: text for one, text in texts.items() if self._told.get(one) != text}
            self._told.update(news)
            # A head that was asked to be another meanwhile says nothing any more.
            head = head_id if n_acts == self.n_acts else None
            say("look", chat_id, *asked, draft, edit, head, news)

        self._session.store.call(lambda store: _look(store, chat_id), answer)


def _look(store: "ChatStore", chat_id: str) -> tuple[str, str, str | None, dict[str, str]]:
    chat = store.open_chat(chat_id)
    texts = {one.id: one.content for one in chat.messages.values()}
    return chat.info.draft, edit_kept(chat.info.settings), chat.info.head_id, texts


def edit_kept(settings: str) -> str:
    """The text of the message that was being edited, as a chat's settings have it; "" for none."""
    return edit_in((json.loads(settings) if settings else {}).get(UNSENT, {}))


def edit_in(unsent: dict[str, Any]) -> str:
    """The same, from what is typed and not sent."""
    return str((unsent.get(UNSENT_EDIT) or {}).get("text", ""))
