"""Bytes to text: never half a character, never part of a stop string, nothing lost."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.generation.text import TextStream


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.text(), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cutting_of_the_bytes_gives_the_same_text(text: str, cuts: list[int]) -> None:
    stream = TextStream([])
    shown = [stream.push(piece) for piece in chunks(text.encode(), cuts)]
    assert "".join(shown) + stream.finish() == text
    assert not any("\ufffd" in part for part in shown if "\ufffd" not in text)


@given(
    st.text("abAB"),
    st.lists(st.text("abAB", min_size=1, max_size=4), max_size=3),
    st.lists(st.integers(0, 10_000), max_size=12),
)
def test_text_ends_before_the_first_stop_string(
    text: str, stop: list[str], cuts: list[int]
) -> None:
    stream = TextStream(stop)
    shown = ""
    for piece in chunks(text.encode(), cuts):
        shown += stream.push(piece)
        assert not any(stopper in shown for stopper in stop)
        if stream.stopped_by:
            break
    shown += stream.finish()
    found = [text.find(stopper) for stopper in stop if stopper in text]
    if stream.stopped_by:
        assert text.startswith(shown + stream.stopped_by)
    else:
        assert not found
        assert shown == text


def test_an_emoji_split_over_tokens_is_shown_whole() -> None:
    stream = TextStream([])
    data = "🐙".encode()
    assert [stream.push(data[i : i + 1]) for i in range(4)] == ["", "", "", "🐙"]


def test_broken_bytes_at_the_end_are_shown_as_such() -> None:
    stream = TextStream([])
    assert stream.push("é".encode()[:1]) == ""
    assert stream.finish() == "\ufffd"
