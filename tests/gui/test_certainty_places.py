"""Where tokens stand that are not plain words: folded and opened reasoning, formulas, tables, code;
and what growing text costs with certainty on."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.process.messages import Token
from gui.theme import Theme, palettes
from gui.widgets.block_layout import lay_out
from gui.widgets.certainty_paint import folded_words
from gui.widgets.token_boxes import TokenBox, own_range, token_boxes
from gui.widgets.token_marks import TokenBook, TokenMarks
from gui.widgets.transcript import Transcript
from tests.fakes.transcripts import RICH, light_theme, model, settled, shown_transcript, user
from tests.gui.certainty_helpers import token, tokens_of
from tests.gui.test_certainty_colours import coloured, colours_in, index_of

LIGHT = palettes()["light"]
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
THOUGHT = "<think>\nFirst I wonder. Then I know.\n</think>\n\nIt is blue."


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        yield result


def boxes_of(transcript: Transcript, marks: TokenMarks, index: int) -> list[TokenBox]:
    """The boxes of a token of the reply, in its blocks' coordinates."""
    blocks = range(len(transcript.column.items[1].blocks))
    return [box for at in blocks for box in transcript._boxes(1, at) if box.holds(index)]


def toggle(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.toggle_thought(1, 0)
    settled(qtbot, transcript)


# ---- reasoning ----


def test_tokens_of_folded_reasoning_have_no_place_until_it_is_open(
    transcript: Transcript, qtbot: QtBot
) -> None:
    marks = coloured(transcript, qtbot, THOUGHT, {" wonder": 0.001})
    wonder, blue = index_of(marks, " wonder"), index_of(marks, " blue")
    assert transcript.token_rect("2", wonder) is None
    assert transcript.token_rect("2", blue) is not None
    blocks = transcript.column.items[1].blocks
    assert folded_words(marks, own_range(blocks, 0)) == "not coloured while it is folded"
    assert folded_words(TokenMarks(), own_range(blocks, 0)) == ""
    toggle(transcript, qtbot)
    rect = transcript.token_rect("2", wonder)
    assert rect is not None and LIGHT.surprise[2] in colours_in(transcript, rect)
    assert transcript.token_rect("2", blue) is not None
    toggle(transcript, qtbot)
    assert transcript.token_rect("2", wonder) is None


def test_keys_step_over_folded_reasoning_and_through_open(
    transcript: Transcript, qtbot: QtBot
) -> None:
    shares = {" wonder": 0.001, " blue": 0.001}
    marks = coloured(transcript, qtbot, THOUGHT, shares)
    it, wonder, blue = (index_of(marks, text) for text in ("It", " wonder", " blue"))
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT)
    assert transcript.current_token == ("2", it)
    QTest.keyClick(transcript, Qt.Key.Key_Left, ALT)
    assert transcript.current_token == ("2", it), "nothing before it is seen"
    toggle(transcript, qtbot)
    QTest.keyClick(transcript, Qt.Key.Key_Left, ALT | SHIFT)
    assert transcript.current_token == ("2", wonder)
    QTest.keyClick(transcript, Qt.Key.Key_Right, ALT | SHIFT)
    assert transcript.current_token == ("2", blue)


def test_where_all_is_folded_that_is_told(transcript: Transcript, qtbot: QtBot) -> None:
    coloured(transcript, qtbot, "<think>\nFirst I wonder.", {})
    transcript.setFocus()
    with qtbot.waitSignal(transcript.tokens_skipped) as told:
        QTest.keyClick(transcript, Qt.Key.Key_Right, ALT)
    assert told.args == ["2"] and transcript.current_token == ("", -1)


# ---- formulas, tables, code ----


def test_each_token_of_a_formula_has_its_part_of_the_box(
    transcript: Transcript, qtbot: QtBot
) -> None:
    text = "So $E = mc$ holds."
    marks = coloured(transcript, qtbot, text, {" =": 0.001, " holds": 0.3})
    assert any(run.latex for run in transcript.column.items[1].blocks[0].runs)
    parts = [index_of(marks, piece) for piece in (" $", "E", " =", " mc", "$")]
    rects = [transcript.token_rect("2", index) for index in parts]
    for left, right in pairwise(rects):
        assert left is not None and right is not None
        assert left.width() > 0 and abs(left.right() - right.left()) < 1
    for index, rect in zip(parts, rects, strict=True):
        assert rect is not None
        assert transcript.token_at(transcript.column_point(rect.center())) == ("2", index)
    equals, first = rects[2], rects[1]
    assert equals is not None and first is not None
    assert LIGHT.surprise[2] in colours_in(transcript, equals)
    inner = first.adjusted(2, 0, -3, 0)
    assert LIGHT.surprise[2] not in colours_in(transcript, inner), "only the token's own part"
    # What stands behind the formula is where its words are.
    after = transcript.token_rect("2", index_of(marks, " holds"))
    last = rects[-1]
    assert after is not None and last is not None and after.left() > last.right() - 1


