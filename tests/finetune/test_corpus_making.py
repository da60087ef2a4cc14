"""A corpus is made of raw texts: each cleaning step, the split, what is left on the disk."""

import gzip
import json
import unicodedata
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from engine.errors import AppError
from engine.process.messages import Progress
from engine.process.pretrain_messages import CleaningTold, CorpusSource
from finetune.corpus.corpora import read_page
from finetune.corpus.corpus import open_corpus
from finetune.corpus.made_files import read_info
from tests.finetune.corpora_made import count_of, make, make_telling, path_source, prose


def write_many(folder: Path, texts: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / f"{number:03}.txt").write_text(text, encoding="utf-8")
    return folder


def as_written(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def all_texts(path: str) -> list[str]:
    corpus = open_corpus(Path(path))
    return [*corpus.train(), *corpus.held_out()]


def test_texts_of_a_folder_become_a_corpus_that_anyone_can_read(tmp_path: Path) -> None:
    texts = [prose(number) for number in range(200)]
    info = make(tmp_path / "corpora", write_many(tmp_path / "notes", texts), name="My Notes")
    folder = Path(info.path)
    assert folder == tmp_path / "corpora" / "my-notes" and info.id == "my-notes"
    assert (info.name, info.n_documents, info.sources) == ("My Notes", 200, ["notes"])
    assert info.n_bytes == sum(len(text.encode()) for text in texts)
    assert info.n_different_characters == len(set("".join(texts)))
    assert not info.is_one_text and 1 <= info.n_held_out <= 30
    lines = as_written(folder / "kept-0000.jsonl")
    held = as_written(folder / "held_out.jsonl")
    assert sorted(one["text"] for one in lines + held) == sorted(texts)
    assert len(held) == info.n_held_out and lines[0]["source"].endswith(".txt")
    assert read_info(folder) == info
    assert sorted(one.name for one in folder.iterdir()) == [
        "corpus.json",
        "counts.json",
        "dropped.jsonl",
        "held_out.jsonl",
        "kept-0000.jsonl",
    ]
    corpus = open_corpus(folder)
    assert list(corpus.train()) == [one["text"] for one in lines]
    assert list(corpus.held_out()) == [one["text"] for one in held]
    assert corpus.info == info


def test_pages_are_read_across_files_that_a_person_may_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finetune.corpus.kept_writer._FILE_BYTES", 5000)
    texts = [prose(number) for number in range(60)]
    info = make(tmp_path / "corpora", write_many(tmp_path / "notes", texts))
    folder = Path(info.path)
    kept = list(open_corpus(folder).train())
    assert len(list(folder.glob("kept-*.jsonl"))) > 5
    page = read_page(folder, "kept", 7, 20)
    assert [one.text for one in page.documents] == kept[7:27] and page.n == len(kept)
    first = sorted(folder.glob("kept-*.jsonl"))[0]
    first.write_text(first.read_text() + json.dumps({"text": "By hand."}) + "\n")
    assert read_page(folder, "kept", 0, 1).n == len(kept) + 1
    assert "By hand." in list(open_corpus(folder).train())
    first.write_text("{broken\n")
    with pytest.raises(AppError, match=r"Line 1 of “kept-0000\.jsonl” is no text"):
        list(open_corpus(folder).train())


def test_another_share_than_the_corpus_has_is_split_anew(tmp_path: Path) -> None:
    texts = [prose(number) for number in range(100)]
    info = make(tmp_path / "corpora", write_many(tmp_path / "notes", texts))
    half = open_corpus(Path(info.path), 0.5)
    assert 30 <= len(list(half.held_out())) <= 70
    assert sorted([*half.train(), *half.held_out()]) == sorted(texts)
    as_made = open_corpus(Path(info.path))
    assert set(as_made.held_out()) <= set(half.held_out())
    assert half.fingerprint() != as_made.fingerprint()


def test_a_single_text_keeps_every_letter_and_its_end_is_held_out(tmp_path: Path) -> None:
    # Lines that repeat, in pieces: of a single text no step takes anything away.
    text = "".join(f"{prose(number % 7, 12)}\n\n" for number in range(3000))
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    info = make(tmp_path / "corpora", tmp_path / "a.txt", 0.1)
    corpus = open_corpus(Path(info.path))
    train, held_out = "".join(corpus.train()), "".join(corpus.held_out())
    assert corpus.is_one_text and info.n_documents == 1
    assert train + held_out == text and len(train) == int(len(text) * 0.9)
    assert info.held_out_bytes == len(held_out.encode())
    again = open_corpus(Path(info.path), 0.25)
    assert len("".join(again.train())) == int(len(text) * 0.75)
    assert "".join([*again.train(), *again.held_out()]) == text


def test_bytes_that_are_no_text_are_dropped_and_counted(tmp_path: Path) -> None:
    folder = write_many(tmp_path / "notes", [prose(number) for number in range(9)])
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".hidden.txt").write_text(prose(99))
    (folder / "old.txt").write_bytes(
        f"Das Mädchen möchte grüne Äpfel. {prose(98)}".encode("cp1252")
    )
    info = make(tmp_path / "corpora", folder)
    decode = count_of(info, "decode")
    assert (decode.n_in, decode.n_dropped, decode.n_changed) == (12, 2, 1)
    assert decode.bytes_dropped == (folder / "picture.png").stat().st_size
    reasons = {one.source: one.reason for one in decode.examples}
    assert "no text" in reasons["picture.png"] and "empty" in reasons["empty.txt"]
    assert any("Mädchen möchte grüne Äpfel" in text for text in all_texts(info.path))


