"""Tokenizers that are trained here: the same ids in all engines, nothing dropped, files whole."""

import json
import random
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library

from engine.cli import main as command_line
from engine.errors import AppError
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.merge_history import merge_history
from engine.tokens.opened import open_tokenizer
from finetune.export.gguf_stream import write_gguf
from finetune.model.bpe import TrainedTokenizer, open_trained, train_tokenizer
from finetune.model.chat_marks import MARKS
from finetune.model.tokenizer_files import N_MARKS
from finetune.model.tokenizer_trained import GGUF, JSON, META
from finetune.pretraining.config import TokenizerKind

T = TypeVar("T")
KINDS: tuple[TokenizerKind, ...] = ("bpe", "chars", "bytes")
ODD = (
    "The sea lay still, and the lamp said “good night” to it. Ünder the sea, 12 lamps 🙂!\r\n",
    "",
    "<|end|> <|user|>don't<|assistant|> they'll  ",
    "日本 \x00\x07\x1c naïve\r\n\n  x\u3000\u00a0y \u2028 👩‍👩‍👧 e\u0301",
    "n\u0661\u0662 \u1c8a a\ua7cbA \U00010d4a1\U000116d0 ½ⅷ",  # of Unicode 16 too
    "a" * 300 + " " * 70 + "\n" * 9,
)


def ended(steps: Generator[Any, None, T]) -> T:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: T = stop.value
            return found


