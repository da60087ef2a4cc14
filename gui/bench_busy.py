"""A person in a hurry at the real window, in a process of its own that is there to be killed.

python -m gui.bench_busy SEED

Opens the window on the user folder in BATHYSPHERE_HOME and types, sends, edits, regenerates, goes
on with replies, stops them, switches versions, branches and chats, as chance has it. Says on
stdout, one JSON array a line, what was wished and what window and store have confirmed
(bench_ledger.py reads it). Ends only when it is killed (bench_kill.py does).
"""

import json
import random
import sys
import time
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, QTimer, Slot

from engine.paths import user_paths
from engine.process.messages import ModelInfo
from gui.app import make_application, make_context
from gui.chat.chat_file import UNSENT, ChatEntry, ChatHandle
from gui.chat.conversation import Turn
from gui.chat.editing import UNSENT_EDIT
from gui.chat.room import ChatRoom
from gui.window import MainWindow

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

ACT_MS = 25
LOOK_MS = 50
MOST_TOKENS = 24
WORDS = ("deep", "light", "**those**", "lantern", "$e^{i\\pi}$", "wait", "`sand`", "fish")


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
        typed = (session.draft, _edit_in(session.unsent))
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
        chat_id, n_typed, n_acts = self._session.chat_id, self.n_typed, self.n_acts
        if not chat_id:
            return

        def answer(found: tuple[str, str, str | None, dict[str, str]]) -> None:
            draft, edit, head_id, texts = found
            news = {one: text for one, text in texts.items() if self._told.get(one) != text}
            self._told.update(news)
            # A head that was asked to be another meanwhile says nothing any more.
            head = head_id if n_acts == self.n_acts else None
            say("look", chat_id, n_typed, draft, edit, head, news)

        self._session.store.call(lambda store: _look(store, chat_id), answer)


def _look(store: "ChatStore", chat_id: str) -> tuple[str, str, str | None, dict[str, str]]:
    chat = store.open_chat(chat_id)
    texts = {one.id: one.content for one in chat.messages.values()}
    return chat.info.draft, edit_kept(chat.info.settings), chat.info.head_id, texts


def edit_kept(settings: str) -> str:
    """The text of the message that was being edited, as a chat's settings have it; "" for none."""
    return _edit_in((json.loads(settings) if settings else {}).get(UNSENT, {}))


def _edit_in(unsent: dict[str, Any]) -> str:
    return str((unsent.get(UNSENT_EDIT) or {}).get("text", ""))


class Person(QObject):
    """Does one thing after the other, without ever waiting for long."""

    def __init__(self, room: ChatRoom, watcher: Watcher, seed: int) -> None:
        super().__init__(watcher)
        self._room, self._session, self._watcher = room, room.session, watcher
        self._chance = random.Random(seed)
        self._to_type: list[str] = []
        self._acts = {
            self._write: 5,
            self._regenerate: 2,
            self._edit_mine: 2,
            self._edit_reply: 2,
            self._go_on: 2,
            self._switch_version: 3,
            self._switch_branch: 1,
            self._new_chat: 1,
            self._open_chat: 2,
        }
        self._acting = QTimer(self, interval=ACT_MS)
        self._acting.timeout.connect(self._act)

    def start(self) -> None:
        self._acting.start()

    @Slot()
    def _act(self) -> None:
        if self._to_type:
            self._room.work.composer.edit.insertPlainText(self._to_type.pop(0))
        elif self._session.is_busy:
            self._do_meanwhile()
        elif self._room.work.composer.text().strip() and self._chance.random() < 0.7:
            self._accept()
        else:
            (act,) = self._chance.choices(list(self._acts), list(self._acts.values()))
            act()

    def _do_meanwhile(self) -> None:
        """A reply is being written."""
        number = self._chance.random()
        if number < 0.02:
            self._room.desk.escape()
        elif number < 0.06:
            self._write()
        elif number < 0.08:
            self._open_chat()

    def _wish(self) -> None:
        """Another head may stand in the store from now on."""
        self._watcher.n_acts += 1
        say("acts", self._session.chat_id)

    # ---- what a person does ----

    def _write(self) -> None:
        words = self._chance.choices(WORDS, k=self._chance.randint(2, 9))
        self._to_type = [f"{word} " for word in [*words, str(self._chance.randrange(10**6))]]

    def _accept(self) -> None:
        """The field's own button: send, send again, or save."""
        desk, field = self._room.desk, self._room.work.composer
        self._wish()
        if desk.editing.is_on and self._chance.random() < 0.2:
            desk.escape()
        elif desk.editing.is_on and self._kind_edited() == "reply":
            say("wish", self._id_edited(), field.text())
            field.send_button.click()
        else:
            # An edited message sent again leaves the draft where it is.
            if not desk.editing.is_on:
                say("send", self._session.chat_id, field.text())
            field.send_button.click()
        self._watcher.say_typed()

    def _id_edited(self) -> str:
        return str(self._session.unsent.get(UNSENT_EDIT, {}).get("id", ""))

    def _kind_edited(self) -> str:
        return str(self._session.unsent.get(UNSENT_EDIT, {}).get("kind", ""))

    def _regenerate(self) -> None:
        self._wish()
        self._room.desk.regenerate_last()

    def _edit_mine(self) -> None:
        self._begin_edit("user")

    def _edit_reply(self) -> None:
        self._begin_edit("assistant")

    def _begin_edit(self, role: str) -> None:
        path = [turn for turn in self._session.conversation.path() if turn.role == role]
        if path and not self._room.desk.editing.is_on:
            self._room.desk.editing.begin(self._chance.choice(path).id)
            self._write()

    def _go_on(self) -> None:
        self._wish()
        self._room.desk.continue_last()

    def _switch_version(self) -> None:
        turn = self._some_turn(lambda one: len(self._session.conversation.versions(one.id)) > 1)
        if turn is not None:
            self._wish()
            self._session.switch_version(turn.id, self._chance.choice((-1, 1)))

    def _switch_branch(self) -> None:
        turn = self._some_turn(lambda one: True)
        if turn is not None:
            self._wish()
            self._session.show_branch(self._session.conversation.leaf_of(turn.id))

    def _some_turn(self, is_fit: Any) -> Turn | None:
        path = [turn for turn in self._session.conversation.path() if is_fit(turn)]
        return self._chance.choice(path) if path else None

    def _new_chat(self) -> None:
        self._room.list.new_chat_requested.emit()
        self._write()

    def _open_chat(self) -> None:
        chats = self._room.list.model.chats
        if chats:
            self._room.list.chat_chosen.emit(self._chance.choice(chats).id)


def main(seed: int) -> int:
    """Stay until killed."""
    app = make_application()
    context = make_context(app, user_paths().ensure())
    # One thread: beside other work on a small machine two are slower.
    context.settings.change(threads=1)
    window = MainWindow(context)
    room = cast(ChatRoom, window.widget_of("chat"))
    watcher = Watcher(room, window)
    person = Person(room, watcher, seed)

    def begin(_model: ModelInfo) -> None:
        room.details.change("max_tokens", MOST_TOKENS)
        say("worker", context.engine.pid)
        person.start()

    def tell_chats(chats: list[ChatEntry]) -> None:
        room.session.chats_listed.disconnect(tell_chats)
        say("opened", len(chats))

    room.loader.model_loaded.connect(begin)
    room.session.chats_listed.connect(tell_chats)
    window.show()
    context.engine.start()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
