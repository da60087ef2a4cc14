"""How raw texts are read and judged: cut, decoded, freed of marks, told apart by language and by
how much they repeat."""

import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.corpus.document import Document, TextKind, size_words
from finetune.corpus.html_text import text_of_html
from finetune.corpus.language import language_of, languages
from finetune.corpus.marks import without_marks
from finetune.corpus.normalise import normalised
from finetune.corpus.presets import presets
from finetune.corpus.repetition import repetition_of
from finetune.corpus.sources import documents
from finetune.corpus.text_file import SEPARATOR, cut_texts, encoding_of
from tests.finetune.corpora_made import prose

LETTERS = st.text("ab é\u0301\r\n.\u1100\u1161漢<|", max_size=200)


@settings(deadline=None)
@given(text=LETTERS, size=st.integers(8, 60), block=st.integers(1, 40))
def test_the_pieces_of_a_text_are_the_text(text: str, size: int, block: int) -> None:
    blocks = [text[at : at + block] for at in range(0, len(text), block)]
    found = list(cut_texts(blocks, size))
    assert "".join(piece for _, piece in found) == text
    assert [part for part, _ in found] == list(range(len(found)))
    pieces = [piece for _, piece in found]
    assert all(0 < len(piece.encode()) <= size for piece in pieces)
    # What is made one way piece by piece is what the whole text is.
    if size > 30:
        assert "".join(map(normalised, pieces)) == normalised(text)


@settings(deadline=None)
@given(texts=st.lists(LETTERS.filter(bool), max_size=6), block=st.integers(1, 30))
def test_separators_part_texts_wherever_blocks_end(texts: list[str], block: int) -> None:
    joined = SEPARATOR.join(texts)
    blocks = [joined[at : at + block] for at in range(0, len(joined), block)]
    found: list[str] = []
    for part, piece in cut_texts(blocks, 1000):
        if part == 0:
            found.append("")
        found[-1] += piece
    assert found == [one for one in joined.split(SEPARATOR) if one]


def test_a_text_is_cut_at_the_best_place() -> None:
    paragraphs = "One line.\nAnother line.\n\nA new paragraph. With two sentences, and more."
    first = next(cut_texts([paragraphs], 45))[1]
    assert first == "One line.\nAnother line.\n\n"
    assert next(cut_texts(["A sentence. Another one and more"], 20))[1] == "A sentence. "
    assert next(cut_texts(["words and words without an end"], 20))[1] == "words and words "
    assert next(cut_texts(["漢" * 30], 20))[1] == "漢" * 6


@settings(deadline=None)
@given(text=st.text(max_size=100))
def test_a_normalised_text_stays_as_it_is(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert unicodedata.is_normalized("NFC", once) and "\r" not in once and "\0" not in once


def test_a_plain_text_is_not_touched() -> None:
    text = "FIRST CITIZEN:\nBefore we proceed any further,\n\thear me speak.  \n\n\n\n"
    assert normalised(text) == text


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"Plain text.", "utf-8"),
        ("Grüße, 漢字".encode(), "utf-8"),
        ("Grüße an alle, die möchten.".encode("cp1252"), "cp1252"),
        (bytes(range(256)), ""),
        (bytes(range(128, 256)) * 9, ""),
        ("漢字".encode()[:-1], "utf-8"),
        (
            b"A long enough text with one \xff bad byte in its middle, which is no reason." * 2,
            "cp1252",
        ),
    ],
)
def test_how_bytes_are_read(data: bytes, encoding: str) -> None:
    assert encoding_of(data) == encoding


def test_utf_16_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Grüße, 漢字\n".encode("utf-16"))
    assert [one.text for one in documents(tmp_path / "a.txt")] == ["Grüße, 漢字\n"]


def test_a_page_s_text_without_its_markup() -> None:
    page = """<!DOCTYPE html><html><head><title>T</title><style>p {}</style></head><body>
    <nav><a href="/">Home</a></nav><h1>A &amp; B</h1><p>First   <b>para</b>graph,
    on two lines.<br>New line.</p><script>var x = "<p>no</p>";</script>
    <ul><li>one</li><li>two</li></ul><pre>  code
      more</pre><p>Unclosed<p>Last&nbsp;one &#8212; &copy;</body></html>"""
    assert text_of_html([page[at : at + 7] for at in range(0, len(page), 7)]) == (
        "A & B\n\nFirst paragraph, on two lines.\nNew line.\n\none\ntwo\n\n  code\n      more\n\n"
        "Unclosed\n\nLast one — ©\n"
    )


