"""Tokens of replies in their colours: which characters are whose, fills, thin marks, and what a
repaint costs."""

import math
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.process.messages import Token
from gui.theme import Theme, palettes
from gui.widgets.ramp import share_text, surprise_level, visible_piece
from gui.widgets.token_marks import TokenBook, TokenMarks
from gui.widgets.transcript import Transcript
from tests.fakes.transcripts import RICH, light_theme, model, settled, shown_transcript, user
from tests.gui.certainty_helpers import tokens_of

LIGHT = palettes()["light"]


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        yield result


def coloured(
    transcript: Transcript, qtbot: QtBot, text: str, shares: dict[str, float]
) -> TokenMarks:
    """Show one reply with the colours of its tokens."""
    transcript.set_messages([user("1", "Why?"), model("2", text)])
    marks = TokenMarks(tokens_of(text, shares))
    book = TokenBook(lambda _: None)
    book.put("2", marks)
    transcript.set_token_book(book)
    settled(qtbot, transcript)
    return marks


def colours_in(transcript: Transcript, rect: QRectF) -> set[str]:
    image: QImage = transcript.viewport().grab().toImage()
    area = rect.toAlignedRect().intersected(image.rect())
    return {
        image.pixelColor(x, y).name().upper()
        for x in range(area.left(), area.right() + 1)
        for y in range(area.top(), area.bottom() + 1)
    }


def index_of(marks: TokenMarks, text: str, nth: int = 0) -> int:
    return [i for i, one in enumerate(marks.tokens) if one.text == text][nth]


# ---- which characters are whose ----


def test_each_character_belongs_to_the_token_that_completes_it() -> None:
    wave = "👋".encode()
    tokens = [
        Token(1, b"Hi", "Hi", -0.1),
        Token(2, wave[:2], "", -5.0),
        Token(3, wave[2:], "👋", -0.1),
        Token(4, b" <", "", -0.1),
        Token(5, b"end", " <end", -0.1),
        Token(6, b"<|im_end|>", "", -0.1),
    ]
    marks = TokenMarks(tokens)
    assert [marks.span(i) for i in range(6)] == [(0, 2), (2, 2), (2, 3), (3, 5), (5, 8), (8, 8)]
    assert marks.says("Hi👋 <end") and not marks.says("Hi👋 <enD")
    assert marks.between(2, 3) == (1, 3) and marks.between(4, None) == (3, 6)
    assert marks.text_before(2) == "Hi" and marks.text_with(2, wave[2:]) == "Hi👋"
    assert marks.text_with(1, b" there") == "Hi there"


def test_tokens_that_come_later_leave_the_earlier_places_alone() -> None:
    marks = TokenMarks(tokens_of("one two"))
    spans = [marks.span(i) for i in range(len(marks))]
    marks.extend(tokens_of(" three"))
    assert [marks.span(i) for i in range(len(spans))] == spans and marks.revision == 0


def test_the_ramp_has_its_steps_at_a_half_a_tenth_and_a_hundredth() -> None:
    shares = [1.0, 0.51, 0.49, 0.11, 0.09, 0.011, 0.009]
    assert [surprise_level(math.log(share)) for share in shares] == [0, 0, 1, 1, 2, 2, 3]
    assert surprise_level(None) == 0
    assert [share_text(share) for share in (0.314, 0.031, 0.0001, 0.0)] == [
        "31 %",
        "3.1 %",
        "<0.1 %",
        "0 %",
    ]
    assert [visible_piece(piece) for piece in (b" the", b"\n", b"\xf0\x9f")] == [
        "·the",
        "⏎",
        "F0 9F",
    ]


# ---- on the screen ----


