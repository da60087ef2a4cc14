"""Certainty in the chat room: switched per chat, tokens from the store, live and scored, the popup
by mouse and keys, forks."""

import math

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.process.messages import Done, Failed, Nothing, Score, Tokens
from gui.chat.certainty_popup import CertaintyPopup
from gui.widgets import announce as announce_module
from gui.widgets.transcript import Transcript
from tests.gui.certainty_helpers import answer, certainty, point_of, rest_on, token, tokens_of
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]

TEXT = "Light is made by animals"
SHARES = {" animals": 0.03}
ANIMALS = 4
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


def transcript_of(bench: Bench) -> Transcript:
    return bench.room.work.transcript


def popup_of(bench: Bench) -> CertaintyPopup:
    return certainty(bench.room).popup


def is_open(bench: Bench) -> bool:
    return popup_of(bench).popup.isVisible()


def wait_for_marks(bench: Bench, reply_id: str, n_tokens: int = 1) -> None:
    def are_there() -> bool:
        marks = transcript_of(bench).marks_of(reply_id)
        return marks is not None and len(marks) >= n_tokens

    bench.qtbot.waitUntil(are_there)


def coloured_reply(bench: Bench, text: str = TEXT) -> str:
    """A whole turn with certainty on; the reply's id."""
    certainty(bench.room).button.click()
    bench.send("Why?")
    reply_id = answer(bench, tokens_of(text, SHARES))
    wait_for_marks(bench, reply_id)
    return reply_id


def scores(bench: Bench) -> list[Score]:
    return [one for one in bench.engine.requests if isinstance(one, Score)]


def hover(bench: Bench, reply_id: str, index: int = ANIMALS) -> None:
    rest_on(transcript_of(bench), reply_id, index)
    bench.qtbot.waitUntil(lambda: is_open(bench))


# ---- the switch ----


def test_the_button_is_kept_per_chat_and_shows_the_legend(bench: Bench) -> None:
    feature = certainty(bench.room)
    bench.room.resize(1600, 800)
    assert not feature.button.isChecked() and not feature.legend.isVisible()
    coloured_reply(bench)
    assert bench.room.session.settings.certainty and feature.legend.isVisible()
    assert bench.engine.generates[-1].top_logprobs == 10
    first = bench.room.session.chat_id
    bench.room.details.change("certainty", False)
    bench.room.session.new_chat()
    bench.send("Other")
    bench.engine.finish()
    bench.settle()
    assert not feature.button.isChecked() and transcript_of(bench).token_book is None
    feature.button.click()
    bench.room.session.open(first)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == first)
    assert not feature.button.isChecked()


def test_the_legend_leaves_a_narrow_header_for_a_line_above_the_composer(bench: Bench) -> None:
    feature = certainty(bench.room)
    feature.button.click()
    bench.room.resize(1600, 800)
    bench.qtbot.waitUntil(feature.legend.isVisible)
    bench.room.resize(1024, 700)
    bench.qtbot.waitUntil(lambda: not feature.legend.isVisible())
    assert feature.low_legend.isVisible()
    assert "10 %" in feature.legend.accessibleName()


# ---- where the tokens come from ----


def test_tokens_are_read_from_the_store_when_the_chat_is_opened(bench: Bench) -> None:
    reply_id = coloured_reply(bench)
    chat_id = bench.room.session.chat_id
    bench.room.session.new_chat()
    bench.room.session.open(chat_id)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == chat_id)
    wait_for_marks(bench, reply_id)
    marks = transcript_of(bench).marks_of(reply_id)
    assert marks is not None and marks.says(TEXT) and marks.level(ANIMALS) == 2
    assert not scores(bench)


def test_a_reply_is_coloured_while_it_is_written(bench: Bench) -> None:
    certainty(bench.room).button.click()
    bench.send("Why?")
    tokens = tokens_of(TEXT, SHARES)
    job = bench.engine.generates[-1].job
    bench.engine.tell(Tokens(job=job, items=tokens[:2]))
    reply_id = transcript_of(bench).message_ids()[-1]
    wait_for_marks(bench, reply_id, 2)
    bench.engine.tell(Tokens(job=job, items=tokens[2:]))
    marks = transcript_of(bench).marks_of(reply_id)
    assert marks is not None and len(marks) == len(tokens) and marks.level(ANIMALS) == 2
    bench.engine.finish()


