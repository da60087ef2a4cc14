"""What can be done with a message in a column: only what works, and where it leads back to."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.chat.links import Links
from gui.chat.received import Received
from gui.widgets.token_marks import TokenBook
from gui.widgets.transcript import Transcript
from gui.widgets.transcript_menu import lines_of
from tests.gui.chat_room_helpers import Bench, bench, context
from tests.gui.columns_helpers import Side, press, side_of

__all__ = ["bench", "context"]  # fixtures


@pytest.fixture
def side(bench: Bench) -> Side:
    return side_of(bench)


def book_of(page: Transcript) -> TokenBook | None:
    return page.token_book


def test_a_column_offers_only_what_works(side: Side) -> None:
    side.ask("Hello")
    side.answer("A", "B")
    side.ask("More")
    for request in side.bench.engine.generates[-2:]:
        side.answer("C", request=request)
    for view in side.views:
        column = view.transcript.column
        for index, item in enumerate(column.items):
            assert item.view.n_versions == 1
            whats = {line.target.what for line in lines_of(column, index)}
            buttons = {button.what for button in column.buttons(index)}
            barred = {"edit", "regenerate", "continue", "delete", "previous", "next"}
            assert not barred & (whats | buttons)
            assert "copy" in whats
    whats = {line.target.what for line in lines_of(side.views[0].transcript.column, 1)}
    assert {"do:received", "do:good", "do:bad", "do:tags", "do:branch"} <= whats


def test_a_reply_is_judged_where_it_stands(side: Side) -> None:
    side.ask("Hello")
    side.answer("A", "B")
    page = side.views[0].transcript
    page.setFocus()
    press(side, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    press(side, Qt.Key.Key_G)
    side.bench.settle()
    reply_id = page.message_ids()[-1]
    assert side.bench.kept().conversation.turn(reply_id).rating == 1
    assert (
        page.column.items[-1].view.footer != side.views[1].transcript.column.items[-1].view.footer
    )


def test_a_correction_is_written_in_the_field_and_the_draft_comes_back(side: Side) -> None:
    side.ask("Hello")
    side.answer("A", "B")
    composer, page = side.bench.room.work.composer, side.views[1].transcript
    composer.edit.setPlainText("half a thou")
    page.setFocus()
    press(side, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    press(side, Qt.Key.Key_C)
    assert composer.edit.hasFocus() and composer.text() == "B"
    composer.edit.setPlainText("Better")
    composer.send_button.click()
    side.bench.settle()
    assert side.bench.kept().conversation.turn(page.message_ids()[-1]).correction == "Better"
    assert composer.text() == "half a thou" and side.is_open()
    assert len(side.bench.engine.generates) == 1


def test_certainty_colours_the_columns_in_place_of_what_they_agree_on(side: Side) -> None:
    side.ask("Where is it dark?")
    side.answer("It is dark below a thousand metres.", "Far, below a thousand metres, say I.")
    room, page = side.bench.room, side.views[0].transcript
    marked = book_of(page)
    assert marked is not None and book_of(room.work.transcript) is None
    side.bench.room.details.change("certainty", True)
    book = book_of(page)
    assert book is not None and book is book_of(room.work.transcript)
    page.viewport().repaint()
    reply_id = page.message_ids()[-1]
    side.bench.qtbot.waitUntil(lambda: book.find(reply_id) is not None)
    side.bench.room.details.change("certainty", False)
    assert book_of(page) not in (None, book)


def test_a_found_message_is_shown_in_the_one_chat(side: Side) -> None:
    side.ask("Hello")
    side.answer("A", "B")
    session = side.bench.room.session
    session.show_message(session.chat_id, side.views[0].transcript.message_ids()[-1])
    assert not side.is_open() and side.bench.shown() == ["Hello", "A"]


def test_what_a_column_received_leads_back_to_the_columns(side: Side) -> None:
    side.ask("Hello")
    side.answer("A", "B")
    page = side.views[0].transcript
    page.action_requested.emit("received", page.message_ids()[-1])
    received = next(one for one in side.bench.room.features if isinstance(one, Received))
    assert received.view.isVisible() and not side.view.isVisible()
    received.leave()
    assert side.view.isVisible() and side.bench.room.work.composer.isVisible()
    assert side.bench.room.work.composer.edit.hasFocus()


def test_a_link_in_a_column_asks_first(side: Side) -> None:
    side.ask("Hello")
    side.answer("[the docs](https://x.org/a)", "B")
    card = next(one for one in side.bench.room.features if isinstance(one, Links)).card
    page = side.views[0].transcript
    page.setFocus()
    page.link_activated.emit("https://x.org/a", "the docs")
    assert card.isVisible() and card.address == "https://x.org/a"
    assert side.bench.room.work.rect().contains(card.geometry())
    press(side, Qt.Key.Key_Escape)
    assert card.isHidden() and page.hasFocus() and side.is_open()
    page.link_activated.emit("https://x.org/a", "the docs")
    QTest.mouseClick(side.views[1].transcript.viewport(), Qt.MouseButton.LeftButton)
    assert card.isHidden()
