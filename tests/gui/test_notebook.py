"""Notebooks in the chat room: written by a person and the model, undone, kept, offered."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.process.messages import (
    Adapter,
    Array,
    Done,
    Failed,
    Generate,
    Token,
    Tokenize,
    Tokenized,
    Tokens,
)
from gui.chat.notebook import FIRST_LENGTH, NotebookFeature
from gui.chat.notebook_view import NotebookView
from gui.context import AppContext
from gui.tune.to_chat import OPEN_NOTEBOOK
from tests.fakes.fake_engine import model_info
from tests.gui.chat_room_helpers import Bench, bench, context, open_room

__all__ = ["bench", "context"]

CONTROL = Qt.KeyboardModifier.ControlModifier


def feature_of(bench: Bench) -> NotebookFeature:
    return next(one for one in bench.room.features if isinstance(one, NotebookFeature))


def open_notebook(bench: Bench) -> NotebookView:
    """A new notebook, by its line in the room's menu."""
    feature = feature_of(bench)
    action = next(one for one in bench.room.actions() if "note&book" in one.text())
    action.trigger()
    bench.qtbot.waitUntil(lambda: feature.is_open)
    view = feature.view
    assert view is not None and view.isVisible() and not bench.room.work.composer.isVisible()
    return view


def write(bench: Bench, view: NotebookView, *texts: str, finish: str = "length") -> Generate:
    """A whole continuation by Ctrl+Enter."""
    n_before = len(bench.engine.generates)
    QTest.keyClick(view.edit, Qt.Key.Key_Return, CONTROL)
    assert len(bench.engine.generates) == n_before + 1
    if texts:
        bench.engine.say(*texts)
    bench.engine.finish(finish)
    return bench.engine.generates[-1]


def kept_text(bench: Bench) -> str:
    return bench.kept().conversation.path()[0].content


def test_the_model_continues_at_the_cursor_and_what_stands_behind_it_stays(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "Once upon a time. The end.")
    cursor = view.edit.textCursor()
    cursor.setPosition(len("Once upon a time."))
    view.edit.setTextCursor(cursor)
    request = write(bench, view, " A whale", " sang.")
    assert request.prompt == "Once upon a time." and request.messages is None
    assert request.max_tokens == FIRST_LENGTH
    assert view.edit.text() == "Once upon a time. A whale sang. The end."
    assert view.edit.textCursor().position() == len("Once upon a time. A whale sang.")
    assert view.status.text() == (
        "Stopped at the reply length that is set · 98 tokens · 152 tok/s · first after 41 ms · "
        "reused 212 of 245 prompt tokens · seed 7"
    )
    assert kept_text(bench) == view.edit.text()


def test_a_continuation_is_one_step_of_undo(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "Deep")
    write(bench, view, " in", " the", " sea")
    QTest.keyClicks(view.edit, "!")
    for text in ("Deep in the sea", "Deep"):
        view.edit.undo()
        assert view.edit.text() == text
    view.edit.redo()
    assert view.edit.text() == "Deep in the sea"


def test_again_writes_the_last_continuation_anew(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "Deep")
    assert not view.again_button.isEnabled()
    write(bench, view, " sea")
    QTest.keyClick(view.edit, Qt.Key.Key_R, CONTROL)
    assert bench.engine.generates[-1].prompt == "Deep"
    bench.engine.say(" blue")
    bench.engine.finish()
    assert view.edit.text() == "Deep blue"
    view.edit.undo()
    assert view.edit.text() == "Deep sea"
    view.edit.redo()
    view.edit.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClick(view.edit, Qt.Key.Key_Backspace)
    n_asked = len(bench.engine.generates)
    QTest.keyClick(view.edit, Qt.Key.Key_R, CONTROL)
    assert len(bench.engine.generates) == n_asked and "no continuation" in view.status.text()


def test_escape_stops_anywhere_and_keeps_what_is_written(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "Deep")
    QTest.keyClick(view.edit, Qt.Key.Key_Return, CONTROL)
    bench.engine.say(" sea")
    assert view.stop_button.isVisible() and view.edit.isReadOnly()
    QTest.keyClick(view.edit, Qt.Key.Key_Escape)
    assert bench.engine.cancelled == [bench.engine.generates[-1].job]
    bench.engine.finish("cancelled", cancelled=True)
    assert view.edit.text() == "Deep sea" and not view.edit.isReadOnly()
    assert view.status.text().startswith("Stopped")


