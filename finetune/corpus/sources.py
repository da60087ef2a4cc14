"""Raw texts, wherever they come from: files and folders, one after the other, streamed.

Nothing here judges a text; cleaning.py does. A file of 10 GB is never in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import AppError
from engine.process.pretrain_messages import CorpusSource
from finetune.corpus.document import PIECE_BYTES, Document, Unread
from finetune.corpus.files import find_files, read_file


def documents(source: CorpusSource | Path, max_bytes: int = PIECE_BYTES) -> Iterator[Document]:
    """All texts of a source; long ones in pieces. What is no text is passed over.

    Raises:
        AppError: it is not there, or cannot be read.
    """
    path = source if isinstance(source, Path) else Path(source.path)
    return (one for one in read_path(path, max_bytes=max_bytes) if isinstance(one, Document))


def read_path(
    path: Path, column: str = "", max_bytes: int = PIECE_BYTES
) -> Iterator[Document | Unread]:
    """All texts of a file, or of a folder's files in the order of their names; what is no text is
    told. Raises AppError."""
    if not path.is_dir():
        yield from read_file(path, path.name, column, max_bytes)
        return
    found = find_files(path)
    yield from found.unread
    for one in found.files:
        name = one.relative_to(path).as_posix()
        try:
            yield from read_file(one, name, column, max_bytes)
        except AppError as error:  # the others are read all the same; this one is told
            yield Unread(name, error.message)
