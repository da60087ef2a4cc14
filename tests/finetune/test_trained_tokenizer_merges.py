"""Byte pairs: what is shown while it is learned is what the library learns, with true counts."""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library
from tokenizers import models

from engine.process.pretrain_messages import Merge, MergesArrived
from finetune.model import bpe, tokenizer_chars, tokenizer_words
from finetune.model.bpe import TrainedTokenizer, train_tokenizer
from finetune.model.tokenizer_files import N_MARKS, Pair, pre_tokenizer, spelled
from finetune.model.tokenizer_learner import Learner
from finetune.model.tokenizer_library import bpe_trainer, of_library, run_of_words
from finetune.model.tokenizer_shown import shown
from finetune.model.tokenizer_uses import uses_of
from finetune.model.tokenizer_words import WordCounts, Words, parts_of
from finetune.pretraining.bench_tokenizer import measured
from tests.finetune.test_trained_tokenizer import ODD, ended, prose

PARTS = st.sampled_from(
    [*"abcab -_.\n\t\x1c\u3000'9", "the ", " sea", "'s", "  ", "é", "日本", "“x”", "🙂", "\r\n"]
)
TEXTS = st.lists(st.lists(PARTS, max_size=60).map("".join), max_size=6)


def alone(texts: list[str], n_vocab: int) -> TrainedTokenizer:
    """What the library learns by itself from the same text."""
    library = Library(models.BPE())
    library.pre_tokenizer = pre_tokenizer()
    library.train_from_iterator(texts, bpe_trainer(n_vocab))
    return of_library(library)


def counted(texts: list[str]) -> Words:
    counts = WordCounts()
    for text in texts:
        counts.add(text)
    return counts.words()


def slowly(texts: list[str], merges: list[Pair]) -> Iterator[int]:
    """How often each merge joins a pair, by doing so, one merge after the other."""
    words: Counter[tuple[bytes, ...]] = Counter()
    for text in texts:
        for _, (start, end) in pre_tokenizer().pre_tokenize_str(text):
            words[tuple(bytes([one]) for one in text[start:end].encode())] += 1
    for left, right in merges:
        n, after = 0, Counter[tuple[bytes, ...]]()
        for word, count in words.items():
            joined: list[bytes] = []
            at = 0
            while at < len(word):
                if word[at : at + 2] == (left, right):
                    joined.append(left + right)
                    n, at = n + count, at + 2
                else:
                    joined.append(word[at])
                    at += 1
            after[tuple(joined)] += count
        yield n
        words = after


@settings(max_examples=120, deadline=None)
@given(TEXTS)
def test_words_are_counted_as_the_library_cuts_them(texts: list[str]) -> None:
    truth = Counter(word for text in texts for word, _ in pre_tokenizer().pre_tokenize_str(text))
    assert counted(texts) == truth


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 60))
def test_what_is_watched_is_what_the_library_learns(texts: list[str], n: int) -> None:
    words = counted(texts)
    library = alone(texts, 260 + n)
    assert run_of_words(words, 260 + n).trained().merges == library.merges
    ids = {spelled(piece): token for token, piece in enumerate(library.pieces()[:260])}
    ids = {letter: token for letter, token in ids.items() if token >= N_MARKS}
    learner = Learner(words, ids)
    seen = list(itertools.islice(learner.merges(), n))
    sides = [(learner.written(one.left), learner.written(one.right)) for one in seen]
    assert sides == [(spelled(a), spelled(b)) for a, b in library.merges[: len(seen)]]
    made = [left + right for left, right in sides]
    if len(seen) < len(library.merges):  # it ends where a token would be made twice
        a, b = library.merges[len(seen)]
        assert spelled(a + b) in made
    assert [one.count for one in seen] == list(slowly(texts, library.merges[: len(seen)]))
    assert all(piece in one.example for piece, one in zip(made, seen, strict=True))


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.integers(1, 60))
def test_uses_are_what_merging_one_by_one_counts(texts: list[str], n: int) -> None:
    library = alone(texts, 260 + n)
    made = [a + b for a, b in library.merges]
    if len(set(made)) < len(made):
        return
    words = counted(texts)
    uses = uses_of(words, library.pieces(), library.merges)
    assert uses.counts.tolist() == list(slowly(texts, library.merges))
    for (a, b), example, count in zip(library.merges, uses.examples, uses.counts, strict=True):
        assert (spelled(a + b) in example) if count else not example
    n_tokens = sum(len(ids) for ids in library.encode(texts))
    assert uses.bytes_per_token(n) == pytest.approx(uses.n_letters / max(1, n_tokens))