def test_new_text_is_coloured_until_the_next_edit(bench: Bench) -> None:
    view = open_notebook(bench)
    soft = QColor(bench.context.theme.palette.accent_soft)
    QTest.keyClicks(view.edit, "Deep")
    write(bench, view, " sea")
    (mark,) = view.edit.extraSelections()
    assert mark.cursor.selectedText() == " sea"
    assert mark.format.background().color() == soft
    QTest.keyClicks(view.edit, "s")
    assert not view.edit.extraSelections()


def test_with_certainty_each_token_has_the_colour_of_its_probability(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "Deep")
    bench.room.details.change("certainty", True)
    QTest.keyClick(view.edit, Qt.Key.Key_Return, CONTROL)
    tokens = [Token(1, b" sea", " sea", -0.1), Token(2, b" cow", " cow", -6.0)]
    bench.engine.tell(Tokens(job=bench.engine.generates[-1].job, items=tokens))
    bench.engine.finish()
    (mark,) = view.edit.extraSelections()
    assert mark.cursor.selectedText() == " cow"
    surprise = bench.context.theme.palette.surprise
    assert mark.format.background().color() == QColor(surprise[2])


def test_without_a_beginning_or_a_model_it_says_so(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClick(view.edit, Qt.Key.Key_Return, CONTROL)
    assert "Write a beginning" in view.status.text() and not bench.engine.generates
    bench.engine.die()
    QTest.keyClicks(view.edit, "Deep")
    view.continue_button.click()
    assert "Choose a model" in view.status.text() and not bench.engine.generates


def test_a_refusal_is_told_and_loses_nothing(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "Deep sea")
    view.edit.selectAll()
    cursor = view.edit.textCursor()
    cursor.setPosition(4)
    cursor.setPosition(8, QTextCursor.MoveMode.KeepAnchor)
    view.edit.setTextCursor(cursor)
    QTest.keyClick(view.edit, Qt.Key.Key_Return, CONTROL)
    job = bench.engine.generates[-1].job
    assert bench.engine.generates[-1].prompt == "Deep"
    bench.engine.tell(Failed(job=job, message="Too long.", hint="Shorten it."))
    assert view.edit.text() == "Deep sea" and view.status.text() == "Too long. Shorten it."


def test_where_the_oldest_goes_the_model_is_given_the_end(bench: Bench) -> None:
    view = open_notebook(bench)
    bench.room.details.change("overflow", "drop_oldest")
    view.edit.insertPlainText("a" * 9000)
    QTest.keyClick(view.edit, Qt.Key.Key_Return, CONTROL)
    asked = next(
        one for one in reversed(bench.engine.requests) if isinstance(one, Tokenize) and one.text
    )
    ones = Array(dtype="int32", shape=(9000,), data=(1).to_bytes(4, "little") * 9000)
    bench.engine.tell(Done(job=asked.job, result=Tokenized(ids=ones, piece_bytes=ones)))
    assert bench.engine.generates[-1].prompt == "a" * 6144
    bench.engine.say("b")
    bench.engine.finish()
    assert "does not see the first 2,856 tokens" in view.status.text()


def test_the_chats_overflow_policy_and_reasoning_budget_hold_here_too(bench: Bench) -> None:
    view = open_notebook(bench)
    bench.room.details.change("overflow", "fail")
    bench.room.details.change("reasoning_budget", 64)
    QTest.keyClicks(view.edit, "Deep")
    request = write(bench, view, " sea")
    assert (request.overflow, request.reasoning_budget) == ("fail", 64)


def test_the_place_in_the_context_is_told(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "sea")
    bench.qtbot.waitUntil(
        lambda: any(
            isinstance(one, Tokenize) and one.text == "sea" for one in bench.engine.requests
        )
    )
    bench.engine.answer()
    assert view.place.text() == "3 tokens before the cursor · 3 in all · context 8,192"


def test_what_is_typed_is_kept_and_opens_again(
    qtbot: QtBot, context: AppContext, bench: Bench
) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "Notes on lantern fish")
    qtbot.waitUntil(lambda: kept_text(bench) == "Notes on lantern fish")
    chat_id = bench.room.session.chat_id
    qtbot.waitUntil(lambda: bench.titles() == ["Notes on lantern fish"])
    view.mono_button.click()
    bench.room.session.new_chat()
    assert not view.isVisible() and bench.room.work.composer.isVisible()
    bench.settle()
    again = open_room(qtbot, context)
    try:
        again.room.session.open(chat_id)
        feature = feature_of(again)
        qtbot.waitUntil(lambda: feature.is_open)
        assert feature.view is not None and feature.view.edit.text() == "Notes on lantern fish"
        assert feature.view.mono_button.isChecked()
    finally:
        again.close()


