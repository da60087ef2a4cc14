"""Files as documents: encodings, parts, PDFs, and what is refused in which words."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from engine.errors import AppError
from gui.chat.attach_kept import KeptDrafts
from gui.chat.attach_pdf import PasswordNeededError
from gui.chat.attach_reader import read_file
from gui.chat.attach_text import PAGE_CHARS, read_text
from gui.chat.attach_words import cost_text, parse_spans, sent_line, sum_text
from gui.chat.attachments import Attachment, Document, Draft, Space, sent_text, what_fits
from gui.chat.conversation import Turn
from tests.gui.pdf_maker import write_locked_pdf, write_pdf

LONG = "".join(f"Paragraph {n}.\nIt says a little of the sea.\n\n" for n in range(600))


def document(data: bytes | str, name: str = "notes.txt") -> Document:
    return read_text(name, data.encode() if isinstance(data, str) else data)


def refusal(path: Path) -> str:
    with pytest.raises(AppError) as caught:
        read_file(path)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        ("Überfluß\n".encode(), "Überfluß\n", ""),
        ("\ufeffwith a mark".encode(), "with a mark", ""),
        ("sea – Meer".encode("utf-16"), "sea – Meer", ""),
        ("plain letters only".encode("utf-16-le"), "plain letters only", "UTF-16, a guess"),
        ("plain letters only".encode("utf-16-be"), "plain letters only", "UTF-16, a guess"),
        ("Überfluß".encode("latin-1"), "Überfluß", "Latin-1, a guess"),
        ("“quoted”".encode("cp1252"), "“quoted”", "Latin-1, a guess"),
        (b"one\r\ntwo\rthree", "one\ntwo\nthree", ""),
    ],
)
def test_encodings_are_found_and_a_guess_is_told(data: bytes, text: str, note: str) -> None:
    read = document(data)
    assert read.text_of([0]) == text
    assert (note in read.note) if note else not read.note


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        (b"PK\x03\x04\0\0", "(ZIP)"),
        (b"GGUF\x03\0\0\0", "a model"),
        (bytes(range(256)) * 20, "a binary file"),
        (b"", "is empty"),
        (b" \n ", "is empty"),
        ("odd".encode("utf-16") + b"x", "cannot be read as UTF-16"),
    ],
)
def test_what_is_no_text_is_refused_in_a_sentence(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(data)
    assert says in refusal(path)


def test_folders_missing_and_huge_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is a folder" in refusal(tmp_path)
    assert "cannot be read" in refusal(tmp_path / "gone.txt")
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(51 * 1024 * 1024)
    assert "larger than 50 MB" in refusal(huge)


def test_a_long_text_falls_into_sections_that_are_the_whole_text() -> None:
    read = document(LONG)
    assert len(read.parts) > 5 and read.unit == "section"
    assert all(len(part.text) <= PAGE_CHARS for part in read.parts)
    assert all(part.text.startswith("Paragraph") for part in read.parts)
    assert read.text_of(range(len(read.parts))) == LONG
    assert "[…]\n" in read.text_of([0, 2]) and "[…]" not in read.text_of([1, 2])


def test_a_line_without_end_and_a_short_text() -> None:
    line = "x" * (3 * PAGE_CHARS)
    assert document(line).text_of(range(3)) == line
    assert not document("short").is_divided


def test_markdown_is_cut_before_headings() -> None:
    text = "".join(f"# Chapter {n}\n\n" + "Some words.\n" * 160 for n in range(6))
    read = document(text, "book.md")
    assert read.kind == "markdown"
    assert all(part.text.startswith("# Chapter") for part in read.parts)


def test_a_table_keeps_its_header_with_the_chosen_rows() -> None:
    rows = "".join(f'{n},"a ""note""\nover two lines {n}"\n' for n in range(500))
    read = document("id,note\n" + rows, "data.csv")
    assert (read.unit, read.head) == ("rows", "id,note\n")
    assert read.parts[0].first == 1 and read.parts[-1].last == 500
    second = read.text_of([1])
    assert second.startswith(f"id,note\n{read.parts[0].last},")
    assert read.text_of(range(len(read.parts))) == "id,note\n" + rows


def test_a_pdf_has_a_part_for_each_page_with_text(qapp: QApplication, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "report.pdf", ["The first page", "", "The third\npage"])
    read = read_file(path)
    assert read is not None
    assert [(part.first, part.text.strip()) for part in read.parts] == [
        (1, "The first page"),
        (3, "The third\npage"),
    ]
    assert "1 page is a picture" in read.note
    assert read.text_of([1]) == "[page 3]\nThe third\npage\n"


def test_a_scanned_pdf_says_that_it_has_no_text(qapp: QApplication, tmp_path: Path) -> None:
    assert "has no text" in refusal(write_pdf(tmp_path / "scan.pdf", ["", ""]))


def test_a_locked_pdf_asks_for_its_password(qapp: QApplication, tmp_path: Path) -> None:
    path = write_locked_pdf(tmp_path / "locked.pdf", "Deep secrets", "bell")
    with pytest.raises(PasswordNeededError, match="is locked"):
        read_file(path)
    with pytest.raises(PasswordNeededError, match="does not open"):
        read_file(path, "wrong")
    read = read_file(path, "bell")
    assert read is not None and "Deep secrets" in read.text_of([0])


def test_a_damaged_pdf_is_refused(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(b"%PDF-1.4\nrubbish")
    assert "cannot be read as a PDF" in refusal(path)


# ---- choosing ----


def counted(n_parts: int, each: int = 100) -> Attachment:
    text = "".join(f"{n:04}" * (PAGE_CHARS // 5) + "\n\n" for n in range(n_parts))
    whole = Attachment.whole(document(text))
    assert len(whole.document.parts) == n_parts
    return whole.with_tokens([each] * n_parts)


def test_what_fits_begins_with_the_first_chosen_and_never_cuts_a_part() -> None:
    attachment = counted(5)
    assert what_fits(attachment, 250) == {0, 1}
    assert what_fits(attachment.with_chosen({2, 3, 4}), 250) == {2, 3}
    assert what_fits(attachment, 90) == frozenset()


def test_space_says_what_is_free_and_what_does_not_fit() -> None:
    space = Space(n_ctx=8192, used=152, attached=2140)
    assert space.fits and sum_text(space, is_counted=True) == "2,140 tokens attached · 5,900 free"
    tight = Space(n_ctx=2048, used=1000, attached=1500, reserve=64)
    assert not tight.fits
    assert sum_text(tight, is_counted=True).startswith(
        "Too long: 1,500 tokens attached, room for 984"
    )
    dropping = Space(n_ctx=2048, used=1000, droppable=900, attached=1500, reserve=64)
    assert dropping.fits and "oldest turns" in sum_text(dropping, is_counted=True)
    assert "no model" in sum_text(Space(attached=7), is_counted=False)


def test_words_for_what_was_sent() -> None:
    attachment = counted(5).with_chosen({1, 2, 3})
    sent = attachment.as_sent()
    assert sent_line([sent]) == "notes.txt, sections 2–4 · 300 tokens"
    assert sent["pages"] == [2, 3, 4]
    turn = Turn("a", None, "user", "Why?", details={"attachments": [sent]})
    assert sent_text(turn).startswith("notes.txt\n```\n0001") and sent_text(turn).endswith(
        "\n\nWhy?"
    )
    assert cost_text(Attachment.whole(document("x" * 400)), is_counting=True) == "about 100 tokens…"


@pytest.mark.parametrize(
    ("text", "spans"),
    [("1-4, 7", [(1, 4), (7, 7)]), ("9-", [(9, 2**31)]), ("", []), ("a", None), ("1-2-3", None)],
)
def test_typed_ranges(text: str, spans: list[tuple[int, int]] | None) -> None:
    assert parse_spans(text) == spans


# ---- kept ----


def test_drafts_are_kept_whole_and_swept(tmp_path: Path) -> None:
    kept = KeptDrafts(tmp_path / "drafts")
    draft = Draft([counted(5).with_chosen({1, 3})])
    kept.save("chat1", draft)
    kept.save("chat2", draft)
    loaded = kept.load("chat1").items[0]
    assert loaded.document == draft.items[0].document and loaded.chosen == {1, 3}
    kept.sweep(lambda: {"chat2"})
    assert not kept.load("chat1").items and kept.load("chat2").items
    kept.save("chat2", Draft())
    assert not list((tmp_path / "drafts").iterdir())


def test_a_damaged_draft_is_set_aside_and_told(tmp_path: Path) -> None:
    kept = KeptDrafts(tmp_path)
    (tmp_path / "chat1.jsonl").write_bytes(b"{")
    with pytest.raises(AppError, match="cannot be read"):
        kept.load("chat1")
    assert not kept.load("chat1").items and (tmp_path / "chat1.damaged").exists()
