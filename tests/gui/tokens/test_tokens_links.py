"""From the Chat room to the Tokens room and back: messages, prompts, temporary chats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QStackedWidget
from pytestqt.qtbot import QtBot

from gui.chat.received import Received
from gui.side_worker import SideWorker
from gui.tokens.chat_page import ChatPage
from gui.tokens.room import TokensRoom
from tests.fakes import fake_tokens
from tests.fakes.fake_tokens import FakeTokens
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]


class Both:
    """Two rooms in one window; the second one is made when it is first looked at."""

    def __init__(self, qtbot: QtBot, bench: Bench) -> None:
        self.qtbot, self.bench = qtbot, bench
        self.window = QStackedWidget()
        self.window.resize(1300, 800)
        self.window.addWidget(bench.room)
        self.made: list[TokensRoom] = []
        bench.context.rooms.update({"chat": self.show_chat, "tokens": self.show_tokens})
        with qtbot.waitExposed(self.window):
            self.window.show()

    def show_chat(self) -> None:
        self.window.setCurrentWidget(self.bench.room)

    def show_tokens(self) -> None:
        if not self.made:
            engine: Any = FakeTokens()
            context = self.bench.context
            room = TokensRoom(context, None, SideWorker(context.paths, engine))
            self.made.append(room)
            self.window.addWidget(room)
        self.window.setCurrentWidget(self.made[0])

    @property
    def tokens(self) -> TokensRoom:
        return self.made[0]

    @property
    def page(self) -> ChatPage:
        page = self.tokens.page_of("chat")
        assert isinstance(page, ChatPage)
        return page

    def is_in_chat(self) -> bool:
        return self.window.currentWidget() is self.bench.room

    def wait_rendered(self, words: str) -> None:
        self.qtbot.waitUntil(lambda: words in self.page.view.tokens.tokens.text(), timeout=10_000)

    def text(self) -> str:
        return self.tokens.state.document.text.text()

    def close(self) -> None:
        for room in self.made:
            room.save_state()
        self.window.removeWidget(self.bench.room)
        self.bench.room.setParent(None)
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def both(qtbot: QtBot, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    loaded = bench.room.loader.model
    assert loaded is not None
    monkeypatch.setitem(fake_tokens.KINDS, loaded.path, (0, True, 8192))
    both = Both(qtbot, bench)
    yield both
    both.close()


def click(button: QAbstractButton) -> None:
    assert button.isVisible() and button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def choose(bench: Bench, index: int, words: str) -> None:
    """A line of a message's menu."""
    transcript = bench.room.work.transcript
    line = next(one for one in transcript.lines_of(index) if one.text.replace("&", "") == words)
    transcript.act(line.target)


def menu_line(bench: Bench, words: str) -> None:
    actions = {one.text().replace("&", ""): one for one in bench.room.actions()}
    actions[words].trigger()


# ---- messages ----


def test_a_message_is_seen_in_tokens_and_the_way_leads_back(both: Both) -> None:
    bench = both.bench
    bench.ask("Why is the sea dark?", "Water absorbs light.")
    chat_id = bench.room.session.chat_id
    choose(bench, 1, "See it in Tokens")
    assert not both.is_in_chat()
    assert both.text() == "Water absorbs light."
    line = both.tokens.arrivals.line
    assert line.isVisible()
    assert bench.room.session.title in line.words.text()
    bench.room.session.new_chat()
    bench.settle()
    wanted: list[str] = []
    bench.room.session.message_wanted.connect(wanted.append)
    click(line.back)
    assert both.is_in_chat()
    both.qtbot.waitUntil(lambda: bool(wanted), timeout=10_000)
    assert bench.room.session.chat_id == chat_id
    assert bench.shown()[1] == "Water absorbs light."
    assert wanted == [bench.room.work.transcript.message_ids()[1]]


def test_the_key_does_it_too(both: Both) -> None:
    both.bench.ask("Why?", "Because.")
    transcript = both.bench.room.work.transcript
    transcript.setFocus()
    transcript.make_current(0)
    QTest.keyClick(transcript, Qt.Key.Key_I)
    assert both.text() == "Why?"


