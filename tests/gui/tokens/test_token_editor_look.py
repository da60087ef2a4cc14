"""What is seen: a box for every token, stripes where tokens share a character, signs for what
hides, marks; the same after any edit as if painted anew.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QFontMetricsF, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.tokens.token_spans import NO_SHADE
from gui.widgets.token_editor import TokenEditor
from gui.widgets.token_editor_boxes import Box, boxes_of
from gui.widgets.token_editor_layout import LaidSegment
from gui.widgets.token_editor_paint import EditorLook
from gui.widgets.token_editor_signs import displayed, sign_of
from tests.gui.token_editor_helpers import put, put_toy_tokens, shown_editor

FAMILY = "👨\u200d👩\u200d👧"
TEXTS = st.text(st.sampled_from("ab  \t\r\né深🐙\u0301\u200d\u200bשלע\x00"), max_size=60)


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, mode="light")


def laid(theme: Theme, text: str, width: float = 400) -> LaidSegment:
    look = EditorLook(theme)
    return LaidSegment(text, look.font, look.advance, width, look.row_height)


def of_token(boxes: list[Box], token: int) -> list[Box]:
    return [box for box in boxes if box.token == token]


def test_every_token_has_a_box_and_neighbours_touch(theme: Theme) -> None:
    segment = laid(theme, "deep water")
    boxes = boxes_of(segment, np.array([4, 7, 10])).boxes
    assert [box.token for box in boxes] == [0, 1, 2]
    assert boxes[0].left == 0
    assert [a.right for a in boxes[:-1]] == [b.left for b in boxes[1:]]
    advance = QFontMetricsF(EditorLook(theme).font).horizontalAdvance("m")
    assert boxes[-1].right == pytest.approx(10 * advance)


def test_a_token_over_several_rows_has_a_box_in_each(theme: Theme) -> None:
    segment = laid(theme, "a" * 100, width=300)
    boxes = boxes_of(segment, np.array([50, 100])).boxes
    n_rows = len(segment.rows)
    assert n_rows >= 3
    assert {box.row for box in boxes} == set(range(n_rows))
    assert len(of_token(boxes, 0)) >= 2
    assert all(box.right <= 300 for box in boxes)


@pytest.mark.parametrize("letter", ["海", "🐙", FAMILY, "e\u0301"])
def test_a_character_of_several_tokens_is_one_glyph_in_stripes(theme: Theme, letter: str) -> None:
    n_bytes = len(letter.encode())
    segment = laid(theme, f"a{letter}b")
    alone = laid(theme, letter)
    ends = np.array([1, *range(2, n_bytes + 2), n_bytes + 2])
    found = boxes_of(segment, ends)
    stripes = found.boxes[1:-1]
    assert len(stripes) == n_bytes == len(found.splits)
    widths = [box.right - box.left for box in stripes]
    assert max(widths) - min(widths) < 0.01
    assert sum(widths) == pytest.approx(alone.x_of(alone.units(n_bytes), 0), abs=1)


def test_a_token_that_ends_within_a_character_has_its_letters_and_its_stripe(theme: Theme) -> None:
    segment = laid(theme, "ab海cd")
    found = boxes_of(segment, np.array([3, 7]))
    first, second = found.boxes
    middle = (segment.x_of(2, 0) + segment.x_of(3, 0)) / 2
    assert first.right == second.left == pytest.approx(middle)
    assert [box.token for box in found.splits] == [0, 1]


def test_where_directions_mix_boxes_cover_the_row_without_overlap(theme: Theme) -> None:
    text = "abc שלום def"
    segment = laid(theme, text)
    ends = np.cumsum([len(letter.encode()) for letter in text])
    boxes = sorted(boxes_of(segment, ends).boxes, key=lambda box: box.left)
    assert len(boxes) == len(text)
    assert boxes[0].left == 0
    for one, other in pairwise(boxes):
        assert one.right == pytest.approx(other.left, abs=0.6)


@given(TEXTS, st.integers(120, 500))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_in_any_tokens_is_covered_and_bytes_are_found_again(
    qapp: QApplication, text: str, width: int
) -> None:
    theme = Theme(qapp, mode="light")
    text = text.replace("\n", "") + "\n"
    segment = laid(theme, text, width)
    data = text.encode()
    ends = np.arange(1, len(data) + 1)
    boxes = boxes_of(segment, ends).boxes
    assert {box.token for box in boxes} <= set(range(len(data)))
    assert all(box.right > box.left - 0.01 for box in boxes)
    if not segment.is_mixed:
        assert {box.token for box in boxes} == set(range(len(data))), "no byte is without a box"
        total = sum(box.right - box.left for box in boxes)
        rows = sum(segment.x_of(segment.row_units(n)[1], n) for n in range(len(segment.rows)))
        assert total == pytest.approx(rows, abs=1)
    begins = [n for n in range(len(data)) if data[n] & 0xC0 != 0x80]
    assert [segment.byte(segment.units(place)) for place in begins] == begins


def test_what_hides_is_shown_and_what_joins_stays() -> None:
    assert displayed("a\tb").text == "a b"
    assert displayed("a   b").text == "a\u00a0\u00a0 b"
    assert displayed("a   b").blanks == [1, 2, 3]
    assert displayed(FAMILY).text == FAMILY
    assert displayed("a\u200db").signs[0].words == "zwj"
    assert displayed("\U000e0041").signs[0].words == "A", "a hidden letter"
    flag = "🏴\U000e0067\U000e0062\U000e007f"
    assert displayed(flag).text == flag
    assert [sign_of(letter) for letter in "\n\t\r\x00\x7f\u202e"] == [
        "↵", "→", "␍", "␀", "␡", "rlo",
    ]  # fmt: skip


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_what_is_displayed_is_as_long_as_the_text_for_qt(text: str) -> None:
    shown = displayed(text)
    assert len(shown.text.encode("utf-16-le")) == len(text.encode("utf-16-le"))
    assert not any(letter < " " for letter in shown.text)


def colours_in(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name().upper()
        for x in range(0, image.width(), 2)
        for y in range(0, min(image.height(), 120), 2)
    }


def test_tokens_are_painted_in_the_palettes_colours(qtbot: QtBot, theme: Theme) -> None:
    for mode in ("light", "dark"):
        theme.set_mode(mode)
        editor = shown_editor(qtbot, theme, "one two three four five six seven")
        assert set(theme.palette.token) <= colours_in(editor.grab().toImage())


def test_shades_take_the_place_of_the_colours(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "one two three four five")
    put(editor.document, [(n, n_bytes) for n, n_bytes in enumerate((3, 4, 6, 5, 5))])
    editor.document.set_shades(np.array([0, 1, 2, 3, NO_SHADE], np.uint8))
    seen = colours_in(editor.grab().toImage())
    assert set(theme.palette.surprise) <= seen
    assert not set(theme.palette.token) & seen
    editor.document.set_shades(None)
    assert set(theme.palette.token) & colours_in(editor.grab().toImage())
    with pytest.raises(ValueError, match="shades"):
        editor.document.set_shades(np.zeros(2, np.uint8))


def test_the_chosen_token_and_its_equals_and_matches_are_marked(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "the sea the sea")
    put(editor.document, [(1, 3), (2, 4), (3, 4), (2, 4)])
    editor.clearFocus()
    accent, warn = theme.palette.accent, theme.palette.warn
    assert QColor(accent).name().upper() not in colours_in(editor.grab().toImage())
    editor.choose_token(1)
    chosen = editor.grab().toImage()
    assert QColor(accent).name().upper() in colours_in(chosen)
    editor.choose_token(-1)
    editor.set_matches(np.array([[4, 7], [12, 15]]), 1)
    assert QColor(warn).name().upper() in colours_in(editor.grab().toImage())
    editor.document.replace(0, 0, "x")
    put_toy_tokens(editor.document)
    assert QColor(warn).name().upper() not in colours_in(editor.grab().toImage())


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.3), TEXTS), min_size=1, max_size=6))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_after_any_edits_the_page_is_as_if_shown_anew(
    qapp: QApplication, steps: list[tuple[float, float, str]]
) -> None:
    theme = Theme(qapp, mode="light")
    edited, fresh = TokenEditor(theme), TokenEditor(theme)
    for editor in (edited, fresh):
        editor.resize(420, 400)
        editor.grab()
    edited.set_text("the deep sea is dark\nand cold\n" * 5)
    put_toy_tokens(edited.document)
    edited.grab()
    for place, share, new in steps:
        text = edited.text()
        start = int(place * len(text))
        end = min(len(text), start + int(share * len(text)))
        edited.document.replace(len(text[:start].encode()), len(text[:end].encode()), new)
        put_toy_tokens(edited.document)
        edited.grab()
    edited.set_caret(0)
    fresh.set_text(edited.text())
    put_toy_tokens(fresh.document)
    fresh.grab()
    for row, other in zip(edited.in_view(), fresh.in_view(), strict=True):
        assert row.prepared.laid.text == other.prepared.laid.text
        assert row.top == other.top
        assert edited._cache.boxes(row.number, row.prepared) == fresh._cache.boxes(
            other.number, other.prepared
        )
    for editor in (edited, fresh):
        editor.deleteLater()
