"""A corpus as tokens on disk, memory-mapped: what a pretraining reads, however large it is.

A folder: tokens-0000.bin, ... (uint16 or uint32, little-endian), each of whole documents, and
manifest.json (counts, bytes, sha256 of each file). token_shards.py writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

MANIFEST = "manifest.json"
VERSION = 1
Ids = npt.NDArray[np.int64]


class ShardFile(msgspec.Struct, frozen=True):
    """One file. n_bytes: UTF-8 bytes of the text that its tokens are."""

    name: str
    n_tokens: int
    n_documents: int
    n_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """dtype: "uint16" or "uint32"; end_id: the token after each document, -1 where there is none;
    fingerprint: of all that the tokens depend on, by whoever wrote them."""

    version: int
    dtype: str
    end_id: int
    fingerprint: str
    files: list[ShardFile]


@dataclass(frozen=True)
class TokenShards:
    """Tokens of a corpus, from file to file as one row of them."""

    folder: Path
    manifest: Manifest

    @cached_property
    def n_tokens(self) -> int:
        return sum(one.n_tokens for one in self.manifest.files)

    @cached_property
    def n_bytes(self) -> int:
        """UTF-8 bytes of the text; end tokens have none."""
        return sum(one.n_bytes for one in self.manifest.files)

    @cached_property
    def n_documents(self) -> int:
        return sum(one.n_documents for one in self.manifest.files)

    @cached_property
    def _maps(self) -> list[Any]:
        kind = np.dtype(self.manifest.dtype).newbyteorder("<")
        return [
            np.memmap(self.folder / one.name, kind, "r", shape=(one.n_tokens,))
            for one in self.manifest.files
        ]

    @cached_property
    def _starts(self) -> Ids:
        """Where each file begins, and the end; shape (n_files + 1,)."""
        return np.cumsum([0, *(one.n_tokens for one in self.manifest.files)], dtype=np.int64)

    def window(self, start: int, n: int) -> Ids:
        """n tokens from `start` on, across files; shape (n,).

        Raises:
            IndexError: there are not so many.
        """
        if start < 0 or n < 0 or start + n > self.n_tokens:
            raise IndexError(f"tokens {start} to {start + n} of {self.n_tokens}")
        found = np.empty(n, np.int64)
        file = int(np.searchsorted(self._starts, start, "right")) - 1
        done = 0
        while done < n:
            low = start + done - int(self._starts[file])
            some = self._maps[file][low : low + n - done]
            found[done : done + len(some)] = some
            done += len(some)
            file += 1
        return found

    def windows(self, starts: Sequence[int] | Ids, n: int) -> Ids:
        """A window from each start; shape (len(starts), n). Raises IndexError."""
        return np.stack([self.window(int(start), n) for start in starts])

    def damage(self) -> str:
        """Which file is not what was written, "" where all are: reads every byte."""
        for one in self.manifest.files:
            with (self.folder / one.name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != one.sha256:
                    return one.name
        return ""


def open_shards(folder: Path, fingerprint: str = "") -> TokenShards | None:
    """Tokens that are there whole, None where they are not, or are of another fingerprint ("": of
    any)."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        width = np.dtype(manifest.dtype).itemsize
        sizes = [(folder / one.name).stat().st_size for one in manifest.files]
    except (OSError, TypeError, msgspec.MsgspecError):
        return None
    is_whole = sizes == [one.n_tokens * width for one in manifest.files]
    is_same = fingerprint in ("", manifest.fingerprint) and manifest.version == VERSION
    return TokenShards(folder, manifest) if is_whole and is_same else None