def test_bars_of_tables_and_fences_are_thin_marks(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.resize(862, 1400)
    marks = coloured(transcript, qtbot, RICH, {})
    bars = [i for i, one in enumerate(marks.tokens) if one.text.strip() == "|"]
    fences = [i for i, one in enumerate(marks.tokens) if one.text.startswith("```")]
    assert len(bars) >= 9 and len(fences) == 2
    for index in (*bars, *fences):
        boxes = boxes_of(transcript, marks, index)
        assert boxes and all(box.is_mark and box.rect.width() <= 3 for box in boxes)
    cell = index_of(marks, " 1", 1)
    assert not any(box.is_mark for box in boxes_of(transcript, marks, cell))


def test_marks_stay_within_their_table_and_leave_the_words_between_them_to_be_read(
    transcript: Transcript, qtbot: QtBot
) -> None:
    text = "See [it](https://example.org/a/b/c/d/e), now.\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    marks = coloured(transcript, qtbot, text, {})
    item = transcript.column.items[1]
    for at, block in enumerate(item.blocks):
        laid = item.laid(at)
        assert laid is not None
        found = [box.rect for box in transcript._boxes(1, at) if box.is_mark]
        if block.kind == "table":
            assert len(found) > 12
            assert all(laid.body.contains(rect) for rect in found)
        else:
            inside = laid.cursor_rect(len("See it")).x()
            assert len(found) > 12
            # Beside them there is the bracket before, and the line's end.
            assert all(abs(rect.x() - inside) < 10 for rect in found[1:-1])
    assert all(boxes_of(transcript, marks, index) for index in range(len(marks)))


def test_the_marks_of_opened_reasoning_stand_behind_its_line(
    transcript: Transcript, qtbot: QtBot
) -> None:
    marks = coloured(transcript, qtbot, THOUGHT, {})
    toggle(transcript, qtbot)
    laid = transcript.column.items[1].laid(0)
    assert laid is not None and laid.block.kind == "thought"
    (box,) = boxes_of(transcript, marks, index_of(marks, "think"))
    assert box.is_mark and box.rect.left() >= laid.cursor_rect(len("Thoughts")).x()


# ---- what it costs ----


class Growing:
    """A reply that is written, with certainty on; what a further token costs, painted."""

    def __init__(self, transcript: Transcript, qtbot: QtBot, text: str) -> None:
        self.transcript, self.qtbot = transcript, qtbot
        self.marks = TokenMarks(tokens_of(text))
        book = TokenBook(lambda _: None)
        book.put("2", self.marks)
        transcript.set_messages([user("1", "Why?"), model("2", text, streaming=True)])
        transcript.set_token_book(book)
        transcript.scroll_to_end()
        settled(qtbot, transcript)

    def write(self, one: Token) -> None:
        self.marks.extend([one])
        self.transcript.append_text("2", one.text)
        self.transcript.settle_growth()
        self.transcript.viewport().repaint()

    def cost_ms(self, n_tokens: int = 40) -> float:
        """The processor's time for a token, the cheapest of some dozens: load cannot lower it."""
        costs = []
        for number in range(n_tokens):
            began_s = time.thread_time()
            self.write(token(len(self.marks), " sea" if number % 9 else ".\n\nSo", 0.2))
            costs.append(1000 * (time.thread_time() - began_s))
        return sorted(costs)[n_tokens // 4]


def _thinking(n_sentences: int) -> str:
    return "<think>\n" + "It may be so. It may not.\n\n" * n_sentences


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda n: "Water absorbs light and more.\n\n" * n, id="reply"),
        pytest.param(_thinking, id="folded reasoning"),
        pytest.param(lambda n: _thinking(n) + "</think>\n\nIt is", id="behind folded reasoning"),
    ],
)
def test_a_further_token_costs_the_same_however_long_the_reply_is(
    transcript: Transcript, qtbot: QtBot, make: Callable[[int], str]
) -> None:
    short = Growing(transcript, qtbot, make(30)).cost_ms()
    long = Growing(transcript, qtbot, make(6_000)).cost_ms()
    assert long < 3 * short + 3, (long, short)


def test_a_further_token_of_opened_reasoning_costs_the_same_too(
    transcript: Transcript, qtbot: QtBot
) -> None:
    def cost_ms(n_sentences: int) -> float:
        growing = Growing(transcript, qtbot, _thinking(n_sentences))
        toggle(transcript, qtbot)
        transcript.scroll_to_end()
        settled(qtbot, transcript)
        assert len(transcript.column.items[1].blocks) > n_sentences
        result = growing.cost_ms()
        toggle(transcript, qtbot)
        return result

    short = cost_ms(30)
    long = cost_ms(3_000)
    assert long < 3 * short + 3, (long, short)


def test_what_is_not_parsed_yet_has_no_box_for_each_of_its_tokens(
    transcript: Transcript, qtbot: QtBot
) -> None:
    marks = TokenMarks(tokens_of("Water absorbs light and more.\n\n" * 6_000))
    text = "".join(one.text for one in marks.tokens)
    book = TokenBook(lambda _: None)
    book.put("2", marks)
    transcript.set_token_book(book)
    transcript.set_messages([user("1", "Why?"), model("2", text)])
    transcript.verticalScrollBar().setValue(0)
    settled(qtbot, transcript)
    blocks = transcript.column.items[1].blocks
    assert len(blocks) < 3_000, "the end is not parsed"
    laid = lay_out(blocks[-1], 700.0, transcript.column.look)
    boxes = token_boxes(laid, marks, own_range(blocks, len(blocks) - 1))
    assert len(boxes) < 60 and boxes[-1].holds(len(marks) - 1)