def test_a_continuation_is_kept_as_it_comes(bench: Bench) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "Deep")
    QTest.keyClick(view.edit, Qt.Key.Key_Return, CONTROL)
    bench.engine.say(" sea")
    bench.qtbot.waitUntil(lambda: kept_text(bench) == "Deep sea")
    bench.engine.finish()


def test_leaving_ends_the_continuation_and_an_empty_notebook_leaves_nothing(bench: Bench) -> None:
    view = open_notebook(bench)
    chat_id = bench.room.session.chat_id
    QTest.keyClicks(view.edit, "Deep")
    QTest.keyClick(view.edit, Qt.Key.Key_Return, CONTROL)
    bench.engine.say(" sea")
    open_notebook(bench)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id != chat_id)
    assert bench.engine.cancelled == [bench.engine.generates[-1].job]
    assert bench.kept(chat_id).conversation.path()[0].content == "Deep sea"
    bench.room.session.new_chat()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Deep sea"])


def test_a_base_model_is_offered_a_notebook(bench: Bench) -> None:
    assert feature_of(bench).offer is None
    bench.engine.model = model_info("/models/base.gguf", "Base", template="none")
    bench.room.loader.load("/models/base.gguf")
    bench.engine.answer()
    offer = feature_of(bench).offer
    assert offer is not None and offer.isVisible()
    offer.open_button.click()
    bench.qtbot.waitUntil(lambda: feature_of(bench).is_open)
    assert not offer.isVisible()
    bench.room.session.new_chat()
    assert offer.isVisible()
    offer.close_button.click()
    assert not offer.isVisible()


def test_another_room_opens_a_notebook_with_its_model_and_a_beginning(bench: Bench) -> None:
    feature = feature_of(bench)
    settings = bench.room.session.settings.with_value("adapters", [Adapter("/a.gguf", 1.0)])
    bench.room.parts.details.replace(settings)
    bench.engine.model = model_info("/runs/step-20.gguf", "tales", template="none")
    bench.room.parts.context.openers[OPEN_NOTEBOOK]("/runs/step-20.gguf", "Mira had a")
    bench.engine.answer()
    bench.qtbot.waitUntil(lambda: feature.is_open)
    assert bench.room.loader.wanted_path == "/runs/step-20.gguf"
    view = feature.view
    assert view is not None and view.edit.toPlainText() == "Mira had a"
    assert kept_text(bench) == "Mira had a"
    assert bench.room.session.settings.adapters == [], "they belong to another model"
    assert not (feature.offer is not None and feature.offer.isVisible())


def test_the_helper_lays_out_examples_and_keeps_them(bench: Bench) -> None:
    view = open_notebook(bench)
    view.examples_button.click()
    panel = view.panel
    assert panel.isVisible() and not panel.insert_button.isEnabled()
    QTest.keyClicks(panel.instruction, "Translate.")
    for column, text in enumerate(("sea", "mer")):
        cell = panel.table.item(0, column)
        assert cell is not None
        cell.setText(text)
    asked = panel.query.item(0, 0)
    assert asked is not None
    asked.setText("fish")
    wanted = "Translate.\n\nInput: sea\nOutput: mer\n\nInput: fish\nOutput:"
    assert panel.preview.toPlainText() == wanted
    panel.insert_button.click()
    assert view.edit.text() == wanted
    assert bench.room.session.settings.stop == ["\n\n"]
    assert write(bench, view, " poisson", finish="stop_string").stop == ["\n\n"]
    bench.room.session.save_draft()
    assert bench.kept().unsent["few_shot"]["query"] == ["fish"]
    panel.add_row.click()
    panel.add_field.click()
    assert panel.few_shot.fields == ["Input", "Field 2", "Output"]
    panel.remove_field.click()
    assert panel.few_shot.examples == [["sea", "mer"]]
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()


@pytest.mark.parametrize("text", ["Zahlen: 1\u00a0000 \U0001f419 ok", "a\r\nb\u2028c"])
def test_every_sign_the_model_writes_stays(bench: Bench, text: str) -> None:
    view = open_notebook(bench)
    QTest.keyClicks(view.edit, "x")
    write(bench, view, text)
    plain = text.replace("\r\n", "\n").replace("\u2028", "\n")
    assert view.edit.text() == "x" + plain and view.edit.can_redo_last()
