"""What the chat room's tests share: a room over a fake engine and a real store, and ways to read
what was kept.
"""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.chats.store import ChatStore
from engine.paths import Paths
from engine.process.messages import Render
from gui.chat import chat_file
from gui.chat.chat_file import OpenedChat
from gui.chat.room import ChatRoom
from gui.context import AppContext
from gui.notices import Notices
from gui.settings_store import SettingsStore
from gui.theme import Theme
from tests.fakes.fake_engine import FakeEngine


class Bench:
    """A room on screen, and what a test does with it."""

    def __init__(self, qtbot: QtBot, room: ChatRoom, context: AppContext) -> None:
        self.qtbot = qtbot
        self.room = room
        self.context = context
        self.engine = cast(FakeEngine, context.engine)

    def close(self) -> None:
        """Leave the room as the window does, and take it away with its timers."""
        self.room.save_state()
        self.context.notices.strip.hide()
        self.context.notices.banners.hide()
        self.room.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def settle(self) -> None:
        """Wait until the store has answered everything asked so far."""
        done: list[bool] = []
        self.room.store.call(lambda _store: None, lambda _: done.append(True))
        self.qtbot.waitUntil(lambda: bool(done))

    def want_model(self) -> None:
        """Wait until the room wants its first model."""
        self.qtbot.waitUntil(lambda: bool(self.room.loader.wanted_path))

    def load(self) -> None:
        """Let the worker come up and load the first model."""
        self.want_model()
        with self.qtbot.waitSignal(self.room.loader.model_loaded):
            self.engine.become_ready()

    def send(self, text: str) -> None:
        """Type and press Enter, until the engine was asked."""
        n_before = len(self.engine.generates)
        composer = self.room.work.composer
        composer.edit.setPlainText(text)
        composer.send_button.click()
        self.qtbot.waitUntil(lambda: len(self.engine.generates) > n_before)

    def ask(self, text: str, answer: str) -> None:
        """A whole turn."""
        self.send(text)
        self.engine.say(*answer.partition(" "))
        self.engine.finish()
        self.settle()

    def shown(self) -> list[str]:
        """The texts in the transcript."""
        transcript = self.room.work.transcript
        return [transcript.text_of(id_) for id_ in transcript.message_ids()]

    def kept(self, chat_id: str = "") -> OpenedChat:
        """A chat as it is on the disk, read by a connection of its own."""
        self.settle()
        with ChatStore(self.context.paths.chats) as store:
            found = chat_file.find_chat(store, chat_id or self.room.session.chat_id)
        assert found is not None, "the chat is not in the store"
        return found

    def kept_texts(self) -> list[str]:
        return [turn.content for turn in self.kept().conversation.path()]

    def kept_nothing(self) -> bool:
        """No chat is on the disk."""
        self.settle()
        with ChatStore(self.context.paths.chats) as store:
            return not store.list_chats()

    def titles(self) -> list[str]:
        """The titles in the list, without headings."""
        model = self.room.list.model
        rows = [model.index(row) for row in range(model.rowCount())]
        return [index.data() for index in rows if model.chat_id_at(index)]

    def banners(self) -> list[str]:
        return [banner.message for banner in self.context.notices.banners.banners]

    def renders(self) -> list[Render]:
        return [one for one in self.engine.requests if isinstance(one, Render)]


def make_context(qapp: QApplication, paths: Paths) -> AppContext:
    """The window's services, with the fake engine."""
    theme = Theme(qapp)
    theme.set_mode("light")
    theme.apply()
    engine: Any = FakeEngine()
    return AppContext(paths, SettingsStore(paths.settings), theme, engine, Notices(theme))


def open_room(qtbot: QtBot, context: AppContext) -> Bench:
    room = ChatRoom(context)
    room.resize(1300, 800)
    with qtbot.waitExposed(room):
        room.show()
    return Bench(qtbot, room, context)


@pytest.fixture
def context(qapp: QApplication, paths: Paths) -> Iterator[AppContext]:
    context = make_context(qapp, paths)
    yield context
    context.settings.flush()


@pytest.fixture
def bench(qtbot: QtBot, context: AppContext) -> Iterator[Bench]:
    """A room with the starter loaded."""
    bench = open_room(qtbot, context)
    try:
        bench.load()
        yield bench
    finally:
        bench.close()
