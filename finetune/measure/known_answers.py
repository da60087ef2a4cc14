"""What a model has said before, kept in the user folder by what its file is; safe to delete.

A line each, found by a hash of what was asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from engine.errors import AppError
from engine.models.file_hash import fingerprint
from finetune.run.log import append

T = TypeVar("T")


class KnownAnswers:
    """Read when first asked. Not for two threads at once."""

    def __init__(self, folder: Path, model: Path) -> None:
        self._folder, self._model = folder, model
        self._path: Path | None = None
        self._known: dict[str, msgspec.Raw] = {}

    def get(self, asked: Any, kind: type[T]) -> T | None:
        """What was answered; None where that is not known. Raises AppError: the model is gone."""
        self._open()
        found = self._known.get(_key(asked))
        try:
            return None if found is None else msgspec.json.decode(found, type=kind)
        except msgspec.MsgspecError:
            return None

    def put(self, asked: Any, answer: Any) -> None:
        """Keep an answer; on a disk that is full it is kept for this process alone."""
        path, key = self._open(), _key(asked)
        self._known[key] = msgspec.Raw(msgspec.json.encode(answer))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            append(path, msgspec.json.encode([key, answer]) + b"\n")
        except OSError:
            return

    def _open(self) -> Path:
        if self._path is None:
            try:
                self._path = self._folder / f"{fingerprint(self._model)[:32]}.jsonl"
            except OSError as error:
                raise base_is_gone(self._model) from error
            self._known = dict(_read(self._path))
        return self._path


def _key(asked: Any) -> str:
    kind = type(asked).__name__
    return hashlib.sha256(msgspec.json.encode([kind, asked])).hexdigest()[:32]


def _read(path: Path) -> Iterator[tuple[str, msgspec.Raw]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=tuple[str, msgspec.Raw])
        except msgspec.MsgspecError:
            continue  # cut by a kill


def base_is_gone(base: Path) -> AppError:
    """What a person is told where the base was deleted or moved."""
    return AppError(
        f"The base “{base.name}” is not there any more.",
        "Put it back where it was, then resume the run: nothing is lost.",
        str(base),
    )