def prose(n: int) -> str:
    """A text of some n characters in which words stand as often as in a language."""
    chance = random.Random(5)
    letters = "etaoinshrdlu" * 3 + "cmfwypvbgk"
    words = ["".join(chance.choices(letters, k=chance.randint(1, 9))) for _ in range(400)]
    weights = [1 / rank for rank in range(1, 401)]
    said = " ".join(chance.choices(words, weights, k=n // 5))
    return (said.replace(" at ", ". The naïve “sea” – ") + "\n")[:n]


def trained(kind: TokenizerKind, n_vocab: int = 420, text: str = "") -> TrainedTokenizer:
    return ended(train_tokenizer(lambda: [text or prose(20_000) + ODD[0] * 3], kind, n_vocab))


@cache
def pair(kind: TokenizerKind, folder: Path) -> tuple[TrainedTokenizer, GgufTokenizer]:
    """A tokenizer as its folder gives it, and llama.cpp's of the same folder."""
    trained(kind).save(folder / kind)
    llama = open_tokenizer(str(folder / kind / GGUF))
    assert isinstance(llama, GgufTokenizer)
    return open_trained(folder / kind), llama


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokenizers")


def same_ids(kind: TokenizerKind, folder: Path, text: str) -> None:
    ours, llama = pair(kind, folder)
    (ids,) = ours.encode([text])
    assert ids.dtype == np.int32
    assert ids.tolist() == llama.vocab.tokenize(text).tolist()
    assert ours.decode(ids) == text
    assert not set(ids.tolist()) & set(range(N_MARKS))


# ---- ids ----


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ODD)
def test_ids_agree_in_both_engines(kind: TokenizerKind, folder: Path, text: str) -> None:
    same_ids(kind, folder, text)


@pytest.mark.parametrize("kind", KINDS)
def test_ids_agree_for_any_text(kind: TokenizerKind, folder: Path) -> None:
    signs = st.sampled_from(
        [*"aet 's1.-\n\r\t'", *MARKS, "the", " sea", "é", "“", "日", "🙂", "\u0301"]
    )
    texts = st.lists(st.one_of(signs, st.characters(exclude_categories=["Cs"])), max_size=40)

    @settings(max_examples=150, deadline=None)
    @given(texts)
    def agree(parts: list[str]) -> None:
        same_ids(kind, folder, "".join(parts))

    agree()


def test_every_character_is_cut_alike(tmp_path: Path) -> None:
    """A vocabulary in which each of four signs merges with whatever byte follows it within a word:
    so the ids tell what either engine holds for a letter, a number, a sign or a blank."""
    singles = [bytes([value]) for value in range(256)]
    merges = [(sign.encode(), one) for sign in "a1!\n" for one in singles]
    pieces = [*(mark.encode() for mark in MARKS), *singles, *(a + b for a, b in merges)]
    TrainedTokenizer("bpe", pieces, merges).save(tmp_path / "probe")
    ours, llama = open_trained(tmp_path / "probe"), open_tokenizer(str(tmp_path / "probe" / GGUF))
    characters = list(map(chr, cut_by_tables()))
    for start in range(0, len(characters), 10_000):
        part = characters[start : start + 10_000]
        text = "".join(f"a{one}_1{one}a!{one}a\n{one}a" for one in part)
        assert np.array_equal(ours.encode([text])[0], llama.encode(text)), hex(ord(part[0]))


def cut_by_tables() -> list[int]:
    """Code points: all of them up to the emoji, of large blocks of one kind every 31st."""
    alike = [(0x3400, 0xA000), (0xAC00, 0xD7A4), (0xE000, 0xF900), (0x17000, 0x18D00)]
    alike += [(0x20000, 0x33480), (0xE0000, 0x110000)]
    blocks = [code for first, end in alike for code in (first, *range(first + 1, end - 1, 31))]
    single = set(range(0x1FC00)) - set(range(0xD800, 0xE000))
    return sorted(single - {one for block in alike for one in range(*block)} | set(blocks))


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_character_is_refused_by_both(kind: TokenizerKind, folder: Path) -> None:
    ours, llama = pair(kind, folder)
    for refuse in (lambda: ours.encode(["a\ud800b"]), lambda: llama.encode("a\ud800b")):
        with pytest.raises(AppError, match="surrogate"):
            refuse()


def test_a_character_vocabulary_has_a_token_for_each_character(folder: Path) -> None:
    ours, _ = pair("chars", folder)
    (ids,) = ours.encode([ODD[0]])
    assert len(ids) == len(ODD[0])
    assert len(ours.encode(["日"])[0]) == 3  # never seen: its bytes
    assert [ours.pieces()[one] for one in ids[:3]] == [b"T", b"h", b"e"]


@pytest.mark.parametrize("kind", KINDS)
def test_long_texts_have_the_ids_of_the_whole(kind: TokenizerKind, folder: Path) -> None:
    text = (prose(150_000) + " été 日本語" * 30) * 2
    ours, _ = pair(kind, folder)
    library = Library.from_file(str(folder / kind / JSON))
    assert ours.encode([text])[0].tolist() == library.encode(text).ids
    assert ours.encode([text, text])[1].tolist() == library.encode(text).ids


# ---- files ----


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_is_opened_as_it_was_saved(kind: TokenizerKind, folder: Path) -> None:
    ours, llama = pair(kind, folder)
    first = trained(kind)
    assert (ours.kind, ours.pieces(), ours.merges) == (kind, first.pieces(), first.merges)
    assert {**ours.meta, "seconds": 0} == {**first.meta, "seconds": 0, "kind": kind}
    assert llama.info.n_tokens == ours.n_vocab
    assert llama.info.eos == ours.end_id == 0
    assert llama.info.pre_tokenizer == "gpt-2"
    data, lengths = llama.pieces
    ends = np.cumsum(lengths).tolist()
    assert ours.pieces() == [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert (llama.vocab.end_ids, sorted(llama.vocab.special_tokens)) == ([0], sorted(MARKS))


def test_the_tokens_room_replays_its_merges(folder: Path) -> None:
    for kind in KINDS:
        ours, llama = pair(kind, folder)
        found = merge_history(llama, "naïve")
        assert found.ids == ours.encode(["naïve"])[0].tolist()
        assert b"".join(found.pieces).decode() == "naïve"


def test_tokenize_takes_its_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, _ = pair("bpe", folder)
    text = "the naïve sea"
    for source in (folder / "bpe" / GGUF, folder / "bpe" / JSON):
        assert command_line(["tokenize", text, "--tokenizer", str(source), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["ids"] == ours.encode([text])[0].tolist()


def test_saving_anew_replaces_the_whole_folder(tmp_path: Path) -> None:
    place = tmp_path / "one"
    trained("chars").save(place)
    (place / "left.txt").write_text("of the old one", encoding="utf-8")
    (tmp_path / ".one.999999999.abcd.part").mkdir()  # of a process that was killed
    trained("bytes").save(place)
    assert sorted(one.name for one in place.iterdir()) == sorted([JSON, GGUF, META])
    assert open_trained(place).kind == "bytes"
    assert list(tmp_path.iterdir()) == [place]


def test_a_refusing_disk_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "one"
    trained("chars").save(place)

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("finetune.export.gguf_stream.Hashed", refuse)
    with pytest.raises(AppError, match="disk is full"):
        trained("bytes").save(place)
    monkeypatch.undo()
    assert open_trained(place).kind == "chars"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / META).unlink(),
        lambda folder: (folder / META).write_text("{", encoding="utf-8"),
        lambda folder: (folder / JSON).write_text('{"model": 3}', encoding="utf-8"),
        lambda folder: (folder / META).write_text('{"kind": "runes"}', encoding="utf-8"),
    ],
)
def test_a_damaged_folder_is_said_in_words(damage: Any, tmp_path: Path) -> None:
    trained("bytes").save(tmp_path / "one")
    damage(tmp_path / "one")
    with pytest.raises(AppError, match="tokenizer"):
        open_trained(tmp_path / "one")


def test_entries_carry_a_template(tmp_path: Path) -> None:
    entries = trained("bytes").gguf_entries("{{ messages }}")
    write_gguf(tmp_path / "one.gguf", entries, [], lambda _: iter(()))
    assert b"tokenizer.chat_template" in (tmp_path / "one.gguf").read_bytes()
