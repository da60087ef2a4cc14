"""A corpus as whoever learns from it reads it: plain files and folders."""

import os
from pathlib import Path

import pytest

from engine.errors import AppError
from finetune.corpus.corpus import Corpus, open_corpus
from tests.finetune.corpora_made import prose


def one_text(path: Path, n: int = 4000) -> str:
    text = "".join(f"Line {number} of it, café.\n" for number in range(n))
    path.write_text(text, encoding="utf-8")
    return text


def many_texts(folder: Path, n: int) -> list[str]:
    texts = [f"Document {number}: {prose(number, 60)}" for number in range(n)]
    for number, text in enumerate(texts):
        (folder / f"{number:03}.txt").write_text(text)
    return texts


def test_a_single_text_is_split_at_its_end_exactly(tmp_path: Path) -> None:
    text = one_text(tmp_path / "a.txt")
    corpus = open_corpus(tmp_path / "a.txt", 0.1)
    train, held_out = "".join(corpus.train()), "".join(corpus.held_out())
    assert corpus.is_one_text
    assert train + held_out == text
    assert len(train) == int(len(text) * 0.9)
    info = corpus.info
    assert (info.n_documents, info.n_characters) == (1, len(text))
    assert info.n_bytes == len(text.encode()) and info.held_out_bytes == len(held_out.encode())
    assert info.n_different_characters == len(set(text))


def test_a_folder_s_texts_are_split_by_what_they_say(tmp_path: Path) -> None:
    texts = many_texts(tmp_path, 200)
    corpus = open_corpus(tmp_path, 0.1)
    train, held_out = list(corpus.train()), list(corpus.held_out())
    assert not corpus.is_one_text
    assert sorted(train + held_out) == sorted(texts)
    assert 5 <= len(held_out) <= 40
    (tmp_path / "another.txt").write_text("One more.")
    assert set(held_out) - set(open_corpus(tmp_path, 0.1).train()) == set(held_out)


def test_one_text_of_few_is_held_out_though_none_was_by_its_hash(tmp_path: Path) -> None:
    many_texts(tmp_path, 3)
    corpus = open_corpus(tmp_path, 0.001)
    assert len(list(corpus.held_out())) == 1 and len(list(corpus.train())) == 2


def test_a_file_of_its_own_may_be_held_out(tmp_path: Path) -> None:
    text = one_text(tmp_path / "a.txt", 50)
    (tmp_path / "b.txt").write_text("Something else.\n")
    corpus = open_corpus(tmp_path / "a.txt", str(tmp_path / "b.txt"))
    assert "".join(corpus.train()) == text
    assert "".join(corpus.held_out()) == "Something else.\n"


def test_texts_parted_by_a_mark_are_many(tmp_path: Path) -> None:
    texts = [f"Once there was a story {number}." for number in range(50)]
    (tmp_path / "tales.txt").write_text("\n<|endoftext|>\n".join(texts))
    corpus = open_corpus(tmp_path / "tales.txt")
    assert not corpus.is_one_text
    assert sorted([*corpus.train(), *corpus.held_out()]) == sorted(texts)


def test_the_fingerprint_follows_the_bytes_and_the_split(tmp_path: Path) -> None:
    one_text(tmp_path / "a.txt")
    before = open_corpus(tmp_path / "a.txt").fingerprint()
    os.utime(tmp_path / "a.txt", (1, 1))
    assert open_corpus(tmp_path / "a.txt").fingerprint() == before
    assert open_corpus(tmp_path / "a.txt", 0.1).fingerprint() != before
    with (tmp_path / "a.txt").open("a") as file:
        file.write("More.\n")
    assert open_corpus(tmp_path / "a.txt").fingerprint() != before


def test_a_text_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    one_text(tmp_path / "a.txt", 20_000)
    texts = open_corpus(tmp_path / "a.txt").train()
    next(texts)
    with (tmp_path / "a.txt").open("a") as file:
        file.write("More.\n")
    with pytest.raises(AppError, match="changed while it was read"):
        list(texts)


@pytest.mark.parametrize("data", [b"   \n\n", b"\x89PNG\0\0\0\0 and more"])
def test_where_there_is_no_text_it_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    (tmp_path / "b.txt").write_bytes(data)
    with pytest.raises(AppError, match="no text to learn from"):
        list(open_corpus(tmp_path).train())


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="not there"):
        open_corpus(tmp_path / "a.txt")


def test_a_corpus_that_went_away_has_no_fingerprint(tmp_path: Path) -> None:
    one_text(tmp_path / "a.txt", 100)
    corpus: Corpus = open_corpus(tmp_path / "a.txt")
    (tmp_path / "a.txt").unlink()
    with pytest.raises(AppError, match="not there any more"):
        corpus.fingerprint()
