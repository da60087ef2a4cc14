"""What a source is, in words, before anything is taken of it."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from pathlib import Path

from engine.errors import AppError
from engine.process.pretrain_messages import CorpusSource, SourceLook
from finetune.corpus.document import Unread, size_words
from finetune.corpus.files import files_of, kind_of, opened
from finetune.corpus.sources import read
from finetune.corpus.table_file import columns_of
from finetune.corpus.text_file import encoding_of
from finetune.data.file_kinds import kind_of_file
from finetune.data.source_file import SourceFile

# Shown of a source: so many texts, each up to so many letters.
_N_TEXTS, _LETTERS = 5, 1500
_PIECE = 4096
_N_LOOKED_AT = 5000
# Files of a folder whose kind is looked up; the rest is counted only.
_N_KINDS = 500


def source_words(source: CorpusSource) -> str:
    """Where texts come from, for the list of a corpus' sources."""
    if source.kind == "stories":
        return f"{source.n_stories:,} stories (world {source.seed})"
    if source.kind == "python":
        return f"Python {sys.version_info.major}.{sys.version_info.minor}: language reference"
    name = source.repository if source.kind == "hub" else Path(source.path).name
    parts = [name, source.path] if source.kind == "hub" and source.path else [name]
    most = f" (the first {size_words(source.most_bytes)})" if source.most_bytes else ""
    return ", ".join(parts) + most


def look(source: CorpusSource) -> SourceLook:
    """What it is, and the beginning of its first texts; why it cannot be used, where it cannot. Of
    the hub see look_at_hub."""
    try:
        return _looked(source)
    except AppError as error:
        return SourceLook(words="", problem=error.message, hint=error.hint)
    except OSError as error:
        return SourceLook(words="", problem="It cannot be read.", hint=str(error))


def _looked(source: CorpusSource) -> SourceLook:
    if source.kind == "stories" and source.n_stories < 1:
        raise AppError("No stories are to be written.", "Choose how many.")
    texts: list[str] = []
    reason = ""
    for one in itertools.islice(read(source, _PIECE), _N_LOOKED_AT):
        if isinstance(one, Unread):
            reason = reason or one.reason
        elif not one.part:
            texts.append(one.text[:_LETTERS])
            if len(texts) == _N_TEXTS:
                break
    if not texts:
        raise AppError("There is no text in it that can be read.", reason)
    if source.kind != "path":
        n_bytes = source.n_stories * sum(map(len, texts)) // len(texts)
        about = f", about {size_words(n_bytes)}" if source.kind == "stories" else ""
        return SourceLook(words=source_words(source) + about, n_bytes=n_bytes, texts=texts)
    path = Path(source.path)
    files = files_of(path)
    n_bytes = sum(one.stat().st_size for one in files)
    columns, column = _columns(files)
    return SourceLook(
        words=f"{_kinds(files)}, {size_words(n_bytes)}",
        n_files=len(files),
        n_bytes=n_bytes,
        texts=texts,
        columns=columns,
        column=source.column or column,
    )


def _kinds(files: list[Path]) -> str:
    """ "3 Markdown files and 1 text file"."""
    kinds: Counter[str] = Counter()
    for path in files[:_N_KINDS]:
        with opened(path) as file:
            kinds[_kind_word(file)] += 1
    n_other = kinds.pop("", 0)
    parts = [f"{n:,} {kind} {'file' if n == 1 else 'files'}" for kind, n in kinds.most_common()]
    if n_other:
        parts.append(f"{n_other:,} that {'is' if n_other == 1 else 'are'} no text")
    if len(files) > _N_KINDS:
        parts.append(f"{len(files) - _N_KINDS:,} more")
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _kind_word(file: SourceFile) -> str:
    """A file's kind, "" where it is no text."""
    kind = kind_of(file)
    if kind == "table":
        return kind_of_file(file)[0]
    return kind if encoding_of(file.beginning()) else ""


def _columns(files: list[Path]) -> tuple[list[str], str]:
    """Of the first file that has any. Raises AppError where the only file is damaged; among others
    it is passed over, and told when the corpus is made."""
    for path in files[:_N_KINDS]:
        with opened(path) as file:
            if kind_of(file) != "table":
                continue
            try:
                return columns_of(file)
            except AppError:
                if len(files) == 1:
                    raise
    return [], ""
