"""Ids are those of the library that each tokenizer stands for, and spans cover the text once."""

from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as C
import numpy as np
import pytest
import tiktoken
import tiktoken_ext.openai_public as published
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library

from engine.errors import AppError
from engine.tokens import openai
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.json_file import JsonTokenizer
from engine.tokens.openai import ENCODINGS, OpenAiTokenizer
from engine.tokens.opened import open_tokenizer
from engine.tokens.tokenizer import Tokenizer
from tests.engine.some_texts import TEXTS
from tests.engine.tokenizer_files import GGUF_KINDS, JSON_KINDS, json_file

EXAMPLES = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module", params=["starter", *GGUF_KINDS])
def of_gguf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    if request.param == "starter":
        return open_tokenizer("starter")
    return open_tokenizer(str(GGUF_KINDS[request.param](tmp_path_factory.mktemp("gguf"))))


@pytest.fixture(scope="module", params=list(JSON_KINDS))
def json_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return json_file(tmp_path_factory.mktemp("json"), request.param)


@pytest.fixture(scope="module", params=list(ENCODINGS))
def of_openai(request: pytest.FixtureRequest) -> OpenAiTokenizer:
    return OpenAiTokenizer(request.param)


def llama_ids(handle: Any, text: str, special: bool) -> list[int]:
    """llama.cpp, asked in C."""
    data = text.encode()
    buffer = (C.llama_token * (len(data) + 16))()
    n = C.llama_tokenize(handle, data, len(data), buffer, len(buffer), special, special)
    assert n >= 0
    return list(buffer[:n])


def covers(tokenizer: Tokenizer, text: str, *, special: bool = False) -> None:
    """Spans cover the bytes once, in order; text_ok says whether the pieces are the text."""
    tokens = tokenizer.tokens(text, special=special)
    assert np.array_equal(tokens.ids, tokenizer.encode(text, special=special))
    assert tokens.ids.shape == tokens.lengths.shape == tokens.special.shape
    assert (tokens.lengths >= 0).all()
    if len(tokens.ids):
        assert int(tokens.lengths.sum()) == len(text.encode())
    if not special:
        pieces = [tokenizer.piece(token) for token in tokens.ids.tolist()]
        assert tokens.text_ok == (b"".join(pieces) == text.encode())
        if tokens.text_ok:
            assert tokens.lengths.tolist() == list(map(len, pieces))


@EXAMPLES
@given(text=TEXTS, special=st.booleans())
def test_gguf_ids_are_llama_cpps_own(of_gguf: Tokenizer, text: str, special: bool) -> None:
    assert isinstance(of_gguf, GgufTokenizer)
    expected = llama_ids(of_gguf.vocab.handle, text, special)
    assert of_gguf.encode(text, special=special).tolist() == expected


@EXAMPLES
@given(text=TEXTS, special=st.booleans())
def test_gguf_spans_cover_the_text_once(of_gguf: Tokenizer, text: str, special: bool) -> None:
    covers(of_gguf, text, special=special)


@EXAMPLES
@given(text=TEXTS)
def test_json_ids_are_the_librarys_own(json_path: Path, text: str) -> None:
    ours, theirs = JsonTokenizer(json_path, ""), Library.from_file(str(json_path))
    assert ours.encode(text, special=True).tolist() == theirs.encode(text).ids
    theirs.encode_special_tokens = True
    assert ours.encode(text).tolist() == theirs.encode(text, add_special_tokens=False).ids


@EXAMPLES
@given(text=TEXTS, special=st.booleans())
def test_json_spans_cover_the_text_once(json_path: Path, text: str, special: bool) -> None:
    covers(JsonTokenizer(json_path, ""), text, special=special)


@pytest.fixture(scope="module")
def tiktokens(of_openai: OpenAiTokenizer) -> tiktoken.Encoding:
    """tiktoken's own encoding, by its own constructor; only the table is the packaged one."""
    with pytest.MonkeyPatch.context() as patch:
        table = openai.read_ranks(of_openai.info.source)
        patch.setattr(published, "load_tiktoken_bpe", lambda *_, **__: table)
        return tiktoken.Encoding(**getattr(published, of_openai.info.source)())


@EXAMPLES
@given(text=TEXTS)
def test_openai_ids_are_tiktokens_own(
    of_openai: OpenAiTokenizer, tiktokens: tiktoken.Encoding, text: str
) -> None:
    assert of_openai.encode(text).tolist() == tiktokens.encode_ordinary(text)
    special = tiktokens.encode(text, allowed_special="all")
    assert of_openai.encode(text, special=True).tolist() == special
    covers(of_openai, text)
    covers(of_openai, text, special=True)


@EXAMPLES
@given(text=TEXTS, special=st.booleans())
def test_the_way_around_tiktokens_limit_gives_the_same_ids(
    of_openai: OpenAiTokenizer, text: str, special: bool
) -> None:
    expected = of_openai.encode(text, special=special)
    assert np.array_equal(of_openai.encode_long_runs(text, special), expected)


def test_a_run_that_tiktoken_refuses_has_tokens() -> None:
    tokenizer = OpenAiTokenizer("o200k_base")
    text = "begin" + " " * 1_000_000 + "end<|endoftext|>"
    tokens = tokenizer.tokens(text, special=True)
    assert int(tokens.lengths.sum()) == len(text)
    assert tokens.ids[-1] == 199999 and tokens.special[-1] == 1
    short = tokenizer.encode("begin" + " " * 1_000 + "end").tolist()
    assert tokens.ids[-2] == short[-1] and tokens.ids[0] == short[0]


def test_tables_are_the_published_ones() -> None:
    """By the hashes that tiktoken checks what it fetches against."""
    hashes = {
        "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    }
    for source, expected in hashes.items():
        assert openai.table_hash(source) == expected


@pytest.mark.parametrize("source", ["starter", *ENCODINGS])
def test_half_a_character_is_refused_in_words(source: str) -> None:
    tokenizer = open_tokenizer(source)
    for text in ("\ud800", "a\udfffb", "\udc00\ud800"):
        with pytest.raises(AppError, match="half a character"):
            tokenizer.tokens(text)


def test_json_refuses_half_a_character(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="half a character"):
        JsonTokenizer(json_file(tmp_path, "byte level"), "").encode("\ud800")


def test_special_tokens_are_text_unless_asked_for() -> None:
    tokenizer = open_tokenizer("cl100k_base")
    plain, special = (tokenizer.tokens("a<|endoftext|>", special=on) for on in (False, True))
    assert not plain.special.any() and len(plain.ids) > 2
    assert special.ids.tolist()[1:] == [100257] and special.special.tolist() == [0, 1]
    assert special.lengths.tolist() == [1, 13]


def test_bos_and_eos_come_only_where_asked_for(tmp_path: Path) -> None:
    spm = open_tokenizer(str(GGUF_KINDS["SentencePiece"](tmp_path)))
    assert 1 not in spm.encode("Hello world").tolist()
    tokens = spm.tokens("Hello world", special=True)
    assert tokens.ids[0] == 1 and tokens.lengths[0] == 0 and tokens.special[0] == 1
    unigram = open_tokenizer(str(GGUF_KINDS["Unigram"](tmp_path)))
    assert unigram.tokens("Hello", special=True).ids[-1] == 1
    assert unigram.tokens("Hello", special=True).lengths[-1] == 0
    assert (spm.n_added, unigram.n_added) == ((1, 0), (0, 1))
