"""Merge replay: for every kind of tokenizer it arrives at the tokenizer's own tokens, and every
step is the one that its rule takes."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from engine.process.token_messages import Choice, Merges
from engine.tokens.lattice import best_score
from engine.tokens.merge_history import MAX_CHARACTERS, merge_history, merging
from engine.tokens.merge_replay import replay
from engine.tokens.opened import open_tokenizer
from engine.tokens.tokenizer import Tokenizer
from engine.tokens.vocabulary import vocabulary_of
from tests.engine.tokenizer_files import GGUF_KINDS, JSON_KINDS, json_file

BUILT_IN = ("starter", "cl100k_base", "o200k_base")
NAMES = [
    *BUILT_IN,
    *(f"gguf {kind}" for kind in GGUF_KINDS),
    *(f"json {kind}" for kind in JSON_KINDS),
]
_letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=24)
_known = st.lists(
    st.sampled_from(
        ["hello", "world", " ", "lazy", "Straße", "Öl", "12,345", "\n", "isn't", "世界"]
    )
).map("".join)
_texts = st.one_of(_letters, _known, st.text(max_size=30))


@cache
def tokenizer_named(name: str) -> Tokenizer:
    """A tokenizer for all examples of a test; the folder is of this run."""
    if name in BUILT_IN:
        return open_tokenizer(name)
    family, kind = name.split(" ", 1)
    folder = Path(mkdtemp())
    path = GGUF_KINDS[kind](folder) if family == "gguf" else json_file(folder, kind)
    return open_tokenizer(str(path))


def moments(merges: Merges) -> list[list[bytes]]:
    pieces = list(merges.start)
    found = [list(pieces)]
    for step in merges.steps:
        joined = pieces[step.place] + pieces[step.place + 1]
        assert joined == step.piece
        pieces[step.place : step.place + 2] = [joined]
        found.append(list(pieces))
    return found


@pytest.mark.parametrize("name", NAMES)
@given(word=_texts)
@example(word="")
@example(word="hello world")
@example(word="bathysphere")
@example(word=" 世界 🐙 e\u0301 <think>x")
@settings(max_examples=60, deadline=None)
def test_the_replay_ends_at_the_tokenizers_own_tokens(name: str, word: str) -> None:
    tokenizer = tokenizer_named(name)
    merges = merge_history(tokenizer, word)
    assert merges.ids == tokenizer.encode(word).tolist()
    assert len(merges.pieces) == len(merges.ids)
    if merges.choices:
        check_choices(merges)
    elif merges.kind not in ("Unigram", "WordPiece"):
        assert moments(merges)[-1] == merges.pieces


def check_choices(merges: Merges) -> None:
    """What was taken covers the word once, in order, and is the best there is."""
    taken = [one for one in merges.choices if one.is_taken]
    assert [one.piece for one in taken] == merges.pieces
    assert [one.id for one in taken] == merges.ids
    text = b"".join(merges.pieces)
    assert [one.start for one in taken] == [0, *(one.end for one in taken[:-1])]
    assert taken[-1].end == len(text)
    for one in merges.choices:
        assert text[one.start : one.end] == one.piece
    if merges.kind == "Unigram":
        total = sum(one.score or 0.0 for one in taken)
        assert total == pytest.approx(best_score(merges.choices, len(text)), abs=1e-3)


@pytest.mark.parametrize(
    "name", ["starter", "cl100k_base", "gguf gpt-2", "gguf SentencePiece", "json byte level"]
)
@given(word=_letters)
@settings(max_examples=60, deadline=None)
def test_every_step_merges_the_lowest_rank_leftmost_first(name: str, word: str) -> None:
    tokenizer = tokenizer_named(name)
    merges = merge_history(tokenizer, word)
    _, rank = merging(tokenizer, vocabulary_of(tokenizer))
    for step, pieces in zip(merges.steps, moments(merges), strict=False):
        ranks = [rank(*pieces[at : at + 2]) for at in range(len(pieces) - 1)]
        lowest = min(one for one in ranks if one is not None)
        assert step.place == ranks.index(lowest)


@given(word=_letters)
@settings(max_examples=60, deadline=None)
def test_one_pre_token_is_merged_as_a_whole(word: str) -> None:
    """Merging the letters with nothing known of the outcome gives the tokenizer's own tokens."""
    tokenizer = tokenizer_named("starter")
    symbols, rank = merging(tokenizer, vocabulary_of(tokenizer))
    pieces = replay(symbols(word.encode()), rank).pieces
    assert pieces == [tokenizer.piece(token) for token in tokenizer.encode(word).tolist()]