def test_tokens_under_a_half_are_filled_in_the_ramps_colours(
    transcript: Transcript, qtbot: QtBot
) -> None:
    shares = {" absorbs": 0.3, " long": 0.05, " fifteen": 0.001}
    marks = coloured(transcript, qtbot, "Water absorbs light in long steps of fifteen.", shares)
    for level, word in enumerate((" absorbs", " long", " fifteen")):
        rect = transcript.token_rect("2", index_of(marks, word))
        assert rect is not None
        assert LIGHT.surprise[level] in colours_in(transcript, rect), word
    sure = transcript.token_rect("2", index_of(marks, " light"))
    assert sure is not None
    assert not colours_in(transcript, sure.adjusted(3, 0, -3, 0)) & set(LIGHT.surprise)


def test_the_blank_before_a_word_is_not_filled(transcript: Transcript, qtbot: QtBot) -> None:
    marks = coloured(transcript, qtbot, "Water absorbs light", {" absorbs": 0.3})
    before = transcript.token_rect("2", index_of(marks, "Water"))
    word = transcript.token_rect("2", index_of(marks, " absorbs"))
    assert before is not None and word is not None
    assert word.left() - before.right() > 2


def test_tokens_that_show_nothing_are_thin_marks_and_markdown_stays_rendered(
    transcript: Transcript, qtbot: QtBot
) -> None:
    marks = coloured(transcript, qtbot, "# Top\n\nSome **bold** words", {" **": 0.05, "#": 0.9})
    blocks = transcript.column.items[1].blocks
    assert "".join(run.text for run in blocks[1].runs) == "Some bold words"
    bold = transcript.token_rect("2", index_of(marks, "bold"))
    opening = transcript.token_rect("2", index_of(marks, " **"))
    closing = transcript.token_rect("2", index_of(marks, "**"))
    heading = transcript.token_rect("2", index_of(marks, "#"))
    assert bold is not None and opening is not None and closing is not None and heading is not None
    assert opening.width() <= 3 and abs(opening.right() - bold.left()) < 4
    assert closing.width() <= 3 and abs(closing.left() - bold.right()) < 4
    seen = colours_in(transcript, opening) - {LIGHT.pane, LIGHT.text}
    assert any(QColor(one).hsvHue() in range(10, 40) for one in seen)
    assert transcript.token_at(transcript.column_point(opening.center())) == (
        "2",
        index_of(marks, " **"),
    )


def test_every_token_of_a_rich_reply_has_a_place_and_is_found_there(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.resize(862, 1400)
    marks = coloured(transcript, qtbot, RICH, {})
    for index in range(len(marks)):
        rect = transcript.token_rect("2", index)
        assert rect is not None, marks.tokens[index]
        if rect.width() > 3:
            found = transcript.token_at(transcript.column_point(rect.center()))
            assert found == ("2", index), marks.tokens[index]


def test_a_growing_reply_is_coloured_as_it_comes(transcript: Transcript, qtbot: QtBot) -> None:
    marks = coloured(transcript, qtbot, "Water", {})
    transcript.begin_reply(model("2", "Water"))
    more = tokens_of(" absorbs light", {" absorbs": 0.3})
    marks.extend(more)
    transcript.append_text("2", " absorbs light")
    qtbot.waitUntil(lambda: transcript.token_rect("2", 1) is not None)
    rect = transcript.token_rect("2", 1)
    assert rect is not None and LIGHT.surprise[0] in colours_in(transcript, rect)


def test_a_repaint_costs_the_same_for_a_reply_of_200_kb_as_of_one_screen(
    transcript: Transcript, qtbot: QtBot
) -> None:
    def paint_ms(n_words: int) -> float:
        text = "Water absorbs light and more.\n\n" * n_words
        coloured(transcript, qtbot, text, {" absorbs": 0.3, " light": 0.05})
        transcript.scroll_to_end()
        settled(qtbot, transcript)
        transcript.viewport().repaint()
        times = []
        for _ in range(7):
            began = time.perf_counter()
            transcript.viewport().repaint()
            times.append(time.perf_counter() - began)
        return min(times) * 1000

    short = paint_ms(40)
    assert paint_ms(6_700) < 3 * short + 2
