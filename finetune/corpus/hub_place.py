"""Where texts of the hub are fetched to, and what a dataset's name says. Light."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.process.pretrain_messages import CorpusSource


def split_repository(words: str) -> tuple[str, str]:
    """ "owner/name@revision" as its two parts; the second is "" where there is none."""
    repository, _, revision = words.strip().partition("@")
    return repository, revision


def folder_of(source: CorpusSource, cache: Path) -> Path:
    """Where a source's files are fetched to: a place of its own for each choice of them."""
    choice = f"{source.repository} {source.path} {source.column} {source.most_bytes}"
    name = split_repository(source.repository)[0].replace("/", "--")
    return cache / f"{name}-{hashlib.sha256(choice.encode()).hexdigest()[:8]}"
