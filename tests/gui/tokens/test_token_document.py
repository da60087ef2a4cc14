"""The editor's model: text in segments, tokens that cover every byte, undo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from gui.tokens.document import TokenDocument
from gui.tokens.segments import LONGEST_SEGMENT, SEGMENT_CHARS, SegmentedText
from gui.tokens.token_spans import UNKNOWN

LETTERS = st.text(st.sampled_from("ab \n\r\té深🐙\u0301\u200d"), max_size=30)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), LETTERS), max_size=12)


def check(document: TokenDocument, expected: str) -> None:
    text, tokens = document.text, document.tokens
    assert text.text() == expected
    lengths = [len(segment.encode()) for segment in text.segments]
    assert text.starts.tolist() == [0, *np.cumsum(lengths).tolist()]
    assert all("\n" not in segment[:-1] for segment in text.segments)
    assert all(text.segments[:-1]), "only the last segment may be empty"
    assert max(map(len, text.segments)) <= LONGEST_SEGMENT
    assert not (len(text) > 1 and not text.segments[-1]) or expected.endswith("\n")
    assert tokens.n_bytes == len(expected.encode())
    assert (np.diff(tokens.ends, prepend=0) >= 0).all()
    assert len(tokens.ids) == len(tokens.ends) == len(tokens.colours) == len(tokens.special)


def byte_place(text: str, share: float) -> int:
    return len(text[: int(share * len(text))].encode())


def put_letters(document: TokenDocument) -> None:
    """A token for every byte."""
    n = document.n_bytes
    ids = np.frombuffer(document.text.text().encode(), np.uint8).astype(np.int32)
    document.put_tokens(0, ids, np.ones(n, np.int32), np.zeros(n, np.uint8))


@given(LETTERS, EDITS)
@settings(max_examples=200, deadline=None)
def test_any_edits_leave_text_segments_and_tokens_in_order(
    text: str, edits: list[tuple[float, float, str]]
) -> None:
    document = TokenDocument()
    document.set_text(text)
    put_letters(document)
    texts = [text]
    for a, b, new in edits:
        start, end = sorted((byte_place(text, a), byte_place(text, b)))
        document.replace(start, end, new)
        data = text.encode()
        text = (data[:start] + new.encode() + data[end:]).decode()
        if texts[-1] != text or start != end or new:
            texts.append(text)
        check(document, text)
        if len(texts) % 3 == 0:
            put_letters(document)
            assert not document.is_stale
    while document.undo() >= 0:
        check(document, document.text.text())
    assert document.text.text() == ""
    while document.redo() >= 0:
        check(document, document.text.text())
    assert document.text.text() == text


def test_what_an_edit_touched_is_unknown_and_the_rest_keeps_ids_and_colours() -> None:
    document = TokenDocument()
    document.set_text("deep water")
    ids, lengths = np.array([7, 8, 9], np.int32), np.array([2, 2, 6], np.int32)
    document.put_tokens(0, ids, lengths, np.zeros(3, np.uint8))
    colours = document.tokens.colours.tolist()
    document.replace(3, 3, "e")
    assert document.tokens.ids.tolist() == [7, UNKNOWN, 9]
    assert document.tokens.ends.tolist() == [2, 5, 11]
    assert document.stale.all == [(3, 4)]
    document.put_tokens(
        2, np.array([4, 5], np.int32), np.array([1, 2], np.int32), np.zeros(2, "u1")
    )
    assert document.tokens.ids.tolist() == [7, 4, 5, 9]
    assert document.tokens.colours[0] == colours[0]
    assert document.tokens.colours[-1] == colours[-1]
    neighbours = document.tokens.colours
    assert (neighbours[1:] != neighbours[:-1]).all()
    assert not document.is_stale


def test_tokens_put_over_half_of_another_leave_its_rest_unknown() -> None:
    document = TokenDocument()
    document.set_text("abcdef")
    document.put_tokens(
        0, np.array([1, 2], np.int32), np.array([3, 3], np.int32), np.zeros(2, "u1")
    )
    document.put_tokens(1, np.array([5], np.int32), np.array([4], np.int32), np.zeros(1, "u1"))
    assert document.tokens.ids.tolist() == [UNKNOWN, 5, UNKNOWN]
    assert document.tokens.ends.tolist() == [1, 5, 6]


def test_tokens_are_found_by_byte_and_counted() -> None:
    document = TokenDocument()
    document.set_text("a🐙a")
    ids, lengths = np.array([1, 2, 3, 1], np.int32), np.array([1, 2, 2, 1], np.int32)
    document.put_tokens(0, ids, lengths, np.zeros(4, np.uint8))
    assert [document.token_at(place) for place in range(-1, 7)] == [-1, 0, 1, 1, 2, 2, 3, -1]
    assert document.span(2) == (3, 5)
    assert document.piece(2) == "🐙".encode()[2:]
    assert document.how_often(0) == 2
    assert document.tokens.between(2, 4) == (1, 3)


def test_an_added_token_of_no_bytes_is_kept_and_never_pointed_at() -> None:
    document = TokenDocument()
    document.set_text("ab")
    ids, lengths = np.array([0, 5, 2], np.int32), np.array([0, 2, 0], np.int32)
    document.put_tokens(0, ids, lengths, np.array([1, 0, 1], np.uint8))
    assert document.tokens.ids.tolist() == [0, 5, 2]
    assert document.token_at(0) == 1
    document.put_tokens(0, ids[1:2], lengths[1:2], np.zeros(1, np.uint8))
    assert document.tokens.ids.tolist() == [5]


def test_a_long_paragraph_is_cut_but_no_character_is() -> None:
    family = "👨\u200d👩\u200d👧"
    text = SegmentedText(family * 2_000)
    assert len(text) > 3
    assert all(segment.startswith("👨") for segment in text.segments)
    words = SegmentedText("depth " * 5_000)
    assert all(segment.startswith("depth") for segment in words.segments)
    assert max(map(len, words.segments[:-1])) <= SEGMENT_CHARS + 6


def test_half_a_character_is_refused_in_words_and_nothing_is_lost() -> None:
    document = TokenDocument()
    document.set_text("kept")
    with pytest.raises(AppError, match="half a character"):
        document.replace(0, 4, "\ud800")
    assert document.text.text() == "kept"


def test_typing_is_undone_together_and_a_new_line_ends_it() -> None:
    document = TokenDocument()
    at = 0
    for letter in "sea\nbed":
        at = document.replace(at, at, letter, joins=True)
    assert document.undo() == 4
    assert document.text.text() == "sea\n"
    document.undo()
    assert document.text.text() == "sea"
    assert document.redo() == 4


def test_an_edit_in_the_middle_of_a_character_moves_before_it() -> None:
    document = TokenDocument()
    document.set_text("a🐙b")
    document.replace(3, 3, "x")
    assert document.text.text() == "ax🐙b"