def test_a_reply_without_probabilities_is_scored_and_that_is_kept(bench: Bench) -> None:
    bench.send("Why?")
    answer(bench, [token(0, "Light is", None, has_top=False)])
    certainty(bench.room).button.click()
    bench.qtbot.waitUntil(lambda: bool(scores(bench)))
    request = scores(bench)[-1]
    assert request.messages is not None and request.messages[-1].content == "Why?"
    assert request.ids == [100] and request.top_logprobs == 10
    reply_id = transcript_of(bench).message_ids()[-1]
    bench.engine.tell(Tokens(job=request.job, items=[token(0, "Light"), token(1, " is", 0.05)]))
    marks = transcript_of(bench).marks_of(reply_id)
    assert marks is not None and marks.level(1) == 2
    bench.engine.tell(Done(job=request.job, result=Nothing()))
    bench.settle()
    kept: list[int] = []
    bench.room.store.call(
        lambda store: [one.id for one in store.tokens(reply_id)], lambda ids: kept.extend(ids)
    )
    bench.settle()
    assert kept == [100, 101] and len(scores(bench)) == 1


def test_an_edited_reply_is_scored_by_its_text(bench: Bench) -> None:
    reply_id = coloured_reply(bench)
    bench.room.session.save_text(reply_id, "Light is made by fish")
    bench.qtbot.waitUntil(lambda: bool(scores(bench)))
    assert scores(bench)[-1].text == "Light is made by fish" and not scores(bench)[-1].ids


def test_what_cannot_be_scored_is_told_once(bench: Bench) -> None:
    bench.send("Why?")
    answer(bench, [token(0, "Light is", None)])
    certainty(bench.room).button.click()
    bench.qtbot.waitUntil(lambda: bool(scores(bench)))
    job = scores(bench)[-1].job
    bench.engine.tell(Failed(job=job, message="The text is too long.", hint="Shorten it."))
    assert bench.banners() == ["The text is too long."]
    transcript_of(bench).viewport().update()
    bench.settle()
    assert len(scores(bench)) == 1


# ---- the popup ----


def test_resting_on_a_token_shows_its_alternatives_and_leaves_the_focus(bench: Bench) -> None:
    reply_id = coloured_reply(bench)
    bench.room.desk.focus_composer()
    hover(bench, reply_id)
    popup = popup_of(bench).popup
    assert popup.title.text() == "instead of “animals”"
    assert popup.bits.text() == f"{-math.log2(0.03):.1f} bits"
    labels = [line.label for line in popup.list.lines]
    assert labels[:3] == ["·living", "·the", "·creatures"] and labels[-1] == "·animals"
    assert "49,152 tokens" in popup.foot.text() and "29 %" in popup.foot.text()
    assert bench.room.work.composer.edit.hasFocus()
    popup.after_button.click()
    assert [round(line.share, 2) for line in popup.list.lines] == [0.7, 0.3]
    QTest.mouseMove(transcript_of(bench).viewport(), transcript_of(bench).rect().bottomLeft())
    bench.qtbot.waitUntil(lambda: not is_open(bench))


def test_esc_closes_the_popup_and_stops_no_reply(bench: Bench) -> None:
    certainty(bench.room).button.click()
    bench.send("Why?")
    tokens = tokens_of(TEXT, SHARES)
    bench.engine.tell(Tokens(job=bench.engine.generates[-1].job, items=tokens))
    reply_id = transcript_of(bench).message_ids()[-1]
    wait_for_marks(bench, reply_id, len(tokens))
    bench.qtbot.waitUntil(lambda: transcript_of(bench).token_rect(reply_id, ANIMALS) is not None)
    bench.room.desk.focus_composer()
    hover(bench, reply_id)
    QTest.keyClick(bench.room.work.composer.edit, Qt.Key.Key_Escape)
    assert not is_open(bench) and not bench.engine.cancelled
    bench.engine.finish()


