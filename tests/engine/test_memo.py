"""Texts put together of parts that are known have the tokens that llama.cpp gives the whole."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.tokens.gguf import GgufTokenizer
from engine.tokens.memo import SHORTEST, apart_in
from engine.tokens.opened import open_tokenizer
from tests.engine.some_texts import TEXTS
from tests.engine.tokenizer_files import BPE_NAMES, GGUF_KINDS, OTHER_BPE_NAMES, gguf_bpe

CODE = "def f(x):\n    return [y.z for y in x if 'it''s' == \"a\"]  # don't, please\n\n" * 3
# Letters, signs and white space side by side in every way.
CLOSE = st.text("aab1é字 \n\t\r()'_.,:\"<>/\u0301\u00a0", max_size=80)


def opened(name: str, folder: Path) -> GgufTokenizer:
    path = "starter" if name == "starter" else str(gguf_bpe(folder, name))
    tokenizer = open_tokenizer(path)
    assert isinstance(tokenizer, GgufTokenizer)
    return tokenizer


@pytest.mark.parametrize("name", ["starter", *BPE_NAMES, *OTHER_BPE_NAMES])
def test_parts_have_the_tokens_of_the_whole(name: str, tmp_path: Path) -> None:
    tokenizer = opened(name, tmp_path)
    memo = tokenizer.memo
    assert memo is not None
    n_used = 0

    @settings(max_examples=60, deadline=None)
    @given(text=TEXTS | CLOSE, around=st.sampled_from(["", CODE]))
    def check(text: str, around: str) -> None:
        nonlocal n_used
        whole = around + text + around
        found = memo.encode(whole)
        if found is not None:
            n_used += 1
            assert found.tolist() == tokenizer.vocab.tokenize(whole).tolist()

    check()
    assert n_used


def test_a_long_text_goes_through_it(tmp_path: Path) -> None:
    tokenizer = opened("starter", tmp_path)
    text = CODE * (SHORTEST // len(CODE) + 1)
    assert tokenizer.memo is not None and tokenizer.memo.encode(text) is not None
    assert np.array_equal(tokenizer.encode(text), tokenizer.vocab.tokenize(text))


def test_a_dropped_character_leaves_the_text_whole(tmp_path: Path) -> None:
    tokenizer = opened("starter", tmp_path)
    text = CODE * (SHORTEST // len(CODE) + 1) + " a \x04 b"
    assert tokenizer.memo is not None and tokenizer.memo.encode("one two \x04 three four") is None
    assert np.array_equal(tokenizer.encode(text), tokenizer.vocab.tokenize(text))


def test_other_vocabularies_have_none(tmp_path: Path) -> None:
    for name in ("SentencePiece", "WordPiece", "Unigram"):
        tokenizer = open_tokenizer(str(GGUF_KINDS[name](tmp_path)))
        assert isinstance(tokenizer, GgufTokenizer) and tokenizer.memo is None


def test_only_what_no_token_holds_is_apart() -> None:
    assert apart_in([b"word", b" word", b"((", b"\n "]).white == " \n\t\r"
    assert apart_in([b");\n", b"a("]).white == " \t\r"
    assert "(" not in apart_in([b"a("]).signs and ")" in apart_in([b"a("]).signs
    assert apart_in(["é ".encode()]).white == "\n\t\r"