# ---- the whole ----


def told_by(texts: list[str], n_vocab: int) -> tuple[TrainedTokenizer, list[bpe.Told]]:
    told: list[bpe.Told] = []
    steps = train_tokenizer(lambda: texts, "bpe", n_vocab, n_bytes=sum(map(len, texts)))
    while True:
        try:
            told.append(next(steps))
        except StopIteration as stop:
            return stop.value, told


def arrived(told: list[bpe.Told]) -> list[Merge]:
    return [merge for one in told if isinstance(one, MergesArrived) for merge in one.merges]


def test_merges_are_shown_before_the_library_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "WATCHED_BYTES", 1000)
    texts = [prose(200_000), *ODD] * 3
    steps = train_tokenizer(lambda: texts, "bpe", 700)
    first = next(one for one in steps if isinstance(one, MergesArrived))
    assert (len(first.merges), first.n_done, first.n_merges) == (1, 1, 440)
    rest = [one for one in steps if isinstance(one, MergesArrived)]
    merges = first.merges + [merge for one in rest for merge in one.merges]
    truth = alone(texts, 700)
    assert [(one.left, one.right) for one in merges] == [
        (shown(a), shown(b)) for a, b in truth.merges
    ]
    counts = list(slowly(texts, truth.merges))
    assert [one.count for one in merges] == counts


@pytest.mark.parametrize("is_watched", [True, False])
def test_the_kept_one_is_the_librarys(is_watched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "WATCHED_BYTES", 1000 if is_watched else 1 << 30)
    texts = [prose(60_000), *ODD]
    found, told = told_by(texts, 600)
    truth = alone(texts, 600)
    assert (found.pieces(), found.merges) == (truth.pieces(), truth.merges)
    merges = arrived(told)
    assert [one.count for one in merges] == list(slowly(texts, truth.merges))
    assert found.meta["merges"][0]["piece"] == merges[0].piece


def test_a_script_without_blanks_is_left_to_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "WATCHED_BYTES", 20_000)
    chance = random.Random(3)
    signs = [chr(0x4E00 + int(900 * chance.random() ** 3)) for _ in range(12_000)]
    texts = ["".join(signs[at : at + 100]) + "。" for at in range(0, 12_000, 100)]
    counts = WordCounts()
    counts.add("".join(texts))
    assert counts.is_unspaced
    found, told = told_by(texts, 380)
    truth = alone(texts, 380)
    assert (found.pieces(), found.merges) == (truth.pieces(), truth.merges)
    assert [one.count for one in arrived(told)] == list(slowly(texts, truth.merges))


def test_one_giant_word_takes_no_time_and_teaches_nothing() -> None:
    giant = "x" * 400_000
    found, _ = told_by([prose(30_000) + giant, giant], 500)
    assert found.merges == alone([prose(30_000)], 500).merges
    assert len(found.encode([giant])[0]) == len(giant)


def test_a_long_text_is_parted_where_nothing_changes() -> None:
    text = prose(900_000) + " é\u3000日本\x1c" * 9
    parts = list(parts_of(text))
    assert len(parts) == 4 and "".join(parts) == text
    cut = [word for part in parts for word, _ in pre_tokenizer().pre_tokenize_str(part)]
    assert Counter(cut) == Counter(word for word, _ in pre_tokenizer().pre_tokenize_str(text))


