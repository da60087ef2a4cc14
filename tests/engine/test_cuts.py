"""A text cut where a tokenizer permits it has the tokens of the whole, and an edit changes nothing
beyond the cuts around it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.process.cuts import RIGHT_OF, chunk_ends, find_cut
from engine.tokens.cut_kinds import cut_kinds
from engine.tokens.long_text import chunks
from engine.tokens.opened import open_tokenizer
from engine.tokens.tokenizer import Tokenizer, Tokens, joined
from tests.engine.some_texts import TEXTS
from tests.engine.tokenizer_files import (
    GGUF_KINDS,
    JSON_KINDS,
    OTHER_BPE_NAMES,
    gguf_bpe,
    json_file,
)

BUILT_IN = ("starter", "cl100k_base", "o200k_base")
ALL = list(RIGHT_OF)


@pytest.fixture(
    scope="module",
    params=[
        *BUILT_IN,
        *(f"GGUF {name}" for name in GGUF_KINDS),
        *(f"JSON {n}" for n in JSON_KINDS),
    ],
)
def tokenizer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Tokenizer:
    kind, _, name = request.param.partition(" ")
    folder = tmp_path_factory.mktemp("tokenizer")
    if kind == "GGUF":
        return open_tokenizer(str(GGUF_KINDS[name](folder)))
    return open_tokenizer(str(json_file(folder, name)) if kind == "JSON" else kind)


def in_chunks(tokenizer: Tokenizer, text: str, size: int, *, special: bool = False) -> Tokens:
    return joined([one.tokens for one in chunks(tokenizer, text, special=special, size=size)])


def assert_equal(found: Tokens, expected: Tokens) -> None:
    assert found.ids.tolist() == expected.ids.tolist()
    assert found.lengths.tolist() == expected.lengths.tolist()
    assert found.special.tolist() == expected.special.tolist()
    assert found.text_ok == expected.text_ok


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, size=st.integers(1, 12), special=st.booleans())
def test_chunks_have_the_tokens_of_the_whole(
    tokenizer: Tokenizer, text: str, size: int, special: bool
) -> None:
    whole = tokenizer.tokens(text, special=special)
    assert_equal(in_chunks(tokenizer, text, size, special=special), whole)


@settings(max_examples=60, deadline=None)
@given(before=TEXTS, removed=TEXTS, put=TEXTS, after=TEXTS)
def test_an_edit_changes_nothing_beyond_the_cuts_around_it(
    tokenizer: Tokenizer, before: str, removed: str, put: str, after: str
) -> None:
    """What the editor does: a cut counts as kept where both characters beside it are."""
    old, new = before + removed + after, before + put + after
    kinds = tokenizer.info.cuts
    left = find_cut(new, len(before) - 1, -1, kinds, len(new))
    right = find_cut(new, len(before) + len(put) + 1, 1, kinds, len(new))
    low, high = max(left, 0), right if right >= 0 else len(new)
    old_tokens = tokenizer.tokens(old)
    n_before = len(old[:low].encode())
    n_after = len(new[high:].encode())
    middle = tokenizer.tokens(new[low:high], inside=low > 0)
    first = _count(old_tokens, n_before) if low else 0
    kept = old_tokens.part(0, first)
    last = _count(old_tokens, len(old.encode()) - n_after) if n_after else len(old_tokens.ids)
    rest = old_tokens.part(last, len(old_tokens.ids))
    expected = tokenizer.tokens(new)
    found = joined([kept, middle, rest])
    assert found.ids.tolist() == expected.ids.tolist()
    assert found.lengths.tolist() == expected.lengths.tolist()


def _count(tokens: Tokens, n_bytes: int) -> int:
    """How many tokens cover the first bytes; a cut is a border between two of them."""
    ends = np.cumsum(tokens.lengths)
    n = int(np.searchsorted(ends, n_bytes, "right"))
    assert n and ends[n - 1] == n_bytes
    return n


@pytest.mark.parametrize("pre", OTHER_BPE_NAMES)
def test_every_pre_tokenizer_of_llama_cpp_can_be_cut(pre: str, tmp_path: Path) -> None:
    tokenizer = open_tokenizer(str(gguf_bpe(tmp_path, pre)))
    assert tokenizer.info.cuts == ALL

    @settings(max_examples=25, deadline=None)
    @given(text=TEXTS, size=st.integers(1, 12))
    def check(text: str, size: int) -> None:
        assert_equal(in_chunks(tokenizer, text, size), tokenizer.tokens(text))

    check()


def test_vocabularies_that_rewrite_are_never_cut(tmp_path: Path) -> None:
    for name in ("WordPiece", "Unigram"):
        assert open_tokenizer(str(GGUF_KINDS[name](tmp_path))).info.cuts == []
        assert open_tokenizer(str(json_file(tmp_path, name))).info.cuts == []


def test_tokens_across_words_forbid_a_cut_there(tmp_path: Path) -> None:
    tokenizer = open_tokenizer(str(json_file(tmp_path, "byte level, across words")))
    assert tokenizer.info.is_exact and "space" not in tokenizer.info.cuts


def test_cuts_are_permitted_where_no_token_holds_the_pair() -> None:
    assert cut_kinds([b"word", b" word", b"- ", b"\n\n"], []) == ALL
    assert cut_kinds([b"a b"], []) == ["newline", "tab", "cjk"]
    assert cut_kinds(["é\t".encode()], []) == ["space", "newline", "cjk"]
    assert cut_kinds(["字。".encode()], []) == ["space", "newline", "tab"]


def test_a_part_of_a_character_counts_as_a_letter() -> None:
    assert "newline" not in cut_kinds([b"\xa9\n"], [])
    assert "cjk" not in cut_kinds(["字".encode() + b"\xe3\x80"], [])
    assert "cjk" not in cut_kinds(["字".encode() + b"\xef"], [])
    assert "cjk" in cut_kinds(["字".encode(), b"\xef\xbc"], [])


def test_a_token_that_swallows_space_after_a_letter_forbids_all() -> None:
    assert cut_kinds([b"<end>"], [b"<end>"]) == ALL
    assert cut_kinds([b"end"], [b"end"]) == []


# ---- looking for cuts ----


def test_the_nearest_cut_on_either_side() -> None:
    text = "one two, three"
    assert find_cut(text, 5, -1, ALL, 100) == 3
    assert find_cut(text, 3, -1, ALL, 100) == 3
    assert find_cut(text, 3, 1, ALL, 100) == 3
    assert find_cut(text, 4, 1, ALL, 100) == -1  # after the comma is no letter


def test_a_cut_beyond_the_limit_is_not_found() -> None:
    text = "a" * 1000 + " b"
    assert find_cut(text, 0, 1, ALL, 999) == -1
    assert find_cut(text, 0, 1, ALL, 1000) == 1000
    text = "a b" + "a" * 1000
    assert find_cut(text, 1001, -1, ALL, 999) == -1
    assert find_cut(text, 1001, -1, ALL, 1000) == 1


def test_the_ends_of_a_text_are_no_cuts() -> None:
    assert find_cut(" a", 0, 1, ALL, 10) == -1
    assert find_cut("abc", 3, -1, ALL, 10) == -1
    assert find_cut("", 0, 1, ALL, 10) == find_cut("", 0, -1, ALL, 10) == -1
    assert find_cut("a b", 1, 1, [], 10) == -1


@settings(deadline=None)
@given(
    text=TEXTS, at=st.integers(0, 60), limit=st.integers(0, 60), kinds=st.sets(st.sampled_from(ALL))
)
def test_find_cut_is_the_plain_search(text: str, at: int, limit: int, kinds: set[str]) -> None:
    at = min(at, len(text))
    signs = "".join(RIGHT_OF[kind] for kind in kinds)
    cuts = [i for i in range(1, len(text)) if text[i] in signs and text[i - 1].isalpha()]
    left = [cut for cut in cuts if at - limit <= cut <= at]
    right = [cut for cut in cuts if at <= cut <= at + limit]
    assert find_cut(text, at, -1, sorted(kinds), limit) == max(left, default=-1)
    assert find_cut(text, at, 1, sorted(kinds), limit) == min(right, default=-1)


def test_chunks_end_at_cuts_and_at_the_end() -> None:
    text = "word " * 100
    ends = chunk_ends(text, ALL, 20)
    assert ends[-1] == len(text) and all(text[end] == " " for end in ends[:-1])
    assert max(np.diff([0, *ends])) <= 25
    assert chunk_ends("a" * 1000, ALL, 10) == [1000]
    assert chunk_ends("", ALL, 10) == [0]
