"""Texts that came through cleaning and wait for the last step: on disk, with what is known of each
in arrays beside them. Some 130 bytes a text, all of it in files that are mapped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from finetune.corpus.document import Document, size_of
from finetune.corpus.made_files import Line, read_line, to_line
from finetune.corpus.split import text_hash
from finetune.data.duplicates import N_BANDS, band_keys
from finetune.data.shingles import shingles_of

_FILE_BYTES = 64 << 20
_PLACE_BITS = 40
Numbers = npt.NDArray[np.int64]


class Waiting:
    """Texts by their numbers, from 0. First added, then (after close) read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.n = self.n_bytes = 0
        self._places = (folder / "places.bin").open("wb")
        self._hashes = (folder / "hashes.bin").open("wb")
        self._keys = (folder / "keys.bin").open("wb")
        self._n_grams = (folder / "n_grams.bin").open("wb")
        self._n_files = 0
        self._file = self._path(0).open("wb")
        self._reading: tuple[int, Any] | None = None

    def add(self, document: Document, is_compared: bool) -> None:
        """is_compared: whether it is looked at for near duplicates."""
        text = document.text
        line = to_line(text, document.source)
        if self._file.tell() and self._file.tell() + len(line) > _FILE_BYTES:
            self._file.close()
            self._n_files += 1
            self._file = self._path(self._n_files).open("wb")
        place = self._n_files << _PLACE_BITS | self._file.tell()
        self._file.write(line)
        grams = shingles_of(text) if is_compared else np.empty(0, np.uint64)
        keys = band_keys(grams) if len(grams) else np.zeros(N_BANDS, np.uint32)
        self._keys.write(keys.tobytes())
        for file, number in (
            (self._places, place),
            (self._hashes, text_hash(text)),
            (self._n_grams, len(grams)),
        ):
            file.write(number.to_bytes(8, "little"))
        self.n += 1
        self.n_bytes += size_of(text)

    def close(self) -> None:
        """All are added, or none will be read."""
        for file in (self._file, self._places, self._hashes, self._keys, self._n_grams):
            file.close()
        if self._reading is not None:
            self._reading[1].close()
            self._reading = None

    @property
    def hashes(self) -> Numbers:
        """Of each text, as split.text_hash; shape (n,)."""
        found: Numbers = self._mapped("hashes.bin", "<i8", (self.n,))
        return found

    @property
    def keys(self) -> npt.NDArray[np.uint32]:
        """Shape (n, N_BANDS)."""
        found: npt.NDArray[np.uint32] = self._mapped("keys.bin", "<u4", (self.n, N_BANDS))
        return found

    @property
    def n_grams(self) -> Numbers:
        """0 where a text is not compared; shape (n,)."""
        found: Numbers = self._mapped("n_grams.bin", "<i8", (self.n,))
        return found

    def lines(self, numbers: Numbers) -> Iterator[Line]:
        """Texts by their numbers."""
        places = self._mapped("places.bin", "<i8", (self.n,))
        for number in numbers:
            place = int(places[number])
            file = self._opened(place >> _PLACE_BITS)
            file.seek(place & (1 << _PLACE_BITS) - 1)
            yield read_line(file.readline())

    def texts(self, numbers: Numbers) -> Iterator[str]:
        return (line.text for line in self.lines(numbers))

    def all_lines(self) -> Iterator[Line]:
        """All in their order, once: what was read goes, so that the disk need not hold twice as
        much."""
        for number in range(self._n_files + 1):
            with self._path(number).open("rb") as file:
                yield from map(read_line, file)
            self._path(number).unlink()

    def _opened(self, number: int) -> Any:
        if self._reading is None or self._reading[0] != number:
            if self._reading is not None:
                self._reading[1].close()
            self._reading = number, self._path(number).open("rb")
        return self._reading[1]

    def _path(self, number: int) -> Path:
        return self._folder / f"texts-{number:04}.jsonl"

    def _mapped(self, name: str, dtype: str, shape: tuple[int, ...]) -> Any:
        # An empty file cannot be mapped.
        return (
            np.memmap(self._folder / name, dtype, "r", shape=shape)
            if self.n
            else np.zeros(shape, dtype)
        )
