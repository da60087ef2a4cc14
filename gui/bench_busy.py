"""A person in a hurry at the real window, in a process of its own that is there to be killed.

python -m gui.bench_busy SEED

Opens the window on the user folder in BATHYSPHERE_HOME and types, sends, edits, regenerates, goes
on with replies, stops them, switches versions, branches and chats, as chance has it. Says on
stdout what it wishes; bench_watcher.py says there what is confirmed. bench_ledger.py reads both.
Ends only when it is killed (bench_kill.py does).
"""

import random
import sys
from collections.abc import Callable
from typing import Any, cast

from PySide6.QtCore import QObject, QTimer, Slot

from engine.paths import user_paths
from engine.process.messages import ModelInfo
from gui.app import make_application, make_context
from gui.bench_watcher import Watcher, say
from gui.chat.chat_file import ChatEntry
from gui.chat.conversation import Turn
from gui.chat.editing import UNSENT_EDIT
from gui.chat.room import ChatRoom
from gui.window import MainWindow

ACT_MS = 25
MOST_TOKENS = 24
WORDS = ("deep", "light", "**those**", "lantern", "$x^2$", "wait", "`sand`", "fish")
FORMULA = "It is $e^{i\\pi}$, "


class Person(QObject):
    """Does one thing after the other, without ever waiting for long."""

    def __init__(self, room: ChatRoom, watcher: Watcher, seed: int) -> None:
        super().__init__(watcher)
        self._room, self._session, self._watcher = room, room.session, watcher
        self._chance = random.Random(seed)
        self._to_type: list[str] = []
        self._acts = {
            self._write: 3,
            self._write_both: 3,
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

    def _write_both(self) -> None:
        """A message, and how its reply begins: with a formula, which a child of its own draws."""
        if not self._room.desk.editing.is_on:
            self._room.desk.open_prefill()
            self._room.work.prefill.field.setText(FORMULA)
        self._write()

    def _accept(self) -> None:
        """The field's own button: send, send again, or save."""
        desk, field = self._room.desk, self._room.work.composer
        self._wish()
        if desk.editing.is_on and self._chance.random() < 0.2:
            desk.escape()
        elif desk.editing.is_on and self._edited("kind") == "reply":
            say("wish", self._edited("id"), field.text())
            field.send_button.click()
        else:
            # An edited message sent again leaves the draft where it is.
            if not desk.editing.is_on:
                say("send", self._session.chat_id, field.text())
            field.send_button.click()
        self._watcher.say_typed()

    def _edited(self, what: str) -> str:
        """The id or the kind of the message that is being edited."""
        edited: dict[str, Any] = self._session.unsent.get(UNSENT_EDIT) or {}
        return str(edited.get(what, ""))

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

    def _some_turn(self, is_fit: Callable[[Turn], bool]) -> Turn | None:
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
