"""Searching the chats, through the field and a real store."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.chats.store import ChatStore
from engine.errors import AppError
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]  # fixtures


def ask_two(bench: Bench) -> list[str]:
    ids = []
    for fish in ("cod", "eel"):
        bench.room.session.new_chat()
        bench.ask(f"Tell me about the {fish}", f"The {fish} swims in the deep sea.")
        ids.append(bench.room.session.chat_id)
    bench.settle()
    return ids


def n_hits(bench: Bench) -> int:
    return bench.room.list.results.hits.rowCount()


def test_a_hit_is_gone_to_and_becomes_the_current_message(bench: Bench) -> None:
    _cod, eel = ask_two(bench)
    bench.room.session.new_chat()
    search = bench.room.list.search
    QTest.keyClicks(search, "eel swi")
    bench.qtbot.waitUntil(lambda: n_hits(bench) == 1)
    QTest.keyClick(search, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == eel)
    transcript = bench.room.work.transcript
    bench.qtbot.waitUntil(lambda: transcript.current_message == 1)
    assert bench.shown()[transcript.current_message] == "The eel swims in the deep sea."
    QTest.keyClicks(search, " nowhere")
    bench.qtbot.waitUntil(lambda: bench.room.list.nothing.state == "search")


def test_a_hit_on_another_branch_shows_that_branch(bench: Bench) -> None:
    ask_two(bench)
    session = bench.room.session
    n_before = len(bench.engine.generates)
    session.regenerate(session.conversation.path()[-1].id)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    bench.engine.say("It hides in mud.")
    bench.engine.finish()
    bench.settle()
    assert bench.shown()[-1] == "It hides in mud."
    QTest.keyClicks(bench.room.list.search, "eel swims")
    bench.qtbot.waitUntil(lambda: n_hits(bench) == 1)
    QTest.keyClick(bench.room.list.search, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: bench.shown()[-1] == "The eel swims in the deep sea.")
    assert bench.room.work.transcript.current_message == 1


def test_after_an_error_of_the_store_the_next_letter_searches_again(bench: Bench) -> None:
    ask_two(bench)

    def fail_once(store: Any) -> None:
        def search(_query: str, _limit: int) -> list[Any]:
            del store.search
            raise AppError("The disk is away.", "Put it back.")

        store.search = search

    bench.room.store.call(fail_once)
    QTest.keyClicks(bench.room.list.search, "e")
    bench.qtbot.waitUntil(lambda: bench.banners() == ["The disk is away."])
    assert n_hits(bench) == 0
    QTest.keyClicks(bench.room.list.search, "el")
    bench.qtbot.waitUntil(lambda: n_hits(bench) > 0)


def test_no_hit_offers_all_chats_again(bench: Bench) -> None:
    ask_two(bench)
    chats = bench.room.list
    QTest.keyClicks(chats.search, "zeppelin")
    bench.qtbot.waitUntil(lambda: chats.nothing.state == "search")
    assert "No chat and no message" in chats.nothing.text()
    step = chats.nothing.steps["clear"]
    assert step.isVisible() and step.toolTip()
    QTest.mouseClick(step, Qt.MouseButton.LeftButton)
    assert chats.search.text() == "" and chats.view.isVisible() and not chats.nothing.isVisible()


def test_what_was_deleted_is_not_found(bench: Bench) -> None:
    _cod, eel = ask_two(bench)
    bench.room.session.delete(eel)
    bench.settle()
    with ChatStore(bench.context.paths.chats) as store:
        assert store.search("eel") == []
