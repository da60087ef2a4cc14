"""What stays in place when other messages come: versions, branches, what was deleted and put
back."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets.transcript import MessageView, Transcript
from gui.widgets.transcript_target import Target
from tests.fakes.transcripts import (
    ALT,
    LEFT,
    drag,
    flushed,
    is_followed,
    light_theme,
    model,
    settled,
    shown_transcript,
    text_point,
    user,
    viewport_point,
)

LONG = "A line of a long reply.\n\n" * 60
SHORT = "A short one."


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        yield result


def turns(n: int) -> list[MessageView]:
    return [user(str(i), f"question {i}") if i % 2 == 0 else model(str(i), SHORT) for i in range(n)]


def heading_y(transcript: Transcript, index: int) -> float:
    """Where a message's heading is on the viewport."""
    return (
        transcript.column.top(index) + transcript.column.frame(index).heading.y() - transcript.top
    )


def put_heading_at(qtbot: QtBot, transcript: Transcript, index: int, y: float) -> None:
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.value() + round(heading_y(transcript, index) - y))
    settled(qtbot, transcript)


@pytest.mark.parametrize(("old", "new"), [(SHORT, LONG), (LONG, SHORT), (LONG, LONG)])
def test_the_arrows_stay_under_the_mouse_when_the_version_changes(
    transcript: Transcript, qtbot: QtBot, old: str, new: str
) -> None:
    last = model("a", old, version=1, n_versions=2)
    transcript.set_messages([*turns(20), last])
    settled(qtbot, transcript)
    put_heading_at(qtbot, transcript, 20, 200)
    y = heading_y(transcript, 20)
    arrow = viewport_point(transcript, 20, transcript.column.frame(20).following)
    QTest.mouseMove(transcript.viewport(), QPoint(1, 1))
    QTest.mouseMove(transcript.viewport(), arrow)
    qtbot.waitUntil(lambda: transcript.hovered == Target("next", 20))
    transcript.replace_messages(20, [model("b", new, version=2, n_versions=2)])
    settled(qtbot, transcript)
    if new == LONG:
        assert heading_y(transcript, 20) == pytest.approx(y, abs=1)
        assert not is_followed(transcript) and transcript.jump_button.isVisible()
        assert transcript.hovered_message == 20 and transcript.hovered is None  # there is no third
    else:
        # Too little is left below the heading: the end is shown, and followed again.
        assert heading_y(transcript, 20) > y and is_followed(transcript)


