"""What can be done with a message in the room: by its row of buttons, by keys, by the palette."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.chat.message_actions import MessageActions
from gui.commands import Command
from gui.context import AppContext
from tests.fakes.transcripts import ALT, LEFT, NO_KEYS, settled, viewport_point
from tests.gui.chat_room_helpers import Bench, bench, context, open_room

__all__ = ["bench", "context"]


def ids(bench: Bench) -> list[str]:
    return bench.room.work.transcript.message_ids()


def press(bench: Bench, key: Qt.Key, held: Qt.KeyboardModifier = NO_KEYS) -> None:
    QTest.keyClick(bench.room.work.transcript, key, held)


def make_current(bench: Bench, index: int) -> None:
    bench.room.presenter.scroll_to(ids(bench)[index])
    bench.room.work.transcript.setFocus()


def click(bench: Bench, index: int, what: str) -> None:
    page = bench.room.work.transcript
    settled(bench.qtbot, page)
    point = viewport_point(page, index, page.column.frame(index).actions[what])
    assert page.viewport().rect().contains(point), "it is in view"
    QTest.mouseClick(page.viewport(), LEFT, NO_KEYS, point)


# ---- the row in the room ----


def test_a_reply_is_rated_by_its_button_and_shows_it(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    page = bench.room.work.transcript
    assert list(page.column.frame(1).actions) == [
        "copy",
        "do:edit-reply",
        "regenerate",
        "do:good",
        "do:bad",
        "delete",
        "more",
    ]
    for what, rating in (("do:good", 1), ("do:bad", -1), ("do:bad", 0)):
        click(bench, 1, what)
        assert bench.kept().conversation.turn(ids(bench)[1]).rating == rating
        is_on = {one.what: one.is_on for one in page.column.buttons(1)}
        assert (is_on["do:good"], is_on["do:bad"]) == (rating == 1, rating == -1)
    assert "rated" not in page.column.items[1].view.footer
    click(bench, 1, "do:edit-reply")
    assert bench.room.work.composer.text() == "Water absorbs light."


def test_the_row_is_on_its_line_and_in_view_where_there_is_little_room(
    qtbot: QtBot, context: AppContext
) -> None:
    context.theme.set_font_px(20)
    bench = open_room(qtbot, context)
    try:
        bench.room.resize(1024, 620)
        bench.load()
        bench.ask("Why is it dark?", "Water absorbs light.")
        bench.room.session.tag(ids(bench)[1], ["sea", "light"])
        bench.room.session.rate(ids(bench)[1], 1)
        page = bench.room.work.transcript
        settled(qtbot, page)
        frame = page.column.frame(1)
        assert list(frame.actions)[-1] == "more" and len(frame.actions) == 7
        boxes = [
            page.viewport_rect(box.translated(0, page.column.top(1)))
            for box in frame.actions.values()
        ]
        assert len({box.top() for box in boxes}) == 1
        assert all(page.viewport().rect().contains(box.toRect()) for box in boxes)
        assert max(box.bottom() for box in frame.footer_actions.values()) <= frame.row.top()
    finally:
        bench.close()
        context.theme.set_font_px(0)


# ---- the palette ----


def commands(bench: Bench) -> dict[str, Command]:
    feature = next(one for one in bench.room.features if isinstance(one, MessageActions))
    assert {one.text for one in feature.commands()} <= {one.text for one in bench.room.commands()}
    return {one.text: one for one in feature.commands()}


def test_the_palette_has_what_can_be_done_with_the_last_or_the_current_message(
    bench: Bench,
) -> None:
    assert commands(bench) == {}
    bench.ask("Why is it dark?", "Water absorbs light.")
    found = commands(bench)
    assert found["Good reply"].note == "Last message" and found["Good reply"].keys == "G"
    assert {"Copy message", "Edit the reply", "Regenerate", "Correct the reply", "Tags"} <= set(
        found
    )
    found["Good reply"].do()
    assert bench.kept().conversation.turn(ids(bench)[1]).rating == 1
    make_current(bench, 0)
    found = commands(bench)
    assert found["Edit"].note == "This message" and "Good reply" not in found
    found["Edit"].do()
    assert bench.room.work.composer.text() == "Why is it dark?"
    bench.room.desk.editing.end()
    commands(bench)["Delete"].do()
    assert bench.kept_texts() == [] and bench.room.undo()


def test_messages_by_keys_in_the_room_begin_with_the_last_in_view(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    page = bench.room.work.transcript
    page.setFocus()
    press(bench, Qt.Key.Key_Up, ALT)
    assert page.current_message == 1
    press(bench, Qt.Key.Key_Tab)
    assert page.focused_button == "copy"
