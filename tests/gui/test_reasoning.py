"""Reasoning in the transcript: folded, opened by mouse and keys, measured as it comes."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.chat.thinking import Thinking
from gui.theme import Theme
from gui.widgets.markdown_blocks import Block, block_text
from gui.widgets.markdown_thoughts import answer_of
from gui.widgets.transcript import Transcript
from tests.fakes.transcripts import (
    ALT,
    CTRL,
    LEFT,
    NO_KEYS,
    clipboard,
    flushed,
    light_theme,
    model,
    settled,
    shown_transcript,
    user,
    viewport_point,
)
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]

THOUGHT = "<think>\nHm, *two*.\n\n- add\n- check\n</think>\n\nThe answer is **four**."
SAID = "Thought for 12 s · 340 tokens"


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        yield result


def blocks(transcript: Transcript) -> list[Block]:
    return transcript.column.items[-1].blocks


def shown(transcript: Transcript) -> list[str]:
    return [block_text(block) for block in blocks(transcript)]


def toggle_point(transcript: Transcript) -> QPoint:
    index = len(transcript.column.items) - 1
    laid = transcript.column.items[index].laid(0)
    assert laid is not None and not laid.toggle.isEmpty()
    return viewport_point(
        transcript, index, laid.toggle.translated(transcript.column.frame(index).content)
    )


def test_reasoning_is_one_line_that_a_click_opens(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([user("0", "2+2?"), model("1", THOUGHT, reasoning=SAID)])
    settled(qtbot, transcript)
    assert shown(transcript) == [SAID, "The answer is four."]
    folded = transcript.column.height(1)
    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, toggle_point(transcript))
    settled(qtbot, transcript)
    assert shown(transcript) == [SAID, "Hm, two.", "add", "check", "The answer is four."]
    assert [block.path for block in blocks(transcript)] == ["", "t", "tl", "tl", ""]
    assert transcript.column.height(1) > folded + 40
    laid = transcript.column.items[1].laid(1)
    assert laid is not None
    dim = transcript.column.look.palette.text_dim
    assert laid.pieces[0].layout.formats()[0].format.foreground().color().name() == dim.lower()
    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, toggle_point(transcript))
    settled(qtbot, transcript)
    assert transcript.column.height(1) == folded


def test_space_opens_the_reasoning_of_the_current_message(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([model("1", THOUGHT)])
    settled(qtbot, transcript)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    QTest.keyClick(transcript, Qt.Key.Key_Space)
    settled(qtbot, transcript)
    assert len(blocks(transcript)) == 5
    menu = transcript.menu_at(None)
    lines = {action.text(): action for action in menu.actions()}
    lines["Hide the reasoning"].trigger()
    settled(qtbot, transcript)
    assert shown(transcript) == ["Thoughts", "The answer is four."]
    menu.deleteLater()


def test_a_copied_reply_is_its_answer_and_a_selection_is_all(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([model("1", THOUGHT)])
    settled(qtbot, transcript)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    QTest.keyClick(transcript, Qt.Key.Key_C, CTRL)
    assert clipboard() == "The answer is **four**."
    QTest.keyClick(transcript, Qt.Key.Key_A, CTRL)
    QTest.keyClick(transcript, Qt.Key.Key_C, CTRL)
    assert clipboard() == THOUGHT
    assert transcript.accessibleDescription() == "SmolLM2: The answer is **four**."


def test_streaming_it_stays_folded_or_open_as_the_reader_left_it(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.begin_reply(model("1", ""))
    transcript.append_text("1", "<think>\nHm,")
    flushed(qtbot, transcript)
    assert shown(transcript) == ["Thinking…"]
    transcript.append_text("1", " *two*.\n\nMore </th")
    flushed(qtbot, transcript)
    assert shown(transcript) == ["Thinking…"]
    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, toggle_point(transcript))
    settled(qtbot, transcript)
    assert shown(transcript) == ["Thinking…", "Hm, two.", "More"]
    transcript.append_text("1", "ink>\n\nThe")
    flushed(qtbot, transcript)
    assert shown(transcript) == ["Thoughts", "Hm, two.", "More", "The"]
    text = "<think>\nHm, *two*.\n\nMore </think>\n\nThe end."
    transcript.finish_reply("1", model("1", text, reasoning=SAID))
    settled(qtbot, transcript)
    assert shown(transcript) == [SAID, "Hm, two.", "More", "The end."]


def test_only_the_open_block_of_open_reasoning_is_laid_out_again(
    transcript: Transcript, qtbot: QtBot
) -> None:
    line = "The sea absorbs **light**, and `red` goes first.\n\n"

    def work(n_before: int) -> float:
        transcript.set_messages([])
        transcript.begin_reply(model("r", "<think>\n"))
        transcript.append_text("r", line * (n_before // len(line)))
        flushed(qtbot, transcript)
        if n_before == 1_000:
            transcript.scroll_to("r")
        transcript.toggle_thought(0, 0)
        flushed(qtbot, transcript)
        qtbot.waitUntil(lambda: len(blocks(transcript)) > n_before // len(line) - 2)
        transcript.scroll_to_end()
        settled(qtbot, transcript)
        before, n_flushes = transcript.column.laid_blocks.n_laid_chars, 0
        for word in (line * 4).split(" "):
            transcript.column.append_text("r", word + " ")
            transcript.settle_growth()
            n_flushes += 1
        return (transcript.column.laid_blocks.n_laid_chars - before) / n_flushes

    short = work(1_000)
    assert work(60_000) <= 1.5 * short


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("<think>never closed", ["Thoughts"]),
        ("<think>\n\n</think>\n\nJust this.", ["Just this."]),
        ("[THINK]a[/THINK]b", ["Thoughts", "b"]),
        ("the template opened it\n</think>\n\nb", ["Thoughts", "b"]),
        ("What does <think> mean?", ["What does <think> mean?"]),
        ("a\n\n<think>b</think>", ["a", "<think>b</think>"]),
    ],
)
def test_what_is_reasoning(
    transcript: Transcript, qtbot: QtBot, text: str, lines: list[str]
) -> None:
    transcript.set_messages([model("1", text)])
    settled(qtbot, transcript)
    found = [line if line != "Thinking…" else "Thoughts" for line in shown(transcript)]
    assert found == lines


def test_a_users_text_and_a_whole_answer_are_left_alone(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([user("1", "<think>mine</think>")])
    settled(qtbot, transcript)
    assert shown(transcript) == ["<think>mine</think>"]
    assert answer_of("no reasoning") == "no reasoning"
    assert answer_of("<think>only") == "<think>only"


def test_time_and_tokens_are_measured() -> None:
    now = [0.0]
    thinking = Thinking(clock=lambda: now[0])
    for text, at_s in (("<think>", 1.0), ("a b", 2.0), ("c</think>", 5.0), ("d", 9.0)):
        now[0] = at_s
        thinking.take(text, 2)
    assert not thinking.is_on
    assert thinking.details() == {"reasoning_ms": 4_000, "n_reasoning": 6}
    stray = Thinking(clock=lambda: now[0])
    for text, at_s in (("so", 10.0), ("\n</think>", 12.0), ("yes", 13.0)):
        now[0] = at_s
        stray.take(text, 1)
    assert stray.details() == {"reasoning_ms": 2_000, "n_reasoning": 2}
    assert Thinking().details() == {}


def test_a_reply_in_the_room_says_how_long_it_thought(bench: Bench) -> None:
    bench.send("2+2?")
    transcript = bench.room.work.transcript
    bench.engine.say("<think>", "Hm")
    bench.qtbot.waitUntil(lambda: shown(transcript) == ["Thinking… 0 s"])
    bench.engine.say(", two", "</think>", "\n\nFour.")
    bench.engine.finish()
    bench.settle()
    bench.qtbot.waitUntil(lambda: transcript.is_settled)
    label, answer = shown(transcript)
    assert label.startswith("Thought for ") and label.endswith(" tokens") and answer == "Four."
    turn = bench.kept().conversation.path()[-1]
    assert turn.details["n_reasoning"] > 0 and turn.details["reasoning_ms"] >= 0