def test_letters_and_line_ends_are_made_one_way(tmp_path: Path) -> None:
    text = f"Cafe\u0301 and \ufeffsoft\u00adware\r\n{prose(1)}"
    info = make(tmp_path / "corpora", write_many(tmp_path / "n", [text, prose(2)]), 0.5)
    changed = next(one for one in all_texts(info.path) if one.startswith("Caf"))
    assert changed.startswith("Café and software\n") and "\r" not in changed
    assert unicodedata.is_normalized("NFC", changed)
    assert count_of(info, "normalise").n_changed == 1


def test_texts_of_another_language_are_dropped_and_unclear_ones_stay(tmp_path: Path) -> None:
    german = (
        "Der Hund läuft durch den Wald und sucht nach seinem Ball, weil er ihn nicht mehr sehen "
        "kann. Es ist schon spät, und die Kinder sind mit der Mutter nach Hause gegangen."
    )
    english = (
        "The dog runs through the wood and looks for its ball because it can not see it any more. "
        "It is late, and the children have gone home with their mother for the evening meal."
    )
    unclear = (
        "0x1f 0x2e 0x3d 0x4c 0x5b 0x6a 0x79 0x88 0x97 0xa6 0xb5 0xc4 0xd3 0xe2 0xf1 0x00 -- ok"
    )
    folder = write_many(tmp_path / "n", [german, english, unclear, *map(prose, range(12))])
    info = make(tmp_path / "corpora", folder, languages=["en"])
    language = count_of(info, "language")
    assert language.n_dropped == 1 and language.examples[0].source == "000.txt"
    assert language.examples[0].reason == "It is in another language (de)."
    assert unclear in all_texts(info.path)
    with pytest.raises(AppError, match="“english” is not known"):
        make(tmp_path / "corpora", folder, languages=["english"])


def test_short_texts_are_dropped_and_long_ones_cut(tmp_path: Path) -> None:
    long = "\n\n".join(prose(number) for number in range(100, 130))
    folder = write_many(tmp_path / "n", ["Too short.", long, *map(prose, range(5))])
    info = make(tmp_path / "corpora", folder, max_bytes=4000, min_bytes=50)
    length = count_of(info, "length")
    assert (length.n_dropped, length.n_changed) == (1, 1)
    assert max(len(text) for text in all_texts(info.path)) <= 4000
    pieces = [text for text in all_texts(info.path) if text in long]
    assert sum(len(text.split()) for text in pieces) == len(long.split())


