"""Finding in a text: places in bytes, patterns that are none, patterns that never end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gui.tokens.text_finder import MOST_FOUND, find_text


@given(st.text(), st.text(alphabet="ab é深\U0001f419.*(", min_size=1, max_size=3))
def test_every_place_holds_what_was_looked_for(text: str, query: str) -> None:
    text = text + query
    data = text.encode()
    found = find_text(text, query, "text")
    assert found.problem == "" and len(found.places) >= 1
    assert {data[a:b].decode().lower() for a, b in found.places.tolist()} == {query.lower()}


def test_places_are_bytes_and_in_order() -> None:
    assert find_text("深 a 深A", "a", "text").places.tolist() == [[4, 5], [9, 10]]
    assert find_text("ab ab", r"\bab", "regex").places.tolist() == [[0, 2], [3, 5]]


def test_empty_matches_are_none() -> None:
    assert len(find_text("abc", "x*", "regex").places) == 0


def test_a_pattern_that_never_ends_gets_a_sentence() -> None:
    found = find_text("a" * 5_000 + "b", r"(a|aa)+$", "regex", most_s=0.05)
    assert found.problem.startswith("This expression takes too long")


def test_more_places_than_are_told_of_is_said() -> None:
    found = find_text("a" * (MOST_FOUND + 1), "a", "text")
    assert len(found.places) == MOST_FOUND and not found.is_all