def test_alternatives_that_were_not_kept_are_asked_for(bench: Bench) -> None:
    bench.send("Why?")
    reply_id = answer(bench, tokens_of(TEXT, SHARES, has_top=False))
    certainty(bench.room).button.click()
    wait_for_marks(bench, reply_id)
    hover(bench, reply_id)
    request = scores(bench)[-1]
    assert request.ids == [100 + i for i in range(ANIMALS + 1)] and request.first == ANIMALS
    assert request.top_logprobs == 10
    popup = popup_of(bench).popup
    assert not popup.list.isVisible()
    bench.engine.tell(Tokens(job=request.job, items=[token(ANIMALS, " animals", 0.03)]))
    bench.engine.tell(Done(job=request.job, result=Nothing()))
    assert popup.list.isVisible() and popup.list.lines[0].label == "·living"


# ---- forks ----


def test_a_click_on_an_alternative_forks_with_exactly_these_ids(bench: Bench) -> None:
    reply_id = coloured_reply(bench)
    hover(bench, reply_id)
    popup = popup_of(bench).popup
    n_before = len(bench.engine.generates)
    spot = popup.list.row_rect(2).center().toPoint()
    QTest.mouseClick(popup.list, Qt.MouseButton.LeftButton, pos=spot)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    request = bench.engine.generates[-1]
    assert request.prefill_ids == [100, 101, 102, 103, 73] and request.prefill == ""
    assert not is_open(bench)
    bench.engine.say(" of the deep")
    bench.engine.finish()
    bench.settle()
    assert bench.shown()[-1] == "Light is made by creatures of the deep"
    versions = bench.room.session.conversation.versions(reply_id)
    assert len(versions) == 2
    bench.room.session.undo_stack.undo()
    bench.settle()
    assert bench.shown()[-1] == TEXT


def test_all_of_it_by_keys(bench: Bench) -> None:
    coloured_reply(bench)
    transcript = transcript_of(bench)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT)
    assert is_open(bench) and transcript.current_token[1] == 0
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT)
    assert transcript.current_token[1] == 1
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT | SHIFT)
    assert transcript.current_token[1] == ANIMALS
    assert "animals" in transcript.accessibleDescription()
    QTest.keyClick(transcript, Qt.Key.Key_Right)
    assert popup_of(bench).popup.shows_after
    QTest.keyClick(transcript, Qt.Key.Key_Left)
    QTest.keyClick(transcript, Qt.Key.Key_Down)
    assert "living" in transcript.accessibleDescription()
    QTest.keyClick(transcript, Qt.Key.Key_Escape)
    assert not is_open(bench) and transcript.hasFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Left, ALT)
    n_before = len(bench.engine.generates)
    index = transcript.current_token[1]
    QTest.keyClick(transcript, Qt.Key.Key_Down)
    QTest.keyClick(transcript, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    assert bench.engine.generates[-1].prefill_ids == [100 + i for i in range(index)] + [71]
    bench.engine.finish()


def test_a_fork_in_a_reply_being_written_stops_it_first(bench: Bench) -> None:
    certainty(bench.room).button.click()
    bench.send("Why?")
    tokens = tokens_of(TEXT, SHARES)
    bench.engine.tell(Tokens(job=bench.engine.generates[-1].job, items=tokens))
    reply_id = transcript_of(bench).message_ids()[-1]
    wait_for_marks(bench, reply_id, len(tokens))
    bench.qtbot.waitUntil(lambda: transcript_of(bench).token_rect(reply_id, ANIMALS) is not None)
    hover(bench, reply_id)
    popup_of(bench).popup.list.picked.emit(0)
    assert bench.engine.cancelled == [bench.engine.generates[-1].job]
    n_before = len(bench.engine.generates)
    bench.engine.finish("cancelled", cancelled=True)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    assert bench.engine.generates[-1].prefill_ids == [100, 101, 102, 103, 71]
    bench.engine.finish()


def test_choosing_the_end_token_ends_the_reply_there(bench: Bench) -> None:
    reply_id = coloured_reply(bench)
    hover(bench, reply_id)
    n_before = len(bench.engine.generates)
    popup_of(bench).popup.list.picked.emit(3)
    bench.qtbot.waitUntil(lambda: bench.shown()[-1] == "Light is made by")
    bench.settle()
    assert len(bench.engine.generates) == n_before and not bench.room.session.is_busy
    kept = bench.kept().conversation.path()[-1]
    assert kept.content == "Light is made by" and kept.state == "done" and kept.id != reply_id


def test_the_popup_of_another_models_reply_offers_no_fork(bench: Bench) -> None:
    reply_id = coloured_reply(bench)
    turn = bench.room.session.conversation.turn(reply_id)
    made = {**turn.details.get("made_with", {}), "fingerprint": "another"}
    bench.room.session.conversation.change(reply_id, details={**turn.details, "made_with": made})
    hover(bench, reply_id)
    popup = popup_of(bench).popup
    assert "which wrote this" in popup.foot.text()
    n_before = len(bench.engine.generates)
    spot = popup.list.row_rect(0).center().toPoint()
    QTest.mouseClick(popup.list, Qt.MouseButton.LeftButton, pos=spot)
    assert len(bench.engine.generates) == n_before
    assert point_of(transcript_of(bench), reply_id, ANIMALS).x() > 0


# ---- for who does not see it ----


def test_what_keys_change_in_the_popup_is_told_in_words(bench: Bench) -> None:
    coloured_reply(bench)
    transcript = transcript_of(bench)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT | SHIFT)
    words = transcript.accessibleDescription()
    assert words.startswith("instead of “animals”. 5.1 bits. Before the samplers. living 31 %")
    assert "animals 3.0 % as it was written" in words and "click to fork here" in words
    QTest.keyClick(transcript, Qt.Key.Key_Right)
    assert "After the samplers. living 70 %" in transcript.accessibleDescription()
    QTest.keyClick(transcript, Qt.Key.Key_Down)
    assert transcript.accessibleDescription() == "living 70 %"


