"""Which files have texts, and what reads each: text, Markdown, HTML, JSONL and Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.errors import AppError
from finetune.corpus.document import Document, Unread
from finetune.corpus.table_file import is_one_record, read_table
from finetune.corpus.text_file import has_separator, read_html, read_text
from finetune.data.file_kinds import JSON_SUFFIXES, TABLE_SUFFIXES
from finetune.data.source_file import SourceFile

FileKind = Literal["text", "Markdown", "HTML", "table"]
_MARKDOWN = (".md", ".markdown")
_HTML = (".html", ".htm", ".xhtml")
_PARTS_OF_PAGES = (".js", ".mjs", ".css", ".map", ".svg", ".json", ".webmanifest", ".xml")


@dataclass
class Found:
    """What a folder has: files to read, in the order of their names, and what is passed over."""

    files: list[Path] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    n_bytes: int = 0


def opened(path: Path) -> SourceFile:
    """A file of texts. Raises AppError: it is not there, is empty, or cannot be read."""
    if path.is_file() and not path.stat().st_size:
        raise AppError(f"“{path.name}” is empty.", "Choose another text.")
    return SourceFile(path)


def kind_of(file: SourceFile) -> FileKind:
    """What a file is, by its name; a table (JSONL, JSON, CSV, Parquet) by its first bytes too."""
    suffix = file.suffix
    if suffix in _MARKDOWN:
        return "Markdown"
    if suffix in _HTML:
        return "HTML"
    is_table = suffix in (*JSON_SUFFIXES, *TABLE_SUFFIXES, ".parquet")
    return "table" if is_table or file.beginning(4) == b"PAR1" else "text"


def find_files(folder: Path) -> Found:
    """All files below a folder that may have texts: not hidden, not empty, and no scripts and
    styles that belong to web pages there. Links to folders are not followed."""
    found = Found()
    paths = [*_walk(folder)]
    has_pages = any(path.suffix.lower() in _HTML for path in paths)
    for path in paths:
        n_bytes = path.stat().st_size
        reason = "" if n_bytes else "It is empty."
        if has_pages and path.suffix.lower() in _PARTS_OF_PAGES:
            reason = "It belongs to web pages, and is no text."
        if reason:
            name = path.relative_to(folder).as_posix()
            found.unread.append(Unread(name, reason, "", n_bytes))
        else:
            found.files.append(path)
            found.n_bytes += n_bytes
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name[0] != ".")
        paths = (Path(parent, name) for name in sorted(files) if name[0] != ".")
        yield from (path for path in paths if path.is_file())


def files_of(path: Path) -> list[Path]:
    """A file itself, or a folder's."""
    return find_files(path).files if path.is_dir() else [path]


def is_one_text(path: Path) -> bool:
    """Whether it is a single text: a file of text, or a folder with one, that parts no texts.

    Raises:
        AppError: it cannot be read.
    """
    files = files_of(path)
    if len(files) != 1:
        return False
    with opened(files[0]) as file:
        return is_one_record(file) if kind_of(file) == "table" else not has_separator(file)


def read_file(
    path: Path, name: str, column: str, max_bytes: int
) -> Iterator[tuple[Document | Unread, float]]:
    """A file's texts, each with how far the file was read by then, 0 to 1. name: what their source
    is called. Raises AppError."""
    with opened(path) as file:
        kind = kind_of(file)
        if kind == "table":
            found = read_table(file, column, max_bytes)
        elif kind == "HTML":
            found = read_html(file, max_bytes)
        else:
            found = read_text(file, "markdown" if kind == "Markdown" else "text", max_bytes)
        for one in found:
            yield one._replace(source=name + one.source.removeprefix(path.name)), file.fraction