def test_the_line_can_be_taken_away_and_stands_on_its_page_alone(both: Both) -> None:
    both.bench.ask("Why?", "Because.")
    choose(both.bench, 0, "See it in Tokens")
    line = both.tokens.arrivals.line
    both.tokens.show_page("chat")
    assert not line.isVisible()
    both.tokens.show_page("text")
    assert line.isVisible()
    click(line.forget)
    assert not line.isVisible()
    both.tokens.show_page("chat")
    both.tokens.show_page("text")
    assert not line.isVisible()


# ---- prompts ----


def test_a_whole_chat_opens_under_its_model(both: Both) -> None:
    bench = both.bench
    bench.room.details.change("system_prompt", "Be kind.")
    bench.ask("Why is the sea dark?", "Water absorbs light.")
    menu_line(bench, "See the chat’s messages in Tokens")
    both.wait_rendered("Water absorbs light.")
    said = [(card.role.currentData(), card.edit.toPlainText()) for card in both.page.list.cards]
    assert said == [
        ("system", "Be kind."),
        ("user", "Why is the sea dark?"),
        ("assistant", "Water absorbs light."),
    ]
    assert bench.room.loader.model is not None
    assert both.tokens.state.source == bench.room.loader.model.path
    click(both.tokens.arrivals.line.back)
    assert both.is_in_chat() and bench.shown()[0] == "Why is the sea dark?"


def test_a_reply_s_prompt_opens_from_what_the_model_received(both: Both) -> None:
    bench = both.bench
    bench.ask("Why is the sea dark?", "Water absorbs light.")
    received = next(one for one in bench.room.features if isinstance(one, Received))
    received.open_last()
    bench.engine.answer()
    both.qtbot.waitUntil(received.view.take_button.isEnabled, timeout=10_000)
    click(received.view.take_button)
    both.wait_rendered("Why is the sea dark?")
    said = [card.edit.toPlainText() for card in both.page.list.cards]
    assert said[-1] == "Why is the sea dark?", "the prompt ends before the reply"
    line = both.tokens.arrivals.line
    assert line.isVisible() and bench.room.session.title in line.words.text()


# ---- what is gone, what is private ----


def test_a_chat_that_was_deleted_is_told_in_a_sentence(both: Both) -> None:
    bench = both.bench
    bench.ask("Why?", "Because.")
    choose(bench, 0, "See it in Tokens")
    context = bench.context
    context.openers["chat.message"]("no such chat", "no such message")
    bench.settle()
    both.qtbot.waitUntil(lambda: bool(bench.banners()), timeout=10_000)
    assert bench.banners() == ["The chat that this came from is not there any more."]
    assert both.text() == "Why?"


def test_nothing_of_a_temporary_chat_is_written_by_the_room(both: Both) -> None:
    bench = both.bench
    bench.room.session.new_temporary_chat()
    bench.ask("secret question", "secret answer")
    choose(bench, 1, "See it in Tokens")
    line = both.tokens.arrivals.line
    assert "temporary chat" in line.words.text()
    assert both.tokens.state.is_private and both.text() == "secret answer"
    menu_line(bench, "See the chat’s messages in Tokens")
    both.wait_rendered("secret question")
    both.tokens.save_state()
    bench.context.settings.flush()
    kept = [one for one in bench.context.paths.home.rglob("*") if one.is_file()]
    assert kept
    assert not any(b"secret" in one.read_bytes() for one in kept), "something was written"


def test_a_temporary_chat_s_messages_are_left_for_ever(both: Both) -> None:
    """Undo brings them back while they are there, and they stay unwritten even then."""
    bench = both.bench
    bench.room.session.new_temporary_chat()
    bench.ask("secret question", "secret answer")
    menu_line(bench, "See the chat’s messages in Tokens")
    both.wait_rendered("secret question")
    click(both.page.clear_button)
    assert both.tokens.undo() and both.page.draft.is_private
    assert both.tokens.redo() and not both.page.draft.is_private


def test_another_text_ends_what_was_private_with_its_history(both: Both) -> None:
    bench = both.bench
    bench.room.session.new_temporary_chat()
    bench.ask("secret question", "secret answer")
    choose(bench, 1, "See it in Tokens")
    both.show_chat()
    bench.room.session.new_chat()
    bench.ask("open question", "open answer")
    choose(bench, 1, "See it in Tokens")
    state = both.tokens.state
    assert not state.is_private and both.text() == "open answer"
    while state.document.undo() >= 0:
        assert "secret" not in both.text()