def test_of_a_page_that_names_its_own_part_that_is_taken() -> None:
    own = "<h1>Title</h1><p>" + prose(1, 60) + "</p>"
    page = f"<body><div>Press S to search</div><main>{own}</main><p>Imprint</p></body>"
    assert text_of_html([page]) == f"Title\n\n{prose(1, 60)}\n"
    short = "<body><p>All of it.</p><main>Loading</main></body>"
    assert text_of_html([short]) == "All of it.\n\nLoading\n"


def test_scripts_and_styles_of_pages_are_no_texts(tmp_path: Path) -> None:
    for name in ("a.js", "b.css", "c.py", "d.txt"):
        (tmp_path / name).write_text(f"{name}: {prose(1, 30)}")
    assert [one.source for one in documents(tmp_path)] == ["a.js", "b.css", "c.py", "d.txt"]
    (tmp_path / "page.html").write_text(f"<p>{prose(2, 30)}</p>")
    assert [one.source for one in documents(tmp_path)] == ["c.py", "d.txt", "page.html"]


@settings(deadline=None)
@given(page=st.text("<>/ab p=\"'&;!-\n", max_size=200))
def test_no_markup_is_too_broken(page: str) -> None:
    assert isinstance(text_of_html([page]), str)


@pytest.mark.parametrize(
    ("kind", "text", "left"),
    [
        ("markdown", "---\ntitle: A\ntags: [b]\n---\n# A\n\nText.", "# A\n\nText."),
        ("markdown", "---\n\nA rule, no front matter.\n\n---\n", None),
        (
            "markdown",
            'See [the page](https://a.b/c_(d) "t") and ![a cat](cat.png).',
            "See the page and a cat.",
        ),
        ("markdown", "[![build](b.svg)](ci) **bold** `code`", "build **bold** `code`"),
        ("markdown", "A <!-- secret\n --> b<br>c &amp; d", "A  bc & d"),
        ("markdown", "```\n<b>[x](y)</b> &amp;\n```\n<b>x</b>", "```\n<b>[x](y)</b> &amp;\n```\nx"),
        ("markdown", "[1]: https://a.b\nText [1].", "Text [1]."),
        ("field", "Fish &amp; chips&nbsp;<b>now</b> if a < b", "Fish & chips now if a < b"),
        ("text", "Fish &amp; <b>chips</b> [a](b)", None),
    ],
)
def test_marks_that_are_not_to_be_read_go(kind: TextKind, text: str, left: str | None) -> None:
    assert without_marks(Document(text, "a", kind)) == (text if left is None else left)


SAID: dict[str, str] = tomllib.loads(
    Path(__file__).with_name("sentences.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("code", SAID)
def test_languages_are_told_apart(code: str) -> None:
    assert language_of(" ".join([SAID[code]] * 2)).code == code
    assert code in languages()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345 67890",
        "x = f(y)\n" * 30,
        "a e o n;" * 30,
        "Ada Grace Alan Edsger Barbara",
        "Hello there.",
    ],
)
def test_what_cannot_be_told_is_not_guessed(text: str) -> None:
    assert language_of(text).code == ""


def test_repetition_is_told_by_what_repeats() -> None:
    assert repetition_of(prose(1, 400)) == ""
    assert "paragraphs" in repetition_of(f"{prose(1, 30)}\n\n" * 5)
    assert "lines" in repetition_of(f"{prose(1, 30)}\n" * 5)
    assert "same 2 words" in repetition_of(
        " ".join(f"very good {word}" for word in prose(2).split())
    )
    run = "one two three four five six seven "
    assert "runs of" in repetition_of(
        f"{prose(1, 60)} {run} {prose(2, 9)} {run} {prose(3, 9)} {run}"
    )
    assert repetition_of("La la la la la.\n" * 8) == "", "so short a text may be a refrain"


def test_the_shares_are_those_of_the_paper() -> None:
    # 30 % of 20 lines may stand there before (six of seven), 33 % of 21 may not.
    long = [prose(number, 30) for number in range(13)]
    assert repetition_of("\n".join([*long, *["a."] * 7])) == ""
    assert repetition_of("\n".join([*long, *["a."] * 8])) == "33% of its lines stand there before."


def test_presets_name_what_is_fetched() -> None:
    names = [one.name for one in presets()]
    assert names == ["Tiny Shakespeare", "TinyStories", "FineWeb-Edu"]
    for one in presets():
        assert one.source.kind == "hub" and "/" in one.source.repository and one.source.path
        assert one.words and one.license


def test_sizes_are_said_as_people_read_them() -> None:
    sizes = [950, 41_200, 1_230_000, 52_000_000, 2_100_000_000]
    assert list(map(size_words, sizes)) == ["950 bytes", "41 kB", "1.2 MB", "52 MB", "2.1 GB"]
