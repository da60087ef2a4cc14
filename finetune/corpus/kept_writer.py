"""Texts as they are kept: kept-0000.jsonl, ... to learn from, held_out.jsonl to measure with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import msgspec

from finetune.corpus.document import size_of
from finetune.corpus.made_files import COUNTS, HELD_OUT, Line, to_line
from finetune.corpus.split import Sides, Split, Survey

_FILE_BYTES = 64 << 20


class KeptWriter:
    """Use with `with`. Raises OSError where the disk refuses.

    Attributes: survey (of all that is kept), n_held and held_bytes (of what is held out).
    """

    def __init__(self, folder: Path, split: Split) -> None:
        self._folder, self._sides = folder, Sides(split)
        self.survey = Survey()
        self.n_held = self.held_bytes = 0
        self.is_one_text = split.is_one_text
        # Documents and bytes of each file.
        self._counts: dict[str, tuple[int, int]] = {}
        self._n_files = self._n_in_file = 0
        self._kept: IO[bytes] = self._path().open("wb")
        self._held: IO[bytes] = (folder / HELD_OUT).open("wb")

    def __enter__(self) -> KeptWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._kept, self._held:
            if kind is None:
                self._count(self._kept)
                self._count(self._held)
                noted = msgspec.json.encode(self._counts)
                (self._folder / COUNTS).write_bytes(msgspec.json.format(noted))

    def add(self, line: Line) -> None:
        for is_held, text in self._sides.of(line.text, self.survey.add(line.text)):
            self._write(is_held, Line(text, line.source))

    def _write(self, is_held: bool, line: Line) -> None:
        data = to_line(line.text, line.source)
        if is_held:
            self._held.write(data)
            self.n_held += 1
            self.held_bytes += size_of(line.text)
            return
        if self._kept.tell() and self._kept.tell() + len(data) > _FILE_BYTES:
            self._count(self._kept)
            self._kept.close()
            self._n_files += 1
            self._kept = self._path().open("wb")
            self._n_in_file = 0
        self._kept.write(data)
        self._n_in_file += 1

    def _count(self, file: IO[bytes]) -> None:
        """A file is written: on the disk, and its documents noted."""
        file.flush()
        os.fsync(file.fileno())
        n = self.n_held if file is self._held else self._n_in_file
        self._counts[Path(file.name).name] = n, file.tell()

    def _path(self) -> Path:
        return self._folder / f"kept-{self._n_files:04}.jsonl"