def test_ranks_are_the_places_in_the_files_list() -> None:
    tokenizer = tokenizer_named("starter")
    merges = merge_history(tokenizer, " bathysphere")
    assert merges.steps
    for step, pieces in zip(merges.steps, moments(merges), strict=False):
        pair = (pieces[step.place], pieces[step.place + 1])
        assert tokenizer.merges[step.rank] == pair
        assert tokenizer.piece(step.id) == step.piece


def test_words_are_merged_one_after_another() -> None:
    """Every merge within the first word comes before every merge within the second."""
    merges = merge_history(tokenizer_named("starter"), "hello world")
    in_second = [
        len(b"".join(pieces[: step.place])) >= len("hello")
        for step, pieces in zip(merges.steps, moments(merges), strict=False)
    ]
    assert in_second == sorted(in_second)
    assert set(in_second) == {False, True}


def test_a_pre_tokenizer_that_takes_words_whole_merges_nothing() -> None:
    pieces = vocabulary_of(tokenizer_named("gguf gpt-2")).pieces
    word = max((one for one in pieces if one.isalpha() and one.isascii()), key=len)
    whole = merge_history(tokenizer_named("gguf llama-bpe"), word.decode())
    merged = merge_history(tokenizer_named("gguf gpt-2"), word.decode())
    assert whole.pieces == merged.pieces == [word]
    assert whole.start == [word] and not whole.steps
    assert len(merged.steps) == len(word) - 1 > 1


def test_a_token_that_text_names_is_not_merged() -> None:
    merges = merge_history(tokenizer_named("gguf gpt-2"), "a<think>b")
    assert merges.start == [b"a", b"<think>", b"b"]


def test_unigram_tells_all_pieces_that_fit_with_scores() -> None:
    tokenizer = tokenizer_named("gguf Unigram")
    merges = merge_history(tokenizer, "hello")
    data = vocabulary_of(tokenizer)
    text = b"".join(merges.pieces)
    expected = {
        (start, end)
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if data.kind(data.id_of.get(text[start:end], 0)) == "normal"
    }
    assert {(one.start, one.end) for one in merges.choices} == expected
    assert all(one.score is not None for one in merges.choices)


def test_a_worse_way_is_not_passed_off_as_the_tokenizers() -> None:
    choices = [
        Choice(0, 1, 1, b"a", -5.0, True),
        Choice(0, 2, 2, b"ab", -1.0, False),
        Choice(1, 2, 3, b"b", -5.0, True),
    ]
    assert best_score(choices, 2) == -1.0


def test_word_piece_takes_the_longest_that_fits() -> None:
    merges = merge_history(tokenizer_named("gguf WordPiece"), "hello worldly")
    for one in merges.choices:
        if one.is_taken and one.score is None:
            rivals = [rival for rival in merges.choices if rival.start == one.start]
            assert one.end == max(rival.end for rival in rivals)


def test_too_long_a_passage_is_refused_in_a_sentence() -> None:
    with pytest.raises(AppError, match="too long to replay: 1,001 characters"):
        merge_history(tokenizer_named("starter"), "a" * (MAX_CHARACTERS + 1))


@given(
    symbols=st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=12),
    pairs=st.lists(st.tuples(*[st.sampled_from([b"a", b"b", b"c", b"ab", b"bc"])] * 2), max_size=8),
)
def test_replay_loses_no_byte_and_leaves_nothing_to_merge(
    symbols: list[bytes], pairs: list[tuple[bytes, bytes]]
) -> None:
    ranks = {pair: rank for rank, pair in enumerate(pairs)}
    rank: Callable[[bytes, bytes], float | None] = lambda *pair: ranks.get(pair)  # noqa: E731
    found = replay(symbols, rank)
    assert b"".join(found.pieces) == b"".join(symbols)
    neighbours = zip(found.pieces, found.pieces[1:], strict=False)
    assert not any(pair in ranks for pair in neighbours)
    assert len(found.start) - len(found.steps) == len(found.pieces)