def test_a_curve_is_what_shorter_trainings_give() -> None:
    text = prose(50_000)
    found, _ = told_by([text], 500)
    points = {one["n_vocab"]: one["bytes_per_token"] for one in found.meta["curve"]}
    for n_vocab in (276, 356, 500):
        (ids,) = alone([text], n_vocab).encode([text])
        assert points[n_vocab] == pytest.approx(len(text.encode()) / len(ids), abs=1e-3)


def test_an_unreadable_text_is_said_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[str]:
        yield "日本語" * 20_000
        raise ValueError("the disk is gone")

    for least in (1 << 30, 30_000):  # read here, and by the library
        monkeypatch.setattr(bpe, "WATCHED_BYTES", least)
        with pytest.raises(ValueError, match="the disk is gone"):
            ended(train_tokenizer(broken, "bpe", 500))


def test_pieces_are_shown_as_people_read_them() -> None:
    assert shown(b" the\n") == "·the↵"
    assert shown("é".encode()[:1] + b"x\x00") == "<0xC3>x<U+0000>"
    assert shown("“日\u202e".encode()) == "“日<U+202E>"


def test_the_librarys_words_are_bounded() -> None:
    assert tokenizer_words.without_giants("a" * 499 + " b") == "a" * 499 + " b"
    assert tokenizer_words.without_giants("ab " + "_" * 500 + "9" * 500 + "c\ud800d") == "ab   cd"


# ---- bad input, and the bench ----


@pytest.mark.parametrize("texts", [[], [""], ["\ud800"], ["a"]])
def test_no_text_gives_the_bytes_and_a_warning(texts: list[str]) -> None:
    found, told = told_by(texts, 500)
    assert (found.n_vocab, arrived(told)) == (260, [])
    assert any("instead of 500" in one for one in found.meta["warnings"])
    assert [found.pieces()[one] for one in found.encode(["é"])[0]] == [b"\xc3", b"\xa9"]


def test_halves_of_characters_are_passed_over() -> None:
    text = prose(3000)
    truth, _ = told_by([text], 300)
    found, _ = told_by([text[:999] + "\ud83d" + text[999:]], 300)
    assert found.merges == truth.merges
    characters = ended(train_tokenizer(lambda: [text + "\ud83d"], "chars", 0))
    assert characters.pieces() == ended(train_tokenizer(lambda: [text], "chars", 0)).pieces()


def test_a_vocabulary_below_the_bytes_has_them_all_the_same() -> None:
    assert told_by([prose(2000)], 1)[0].n_vocab == 260


def test_what_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "MOST_BYTES", 10_000)
    found, _ = told_by([prose(8000)] * 9, 300)
    assert any("first 0 MB" in one for one in found.meta["warnings"])
    monkeypatch.setattr(tokenizer_chars, "MAX_VOCAB", 262)
    characters = ended(train_tokenizer(lambda: ["ééñña" + "日"], "chars", 0))
    assert characters.n_vocab == 262
    assert any("1 rarest" in one for one in characters.meta["warnings"])
    assert characters.decode(characters.encode(["日é"])[0]) == "日é"


def test_a_closed_training_lets_the_library_go() -> None:
    steps = train_tokenizer(lambda: [prose(30_000)], "bpe", 500)
    next(steps)
    next(steps)
    steps.close()
    for thread in threading.enumerate():
        if thread.name == "tokenizers":
            thread.join(60)
            assert not thread.is_alive()


def test_the_bench_measures_both_on_the_same_text() -> None:
    ours, peer, first = measured([prose(40_000)] * 2, 2)
    assert len(ours) == len(peer) == 2
    assert all(0 < seen <= whole for seen, whole in zip(first, ours, strict=True))
