"""Raw texts, wherever they come from: files and folders, stories, this interpreter's own reference;
streamed, one after the other. What comes from the hub is fetched first (hub_texts.py).

Nothing here judges a text; cleaning.py does. A file of 10 GB is never in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import AppError
from engine.process.pretrain_messages import CorpusSource
from finetune.corpus.document import PIECE_BYTES, Document, Unread, size_of
from finetune.corpus.files import find_files, is_one_text, read_file
from finetune.corpus.made_texts import read_python, read_stories


@dataclass
class Gauge:
    """How far a source was read, 0 to 1: set by whoever reads it."""

    fraction: float = 0.0


def documents(source: CorpusSource | Path, max_bytes: int = PIECE_BYTES) -> Iterator[Document]:
    """All texts of a source; long ones in pieces. What is no text is passed over.

    Raises:
        AppError: it is not there, or cannot be read.
    """
    if isinstance(source, Path):
        source = CorpusSource("path", str(source))
    return (one for one in read(source, max_bytes) if isinstance(one, Document))


def read(
    source: CorpusSource, max_bytes: int = PIECE_BYTES, gauge: Gauge | None = None
) -> Iterator[Document | Unread]:
    """All texts of a source, up to its most_bytes; what is no text is told. Raises AppError."""
    gauge = gauge or Gauge()
    n_bytes = 0
    for one in _all_of(source, max_bytes, gauge):
        yield one
        if source.most_bytes and isinstance(one, Document):
            n_bytes += size_of(one.text)
            gauge.fraction = max(gauge.fraction, n_bytes / source.most_bytes)
            if n_bytes >= source.most_bytes:
                break
    gauge.fraction = 1.0


def is_single(source: CorpusSource) -> bool:
    """Whether a source is one text. Raises AppError: it cannot be read."""
    return source.kind == "path" and is_one_text(Path(source.path))


def _all_of(source: CorpusSource, max_bytes: int, gauge: Gauge) -> Iterator[Document | Unread]:
    if source.kind == "stories":
        for number, story in enumerate(read_stories(source.n_stories, source.seed)):
            gauge.fraction = number / source.n_stories
            yield story
    elif source.kind == "python":
        yield from read_python(max_bytes)
    elif source.kind == "path":
        yield from read_path(Path(source.path), source.column, max_bytes, gauge)
    else:
        raise AppError("A dataset of the hub has to be fetched first.", "Make a corpus of it.")


def read_path(
    path: Path, column: str = "", max_bytes: int = PIECE_BYTES, gauge: Gauge | None = None
) -> Iterator[Document | Unread]:
    """All texts of a file, or of a folder's files in the order of their names; what is no text is
    told. Raises AppError."""
    gauge = gauge or Gauge()
    if not path.is_dir():
        for one, fraction in read_file(path, path.name, column, max_bytes):
            gauge.fraction = fraction
            yield one
        return
    found = find_files(path)
    yield from found.unread
    n_before = 0
    for file in found.files:
        n_bytes, name = file.stat().st_size, file.relative_to(path).as_posix()
        try:
            for one, fraction in read_file(file, name, column, max_bytes):
                gauge.fraction = (n_before + fraction * n_bytes) / max(1, found.n_bytes)
                yield one
        except AppError as error:  # the others are read all the same; this one is told
            yield Unread(name, error.message)
        n_before += n_bytes