def test_a_version_of_a_reply_that_is_read_in_its_middle_does_not_jump_to_the_top(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([*turns(20), model("a", LONG), user("q", "and then?")])
    settled(qtbot, transcript)
    put_heading_at(qtbot, transcript, 20, -300)
    offset = transcript.top - transcript.column.top(20)
    transcript.replace_messages(20, [model("b", LONG + LONG)])
    settled(qtbot, transcript)
    assert transcript.top - transcript.column.top(20) == pytest.approx(offset, abs=2)
    transcript.replace_messages(20, [model("c", SHORT), *[user(f"q{n}", LONG) for n in range(3)]])
    settled(qtbot, transcript)
    # It is shorter than what was read of the other: its beginning is shown.
    assert transcript.top == pytest.approx(transcript.column.top(20), abs=2)


def test_who_follows_the_end_goes_on_following_a_reply_written_anew(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([*turns(20), model("a", LONG)])
    settled(qtbot, transcript)
    transcript.replace_messages(20, [model("b", "", streaming=True)])
    transcript.append_text("b", LONG)
    flushed(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    assert is_followed(transcript) and bar.value() == bar.maximum()


def test_who_reads_above_is_left_there_by_a_reply_written_anew(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([*turns(40), model("a", LONG)])
    settled(qtbot, transcript)
    transcript.scroll_to("10")
    settled(qtbot, transcript)
    y = heading_y(transcript, 10)
    transcript.replace_messages(40, [model("b", "", streaming=True)])
    transcript.append_text("b", LONG)
    flushed(qtbot, transcript)
    assert heading_y(transcript, 10) == pytest.approx(y, abs=1) and not is_followed(transcript)


def test_what_was_sent_is_gone_to(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages(turns(40))
    settled(qtbot, transcript)
    transcript.scroll_to("3")
    settled(qtbot, transcript)
    transcript.replace_messages(40, [user("q", "new"), model("r", "", streaming=True)])
    settled(qtbot, transcript)
    assert is_followed(transcript)


def test_a_deleted_message_leaves_the_reader_where_they_are_and_comes_back_there(
    transcript: Transcript, qtbot: QtBot
) -> None:
    views = turns(60)
    transcript.set_messages(views)
    settled(qtbot, transcript)
    transcript.scroll_to("20")
    settled(qtbot, transcript)
    y = heading_y(transcript, 20)
    transcript.replace_messages(50, [])
    settled(qtbot, transcript)
    assert heading_y(transcript, 20) == pytest.approx(y, abs=1)
    transcript.replace_messages(50, views[50:])
    settled(qtbot, transcript)
    assert heading_y(transcript, 20) == pytest.approx(y, abs=1)
    assert transcript.message_ids()[-1] == "59"
    # Deleted from here on: what stood before is at the end of the view, and comes back below it.
    transcript.replace_messages(22, [])
    settled(qtbot, transcript)
    assert is_followed(transcript)
    last_y = heading_y(transcript, 21)
    transcript.replace_messages(22, views[22:])
    settled(qtbot, transcript)
    assert heading_y(transcript, 21) == pytest.approx(last_y, abs=1)
    assert not is_followed(transcript)


def test_the_first_message_can_be_another(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages(turns(6))
    settled(qtbot, transcript)
    transcript.replace_messages(0, [user("x", "first words"), model("y", SHORT)])
    settled(qtbot, transcript)
    assert transcript.message_ids() == ["x", "y"] and transcript.top == 0
    transcript.replace_messages(0, [])
    assert transcript.message_ids() == [] and transcript.accessibleDescription() == ""


def test_other_states_of_the_same_messages_move_nothing(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages(turns(60))
    settled(qtbot, transcript)
    transcript.scroll_to("20")
    settled(qtbot, transcript)
    y = heading_y(transcript, 20)
    transcript.make_current(21)
    transcript.set_messages_again([MessageView(v.id, v.role, "Text", v.text) for v in turns(60)])
    settled(qtbot, transcript)
    assert heading_y(transcript, 20) == pytest.approx(y, abs=1)
    assert transcript.current_message == 21
    transcript.scroll_to_end()
    transcript.set_messages_again(turns(60))
    settled(qtbot, transcript)
    assert is_followed(transcript)


def test_the_current_message_stays_current_in_its_other_version(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([*turns(4), model("a", "one", version=1, n_versions=3)])
    settled(qtbot, transcript)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    assert transcript.current_message == 4
    for version, name in ((2, "b"), (3, "c")):
        with qtbot.waitSignal(transcript.version_requested) as caught:
            QTest.keyClick(transcript, Qt.Key.Key_Right)
        assert caught.args[1] == version
        other = model(name, f"text {name}", version=version, n_versions=3)
        transcript.replace_messages(4, [other, user("q", "more")])
        assert transcript.current_message == 4
        assert f"version {version} of 3: text {name}" in transcript.accessibleDescription()
    transcript.replace_messages(4, [])
    assert transcript.current_message == 3
    transcript.replace_messages(0, [])
    assert transcript.current_message == -1


def test_a_selection_outlives_a_change_behind_it(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([user("1", "first words"), model("2", SHORT), model("3", SHORT)])
    settled(qtbot, transcript)
    drag(qtbot, transcript, text_point(transcript, 0, 0, 6), text_point(transcript, 1, 0, 7))
    selected = transcript.selected_text()
    assert selected == "You:\nwords\n\nSmolLM2:\nA short"
    transcript.replace_messages(2, [model("4", LONG)])
    assert transcript.selected_text() == selected
    transcript.replace_messages(1, [model("5", LONG)])
    assert transcript.selected_text() == ""


def test_scrolling_up_stops_following_and_the_end_takes_it_up_again(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages(turns(20))
    transcript.begin_reply(model("r", ""))
    transcript.append_text("r", LONG)
    flushed(qtbot, transcript)
    QTest.keyClick(transcript, Qt.Key.Key_Home)
    transcript.append_text("r", LONG)
    flushed(qtbot, transcript)
    assert transcript.top == 0 and not is_followed(transcript)
    bar = transcript.verticalScrollBar()
    ways: list[Callable[[], object]] = [
        lambda: QTest.keyClick(transcript, Qt.Key.Key_End),
        lambda: bar.setValue(bar.maximum()),
        lambda: QTest.mouseClick(transcript.jump_button, LEFT),
    ]
    for reach_the_end in ways:
        bar.setValue(bar.maximum() // 2)
        settled(qtbot, transcript)
        assert not is_followed(transcript)
        reach_the_end()
        transcript.append_text("r", LONG)
        flushed(qtbot, transcript)
        assert is_followed(transcript) and bar.value() == bar.maximum()


def test_reasoning_that_is_closed_at_the_end_is_followed_again(
    transcript: Transcript, qtbot: QtBot
) -> None:
    reasoned = model("r", f"<think>{LONG}</think>{SHORT}", reasoning="Thought for 3 s · 9 tokens")
    transcript.set_messages([*turns(20), reasoned])
    settled(qtbot, transcript)
    transcript.toggle_thought(20, 0)
    settled(qtbot, transcript)
    assert not is_followed(transcript)
    transcript.toggle_thought(20, 0)
    settled(qtbot, transcript)
    assert is_followed(transcript)


def test_a_selection_behind_reasoning_is_let_go_when_that_is_opened(
    transcript: Transcript, qtbot: QtBot
) -> None:
    """It counts in blocks, of which there are others then."""
    reasoned = model("r", f"<think>{LONG}</think>One.\n\nTwo.\n\nThree.", reasoning="Thought")
    transcript.set_messages([user("q", "why"), reasoned])
    settled(qtbot, transcript)
    drag(qtbot, transcript, text_point(transcript, 1, 1, 0), text_point(transcript, 1, 2, 3))
    assert transcript.selected_text() == "One.\n\nTwo"
    transcript.toggle_thought(1, 0)
    assert transcript.selected_text() == ""


def test_what_is_under_the_mouse_is_known_when_the_page_moves_below_it(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages(turns(60))
    settled(qtbot, transcript)
    QTest.mouseMove(transcript.viewport(), transcript.viewport().rect().center())
    qtbot.waitUntil(lambda: transcript.hovered_message >= 0)
    transcript.verticalScrollBar().setValue(0)
    settled(qtbot, transcript)
    middle = transcript.column_point(QPointF(transcript.viewport().rect().center()))
    assert transcript.hovered_message == transcript.column.index_at(middle.y()) < 20
