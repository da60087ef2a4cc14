"""The corpora of the user folder: found, read, called otherwise, deleted and had back. making.py
makes them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.errors import AppError
from engine.process.pretrain_messages import CorpusDocument, CorpusInfo, CorpusPage
from finetune.corpus.cleaning import STEPS
from finetune.corpus.document import size_of
from finetune.corpus.made_files import (
    DROPPED,
    HELD_OUT,
    INFO,
    Line,
    is_corpus,
    kept_files,
    n_texts,
    read_info,
    read_lines,
)
from finetune.corpus.tally import LETTERS_SHOWN, read_dropped
from finetune.data.user_folders import folders, into_trash, out_of_trash

_MOST_AT_ONCE = 500


def find_corpora(corpora: Path) -> list[CorpusInfo]:
    """All of them, the newest first; one that cannot be read says so."""
    found = [one for one in folders(corpora) if one.name[0] != "." and is_corpus(one)]
    return sorted(map(_info_of, found), key=lambda one: (-one.added_s, one.id))


def _info_of(folder: Path) -> CorpusInfo:
    try:
        return read_info(folder)
    except AppError as error:
        return CorpusInfo(
            folder.name, folder.name, str(folder), 0, 0, warnings=[error.message], is_whole=False
        )


def folder_of(corpora: Path, corpus_id: str) -> Path:
    """The folder of a corpus by its id, or by the path of a folder that is one.

    Raises:
        AppError: there is none.
    """
    path = Path(corpus_id)
    folder = path if path.is_absolute() else corpora / corpus_id
    is_name = corpus_id not in ("", ".", "..") and (path.is_absolute() or len(path.parts) == 1)
    if not is_name or not is_corpus(folder):
        raise AppError(
            "This corpus is not there any more.", "It was deleted, perhaps in another window."
        )
    return folder


def read_page(folder: Path, part: str, start: int, count: int) -> CorpusPage:
    """Documents of a part: "kept", "held_out", or a step's name for what it dropped or changed.

    Raises:
        AppError: there is no such part, or it cannot be read.
    """
    start, count = max(0, start), min(_MOST_AT_ONCE, max(0, count))
    if part in STEPS:
        dropped = read_dropped(folder / DROPPED, part)
        return CorpusPage([one.document() for one in dropped[start : start + count]], len(dropped))
    files = {"kept": kept_files(folder), "held_out": [folder / HELD_OUT]}.get(part)
    if files is None:
        raise AppError(f"A corpus has no part “{part}”.")
    try:
        counts = [n_texts(file) for file in files]
        found = itertools.islice(_from(files, counts, start), count)
        return CorpusPage([_shown(line) for line in found], sum(counts))
    except OSError as error:
        raise AppError("The corpus cannot be read.", "Is it still there?", str(error)) from error


def _from(files: list[Path], counts: list[int], start: int) -> Iterator[Line]:
    """Lines of files from one on; those before it are not looked at where whole files are."""
    for path, n in zip(files, counts, strict=True):
        if start < n:
            yield from itertools.islice(read_lines(path, start), n - start)
        start = max(0, start - n)


def _shown(line: Line) -> CorpusDocument:
    return CorpusDocument(line.text[:LETTERS_SHOWN], size_of(line.text), line.source)


def rename(folder: Path, name: str) -> CorpusInfo:
    """What people call it; the folder keeps its own name. Raises AppError."""
    if not name.strip():
        raise AppError("A corpus needs a name.", "Type one.")
    info = msgspec.structs.replace(read_info(folder), name=name.strip())
    beside = folder / f".{INFO}.{os.getpid()}.part"
    try:
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(info)))
        os.replace(beside, folder / INFO)
    except OSError as error:
        raise AppError(
            "The name could not be kept.", "Check the folder's permissions.", str(error)
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return info


def delete(corpora: Path, corpus_id: str) -> None:
    """Into the trash; restore() has it back. Raises AppError."""
    into_trash(corpora, folder_of(corpora, corpus_id), "corpus")


def restore(corpora: Path, corpus_id: str) -> Path:
    """Back from the trash. Returns its folder, which has another name where that was taken.

    Raises:
        AppError: it is not there any more.
    """
    return out_of_trash(corpora, corpus_id, "corpus", is_corpus)