def test_enter_where_nothing_can_be_chosen_says_why(bench: Bench) -> None:
    reply_id = coloured_reply(bench)
    turn = bench.room.session.conversation.turn(reply_id)
    turn.details["made_with"] = {"fingerprint": "of another"}
    transcript, n_before = transcript_of(bench), len(bench.engine.generates)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT | SHIFT)
    QTest.keyClick(transcript, Qt.Key.Key_Down)
    QTest.keyClick(transcript, Qt.Key.Key_Return)
    assert is_open(bench) and len(bench.engine.generates) == n_before
    assert "which wrote this, to go on from here" in transcript.accessibleDescription()
    assert QApplication.activePopupWidget() is None, "the message's menu stays away"


def test_a_screen_reader_hears_what_the_popup_says(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def hear(widget: QObject, words: str) -> QAccessibleEvent:
        told.append(words)
        return QAccessibleEvent(widget, QAccessible.Event.Alert)

    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(announce_module, "QAccessibleAnnouncementEvent", hear)
    coloured_reply(bench)
    transcript = transcript_of(bench)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT | SHIFT)
    QTest.keyClick(transcript, Qt.Key.Key_Down)
    assert [words.split(".")[0] for words in told] == ["instead of “animals”", "living 31 %"]


def test_opening_or_folding_reasoning_closes_the_popup_and_says_where_tokens_are(
    bench: Bench,
) -> None:
    coloured_reply(bench, "<think>\nSo it is.\n</think>\n\nLight is made by animals")
    transcript = transcript_of(bench)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT)
    assert is_open(bench)
    QTest.keyClick(transcript, Qt.Key.Key_Space)
    assert not is_open(bench) and transcript.current_token == ("", -1)


def test_keys_in_a_reply_that_only_reasons_yet_say_how_to_see_its_tokens(bench: Bench) -> None:
    certainty(bench.room).button.click()
    bench.send("Why?")
    tokens = tokens_of("<think>\nSo it is")
    bench.engine.tell(Tokens(job=bench.engine.generates[-1].job, items=tokens))
    reply_id = transcript_of(bench).message_ids()[-1]
    wait_for_marks(bench, reply_id, len(tokens))
    transcript = transcript_of(bench)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT)
    assert not is_open(bench) and "Space opens it" in transcript.accessibleDescription()
    bench.engine.finish()