def test_texts_that_repeat_themselves_are_dropped(tmp_path: Path) -> None:
    menu = "Home. About us. Contact. Imprint. Sign in now.\n" * 20
    folder = write_many(tmp_path / "n", [menu, *map(prose, range(9))])
    info = make(tmp_path / "corpora", folder)
    repetition = count_of(info, "repetition")
    assert repetition.n_dropped == 1 and "stand there before" in repetition.examples[0].reason


def test_exact_and_near_copies_are_dropped_and_the_first_stays(tmp_path: Path) -> None:
    first = prose(1, 200)
    words = first.split()
    words[50] = "something"
    near = " ".join(words)
    folder = write_many(
        tmp_path / "n", [first, first.replace(" ", "  "), near, *map(prose, range(2, 9))]
    )
    info = make(tmp_path / "corpora", folder, 0.1)
    assert count_of(info, "exact").n_dropped == 1
    nearly = count_of(info, "near")
    assert nearly.n_dropped == 1 and nearly.examples[0].source == "002.txt"
    assert "the same as" in nearly.examples[0].reason and "(000.txt)" in nearly.examples[0].reason
    assert first in all_texts(info.path) and near not in all_texts(info.path)
    assert info.n_documents == 8


def test_a_step_that_is_left_out_drops_nothing(tmp_path: Path) -> None:
    text = prose(1)
    folder = write_many(tmp_path / "n", [text, text, "Short.", *map(prose, range(2, 9))])
    info = make(tmp_path / "corpora", folder, steps=("decode", "normalise"))
    assert info.n_documents == 10
    assert [one.step for one in info.cleaning] == ["decode", "normalise"]


def test_stories_of_our_own_are_not_taken_for_repetition(tmp_path: Path) -> None:
    source = CorpusSource("stories", n_stories=300, seed=3)
    info = make(tmp_path / "corpora", [source])
    assert (info.n_documents, info.stories_seed, info.n_stories) == (300, 3, 300)
    assert info.sources == ["300 stories (world 3)"]
    again = make(tmp_path / "corpora", [source])
    assert all_texts(again.path) == all_texts(info.path) and again.id == "mine-2"


def test_the_language_reference_of_this_interpreter_is_a_corpus(tmp_path: Path) -> None:
    info = make(tmp_path / "corpora", [CorpusSource("python")])
    assert info.n_documents > 60 and info.n_bytes > 300_000
    assert any("lambda" in text for text in all_texts(info.path))


def test_columns_of_jsonl_and_parquet_are_read(tmp_path: Path) -> None:
    texts = [prose(number) for number in range(40)]
    with (tmp_path / "a.jsonl").open("w") as file:
        for number, text in enumerate(texts[:20]):
            file.write(json.dumps({"id": f"row number {number} of it", "body": text}) + "\n")
        file.write("{broken\n")
        file.write(json.dumps({"id": "no text"}) + "\n")
    table = pyarrow.table({"title": ["A title"] * 20, "text": texts[20:]})
    pyarrow.parquet.write_table(table, tmp_path / "b.parquet")
    sources = [path_source(tmp_path / "a.jsonl"), path_source(tmp_path / "b.parquet")]
    info = make(tmp_path / "corpora", sources)
    assert sorted(all_texts(info.path)) == sorted(texts)
    decode = count_of(info, "decode")
    assert decode.n_dropped == 2 and decode.examples[0].source == "a.jsonl:21"
    titles = path_source(tmp_path / "b.parquet", column="title")
    with pytest.raises(AppError, match="too little text"):
        make(tmp_path / "corpora", [titles], min_bytes=1)
    with pytest.raises(AppError, match="no column “nope”"):
        make(tmp_path / "corpora", [path_source(tmp_path / "b.parquet", column="nope")])


