"""Whole vocabularies: read, filtered, checked."""

import re
import time
import unicodedata
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AppError, JobCancelledError
from engine.process.token_messages import REACHES, TOKEN_KINDS, FilterVocabulary
from engine.tokens.tokenizer import Ids
from engine.tokens.vocabulary import VocabularyData, vocabulary_of
from engine.tokens.vocabulary_check import check_vocabulary
from engine.tokens.vocabulary_filter import filter_vocabulary
from tests.engine.test_merges import NAMES, tokenizer_named


def no_step(fraction: float) -> None:
    assert 0.0 <= fraction <= 1.0


def found(data: VocabularyData, **fields: object) -> list[int]:
    request = FilterVocabulary(job=1, source="", **fields)  # type: ignore[arg-type]
    return list(map(int, filter_vocabulary(data, request, no_step)))


@pytest.fixture(scope="module")
def starter_data() -> VocabularyData:
    return vocabulary_of(tokenizer_named("starter"))


@pytest.mark.parametrize("name", NAMES)
def test_the_vocabulary_is_the_tokenizers_own(name: str) -> None:
    tokenizer = tokenizer_named(name)
    data = vocabulary_of(tokenizer)
    n_tokens = tokenizer.info.n_tokens
    assert len(data) == len(data.kinds) == len(data.figures) == n_tokens
    for token in range(0, n_tokens, max(1, n_tokens // 500)):
        assert data.pieces[token] == tokenizer.piece(token)
    assert np.array_equal(data.figures, tokenizer.figures, equal_nan=True)
    assert vocabulary_of(tokenizer) is data


@given(text=st.text(min_size=1, max_size=3) | st.sampled_from(["Sphere", "ß", "deep ", "\n"]))
@settings(max_examples=80, deadline=None)
def test_text_is_found_in_letters_of_either_case(text: str) -> None:
    data = vocabulary_of(tokenizer_named("starter"))
    wanted = text.casefold()
    expected = [at for at, one in enumerate(data.texts) if wanted in one.casefold()]
    assert found(data, text=text) == expected


def test_a_pattern_is_found_as_re_finds_it(starter_data: VocabularyData) -> None:
    for pattern in (r"^ [A-Z]+$", r"\d", r"(?i)SPHERE", r"^$"):
        expected = [at for at, one in enumerate(starter_data.texts) if re.search(pattern, one)]
        assert found(starter_data, text=pattern, mode="regex") == expected


def test_ids_and_ranges(starter_data: VocabularyData) -> None:
    assert found(starter_data, text="5, 100-103; #7", mode="id") == [5, 7, 100, 101, 102, 103]
    assert found(starter_data, text="999999999", mode="id") == []
    with pytest.raises(AppError, match="“x” is no id"):
        found(starter_data, text="5, x", mode="id")


def test_length_script_and_kind(starter_data: VocabularyData) -> None:
    long_ones = found(starter_data, min_length=12, max_length=13)
    assert long_ones
    assert {len(starter_data.texts[token]) for token in long_ones} == {12, 13}
    cyrillic = found(starter_data, script="Cyrillic")
    assert cyrillic
    for token in cyrillic:
        letters = [one for one in starter_data.texts[token] if one.isalpha()]
        assert "CYRILLIC" in unicodedata.name(letters[0])
    control = found(starter_data, kind="control")
    assert control == np.flatnonzero(starter_data.kinds == TOKEN_KINDS.index("control")).tolist()
    assert found(starter_data, script="Klingon") == []


def test_longest_first(starter_data: VocabularyData) -> None:
    ids = found(starter_data, order="longest")
    lengths = [len(starter_data.texts[token]) for token in ids]
    assert sorted(ids) == list(range(len(starter_data)))
    assert lengths == sorted(lengths, reverse=True)


def test_a_broken_pattern_gets_a_sentence(starter_data: VocabularyData) -> None:
    with pytest.raises(AppError, match="no regular expression"):
        found(starter_data, text="((", mode="regex")


def test_a_hostile_pattern_cannot_hold_the_worker(
    starter_data: VocabularyData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.tokens.vocabulary_filter.LONGEST_S", 0.2)
    start = time.monotonic()
    with pytest.raises(AppError, match="takes too long"):
        found(starter_data, text=r"^(=|=|==)+!", mode="regex")
    assert time.monotonic() - start < 10


def test_a_search_that_nobody_wants_ends(starter_data: VocabularyData) -> None:
    def cancelled(_: float) -> None:
        raise JobCancelledError

    request = FilterVocabulary(job=1, source="", text="a", mode="regex")
    with pytest.raises(JobCancelledError):
        filter_vocabulary(starter_data, request, cancelled)


# ---- the round trip ----


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("gguf", "json"))])
def test_the_check_says_what_the_tokenizer_does(name: str) -> None:
    tokenizer = tokenizer_named(name)
    data = vocabulary_of(tokenizer)
    reach = check_vocabulary(tokenizer, data, no_step)
    produced = seen_in_texts(tokenizer.encode)
    for token, number in enumerate(reach.tolist()):
        said = REACHES[number]
        piece = data.pieces[token]
        if said == "never":
            assert token not in produced, piece
        elif said == "reached":
            assert tokenizer.encode(piece.decode(), inside=True).tolist() == [token]
        elif said == "part":
            assert piece.decode("utf-8", "ignore").encode() != piece
        elif said == "special":
            assert data.kind(token) in ("control", "unknown")


def seen_in_texts(encode: Callable[[str], Ids]) -> set[int]:
    from tests.engine.tokenizer_files import CORPUS

    texts = [*CORPUS, *(text[at:] for text in CORPUS for at in range(0, len(text), 3))]
    return {token for text in texts for token in encode(text).tolist()}


def test_a_token_that_no_merge_makes_is_out_of_reach() -> None:
    """<think> is user-defined and found as written; the last merge's token, taken out of the list
    of merges, is not."""
    tokenizer = tokenizer_named("gguf gpt-2")
    data = vocabulary_of(tokenizer)
    reach = check_vocabulary(tokenizer, data, no_step)
    assert REACHES[reach[data.id_of[b"<think>"]]] == "reached"
    glitch = WithoutLastMerge(tokenizer)
    last = data.id_of[b"".join(tokenizer.merges[-1])]
    assert REACHES[check_vocabulary(glitch, data, no_step)[last]] == "never"  # type: ignore[arg-type]


class WithoutLastMerge:
    """A tokenizer whose last token no merge makes."""

    def __init__(self, tokenizer: object) -> None:
        self._tokenizer = tokenizer
        self.merges = tokenizer.merges[:-1]  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._tokenizer, name)

    def encode(self, text: str, **_: object) -> Ids:
        from engine.tokens.merge_replay import replay

        ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        data = text.encode()
        symbols = [data[at : at + 1] for at in range(len(data))]
        pieces = replay(symbols, lambda *pair: ranks.get(pair)).pieces
        ids = vocabulary_of(self._tokenizer).id_of  # type: ignore[arg-type]
        return np.array([ids[piece] for piece in pieces], np.int32)
