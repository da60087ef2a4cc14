"""Columns from their opening to their end: stopped, left, in their chat and out of it, with the
field and the files of the one chat.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.chats.store import ChatStore
from gui.chat import chat_file
from gui.chat.attach import AttachFeature
from gui.chat.columns.column_state import Column, ColumnSettings, from_kept, to_kept
from gui.chat.step import StepFeature
from gui.context import AppContext
from tests.gui.chat_room_helpers import Bench, bench, context, open_room
from tests.gui.columns_helpers import Side, cancel, press, side_of

__all__ = ["bench", "context"]  # fixtures


@pytest.fixture
def side(bench: Bench) -> Side:
    return side_of(bench)


# ---- stopping and leaving ----


def test_escape_stops_then_leaves(side: Side) -> None:
    side.ask("Hello")
    assert side.is_writing()
    press(side, Qt.Key.Key_Escape)
    job = side.bench.engine.generates[-1].job
    assert side.bench.engine.cancelled == [job] and side.is_open()
    cancel(side.bench.engine, job, 2)
    side.bench.settle()
    assert side.states() == ["done", "stopped", "stopped"]
    press(side, Qt.Key.Key_Escape)
    assert not side.feature.button.isChecked() and not side.is_open()
    assert side.bench.room.work.transcript.isVisible()
    assert side.bench.room.work.composer.edit.hasFocus()


def test_the_stop_button_and_the_button_to_leave(side: Side) -> None:
    side.ask("Hello")
    side.bench.room.work.composer.stop_button.click()
    assert side.bench.engine.cancelled == [side.bench.engine.generates[-1].job]
    side.answer("A", "B")
    QTest.mouseClick(side.view.close_button, Qt.MouseButton.LeftButton)
    assert side.bench.room.work.transcript.isVisible() and not side.is_open()


def test_leaving_stops_what_is_written(side: Side) -> None:
    side.ask("Hello")
    side.feature.button.click()
    job = side.bench.engine.generates[-1].job
    assert side.bench.engine.cancelled == [job] and not side.is_open()
    cancel(side.bench.engine, job, 2)
    side.bench.settle()
    assert side.states() == ["done", "stopped", "stopped"]
    assert not side.is_writing()


def test_columns_left_while_the_store_writes_are_answered_and_end(side: Side) -> None:
    """The replies that the store begins at that moment are not left as being written."""
    side.type_and_send("Hello")
    side.feature.leave()
    side.bench.qtbot.waitUntil(lambda: bool(side.bench.engine.generates))
    side.answer("A", "B")
    assert side.states() == ["done", "done", "done"]


def test_a_window_that_closes_leaves_nothing_being_written(
    qtbot: QtBot, context: AppContext
) -> None:
    bench = open_room(qtbot, context)
    bench.load()
    side = side_of(bench)
    side.ask("Hello")
    chat_id = bench.room.session.chat_id
    bench.close()
    with ChatStore(context.paths.chats) as store:
        found = chat_file.find_chat(store, chat_id)
    assert found is not None
    assert {turn.state for turn in found.conversation.path()} == {"done", "stopped"}


def test_after_a_crash_nothing_counts_as_being_written(side: Side) -> None:
    """What the next start does with replies that nobody writes any more."""
    side.ask("Hello")
    assert "streaming" in side.states()
    path = side.bench.context.paths.chats
    with closing(sqlite3.connect(path)) as raw, raw:  # as though another process had written them
        raw.execute("UPDATE messages SET writer = '0:0' WHERE state = 'streaming'")
    with ChatStore(path) as store:
        chat_file.begin(store)
    assert "streaming" not in side.states()
    side.answer("A", "B")


def test_a_failure_is_told_once_for_a_batch(side: Side) -> None:
    from engine.process.messages import Failed

    side.ask("Hello")
    job = side.bench.engine.generates[-1].job
    side.bench.engine.tell(Failed(job=job, message="The context is full.", hint="", detail=""))
    side.bench.settle()
    assert side.bench.banners() == ["The context is full."]
    assert [view.status.text() for view in side.views] == ["The context is full."] * 2


# ---- the hidden chat ----


def test_nothing_begins_in_the_hidden_chat(bench: Bench) -> None:
    bench.ask("One", "Two")
    side = side_of(bench)
    side.ask("Three")
    n_before = len(bench.engine.generates)
    for key, held in (
        (Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier),
        (
            Qt.Key.Key_Return,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
        ),
        (Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier),
    ):
        press(side, key, held)
    bench.settle()
    assert len(bench.engine.generates) == n_before
    side.answer("A", "B")
    press(side, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert not bench.room.desk.editing.is_on
    assert "Esc" in bench.room.work.composer.status.text()
    step = next(one for one in bench.room.features if isinstance(one, StepFeature))
    assert step.button.isHidden() and not step.button.isEnabled()
    side.feature.leave()
    assert not step.button.isHidden() and step.button.isEnabled()


def test_columns_do_not_open_over_an_edit_or_a_reply(bench: Bench) -> None:
    bench.ask("One", "Two")
    bench.room.desk.edit_last()
    side = side_of(bench)
    assert not side.is_open() and not side.feature.button.isChecked()
    bench.room.desk.escape()
    bench.send("Three")
    side.feature.button.click()
    assert not side.is_open() and len(bench.banners()) == 2
    bench.engine.finish()
    bench.settle()


def test_another_branch_is_looked_at_in_the_one_chat(bench: Bench) -> None:
    bench.ask("One", "Two")
    bench.room.session.regenerate(bench.room.session.conversation.path()[-1].id)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    bench.engine.finish()
    bench.settle()
    side = side_of(bench)
    bench.room.session.switch_version(bench.room.session.conversation.path()[-1].id, -1)
    assert not side.is_open() and bench.shown() == ["One", "Two"]


# ---- chats ----


def test_columns_belong_to_their_chat_and_come_back_with_it(side: Side) -> None:
    bench = side.bench
    side.ask("Hello")
    side.answer("A", "B")
    side.views[1].panel.row("temperature").changed.emit(0.2)
    chat_id = bench.room.session.chat_id
    bench.room.session.new_chat()
    assert not side.is_open() and bench.room.work.composer.text() == ""
    bench.room.session.open(chat_id)
    bench.qtbot.waitUntil(lambda: side.is_open())
    assert side.shown() == [["Hello", "A"], ["Hello", "B"]]
    assert side.feature.columns[1].own.values == {"temperature": 0.2}
    side.feature.leave()
    bench.settle()
    bench.room.session.new_chat()
    bench.room.session.open(chat_id)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == chat_id)
    assert not side.is_open()


def test_replies_go_on_while_another_chat_is_looked_at(side: Side) -> None:
    bench = side.bench
    side.ask("Hello")
    chat_id, request = bench.room.session.chat_id, bench.engine.generates[-1]
    bench.room.session.new_chat()
    assert not side.is_writing() and bench.engine.cancelled == []
    bench.room.session.open(chat_id)
    bench.qtbot.waitUntil(lambda: side.is_open())
    assert side.is_writing() and not bench.room.work.composer.stop_button.isHidden()
    side.answer("A", "B", request=request)
    assert side.shown() == [["Hello", "A"], ["Hello", "B"]]
    assert not side.is_writing() and side.states() == ["done", "done", "done"]


def test_a_deleted_chat_is_written_no_further(side: Side) -> None:
    bench = side.bench
    side.ask("Hello")
    bench.room.session.delete(bench.room.session.chat_id)
    bench.settle()
    job = bench.engine.generates[-1].job
    assert bench.engine.cancelled == [job] and not side.is_open()
    cancel(bench.engine, job, 2)
    bench.settle()


def test_a_temporary_chat_has_columns_that_leave_no_trace(bench: Bench) -> None:
    bench.room.session.new_temporary_chat()
    side = side_of(bench)
    side.ask("Hello")
    assert bench.engine.generates[-1].private
    side.answer("A", "B")
    assert side.shown() == [["Hello", "A"], ["Hello", "B"]]
    bench.room.session.new_chat()
    assert not side.is_open() and bench.kept_nothing()


def test_kept_columns_of_another_hand_are_read_as_far_as_they_can_be() -> None:
    own = ColumnSettings(model_path="/m.gguf", values={"temperature": 0.5, "stop": ["x"]})
    columns = [Column(1, own, "a"), Column(2, ColumnSettings(has_adapters=False))]
    assert from_kept(to_kept(columns)) == columns
    assert from_kept("nonsense") == [] and from_kept([1]) == []
    (one,) = from_kept([{"values": {"temperature": 99, "top_k": 3, "x": 1}, "head": 7}])
    assert one.own.values == {"top_k": 3} and one.head_id is None


# ---- the field and its files ----


def test_the_field_is_the_chats_own_with_its_draft(side: Side) -> None:
    bench = side.bench
    side.ask("Hello")
    side.answer("A", "B")
    composer, chat_id = bench.room.work.composer, bench.room.session.chat_id
    assert composer.isVisible() and composer.edit.placeholderText() == "Ask all columns"
    composer.edit.setPlainText("half a thou")
    bench.room.session.new_chat()
    assert composer.text() == ""
    bench.room.session.open(chat_id)
    bench.qtbot.waitUntil(lambda: composer.text() == "half a thou")
    assert bench.kept(chat_id).draft == "half a thou"
    side.feature.leave()
    assert composer.text() == "half a thou"


@pytest.fixture
def attach(side: Side) -> AttachFeature:
    return next(one for one in side.bench.room.features if isinstance(one, AttachFeature))


def test_a_dropped_file_goes_with_the_question_to_all_columns(
    side: Side, attach: AttachFeature, tmp_path: Path
) -> None:
    bench, path = side.bench, tmp_path / "tides.txt"
    path.write_text("The moon pulls the water.")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    held = (
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    drop = QDropEvent(QPointF(400, 300), *held)
    QApplication.sendEvent(bench.room, QDragEnterEvent(QPoint(400, 300), *held))
    QApplication.sendEvent(bench.room, drop)
    bench.qtbot.waitUntil(lambda: bool(attach.desk.draft.items))
    bench.engine.answer()
    assert attach.bar.isVisible()
    side.ask("Why?")
    (request,) = bench.engine.generates
    assert "The moon pulls the water." in (request.messages or [])[-1].content
    side.answer("A", "B")
    assert not attach.desk.draft.items
    view = side.views[0].transcript
    assert "tides.txt" in view.column.items[0].view.note
    view.action_requested.emit("show_attached", view.message_ids()[0])
    assert attach.view.isVisible()
    attach.view.closed.emit()
    assert side.view.isVisible() and bench.room.work.composer.isVisible()


def test_a_reply_can_be_begun_with_words(side: Side) -> None:
    side.bench.room.desk.open_prefill()
    side.bench.room.work.prefill.field.setText("Well,")
    side.bench.room.work.prefill.typed.emit("Well,")
    side.ask("Hello")
    (request,) = side.bench.engine.generates
    assert request.prefill == "Well," and request.n_replies == 2
    side.answer(" yes", " no")
    assert side.shown() == [["Hello", "Well, yes"], ["Hello", "Well, no"]]