def test_a_table_of_one_text_is_a_single_text(tmp_path: Path) -> None:
    text = "".join(f"{prose(number, 12)}\n" for number in range(2000))
    folder = tmp_path / "fetched"
    folder.mkdir()
    pyarrow.parquet.write_table(pyarrow.table({"text": [text]}), folder / "0000.parquet")
    info = make(tmp_path / "corpora", folder, 0.1)
    corpus = open_corpus(Path(info.path))
    assert info.is_one_text and len("".join(corpus.train())) == int(len(text) * 0.9)
    assert "".join([*corpus.train(), *corpus.held_out()]) == text


def test_packed_text_is_read_and_a_bound_is_kept(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.txt.gz", "wt") as file:
        file.write("\n<|endoftext|>\n".join(prose(number) for number in range(300)))
    whole = make(tmp_path / "corpora", tmp_path / "a.txt.gz")
    assert whole.n_documents == 300
    some = make(tmp_path / "corpora", [path_source(tmp_path / "a.txt.gz", most_bytes=20_000)])
    assert 20_000 <= some.n_bytes < 22_000


def test_what_happens_is_told_while_it_does(tmp_path: Path) -> None:
    folder = write_many(tmp_path / "n", [prose(number, 400) for number in range(400)])
    info, told = make_telling(tmp_path / "corpora", folder)
    counts = [one for one in told if isinstance(one, CleaningTold)]
    fractions = [one.fraction for one in told if isinstance(one, Progress)]
    assert counts[-1].counts == info.cleaning and counts[-1].n_documents == 400
    assert fractions == sorted(fractions) and fractions[0] >= 0.0 and fractions[-1] <= 1.0
    assert {one.what for one in told if isinstance(one, Progress)} <= {
        "reading",
        "comparing",
        "writing",
    }


def test_little_text_is_said_beforehand(tmp_path: Path) -> None:
    info = make(tmp_path / "corpora", write_many(tmp_path / "n", [prose(1), prose(2), prose(3)]))
    assert "very little text" in info.warnings[0]
    assert info.n_held_out == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"A text of two hundred bytes. " * 7, "too little text"),
        (b"\x7fELF\x02\x01\x01\0\0\0" + bytes(range(256)) * 30, "no text to learn from"),
        (b" \n\n  \n" * 900, "no text to learn from"),
    ],
    ids=["empty", "200 bytes", "binary", "blank"],
)
def test_what_cannot_be_learned_from_is_said_and_leaves_nothing(
    tmp_path: Path, data: bytes, words: str
) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(AppError, match=words):
        make(tmp_path / "corpora", tmp_path / "a.txt")
    assert not (tmp_path / "corpora").exists() or not list((tmp_path / "corpora").iterdir())
    with pytest.raises(AppError, match=words):
        list(open_corpus(tmp_path / "a.txt").train())


def test_one_giant_line_is_cut_between_words(tmp_path: Path) -> None:
    text = " ".join(prose(number) for number in range(2000))
    (tmp_path / "a.txt").write_text(text)
    info = make(tmp_path / "corpora", tmp_path / "a.txt")
    corpus = open_corpus(Path(info.path))
    pieces = [*corpus.train(), *corpus.held_out()]
    assert "".join(pieces) == text and len(pieces) > 10
    (tmp_path / "b.txt").write_text("x" * 300_000)
    assert "".join(open_corpus(tmp_path / "b.txt", 0.1).train()) == "x" * 270_000


def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    folder = write_many(tmp_path / "n", [prose(number) for number in range(9)])
    monkeypatch.setattr("finetune.corpus.kept_writer.os.fsync", full)
    with pytest.raises(AppError, match="could not be written"):
        make(tmp_path / "corpora", folder)
    assert list((tmp_path / "corpora").iterdir()) == []


def test_no_source_is_said(tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"from 0\.1 % to 50 %"):
        make(tmp_path / "corpora", [CorpusSource("python")], 0.0)
    with pytest.raises(AppError, match="No text was chosen"):
        make(tmp_path / "corpora", [])
    with pytest.raises(AppError, match="not there"):
        make(tmp_path / "corpora", tmp_path / "gone.txt")
