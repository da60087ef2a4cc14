"""Rows as tokens on disk, memory-mapped: what a training run reads, however large it is.

A folder: ids.bin (int32, little-endian, all rows in a row), learned.bin (uint8, 1 where the token
is to be predicted), starts.npy (int64, shape (n_rows + 1,)), rows.json (facts). Written once by
TokenSetWriter, whole or not at all.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]
Starts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TokenSet:
    """ids, learned: shape (n_tokens,), memory-mapped; starts: shape (n_rows + 1,); row_ids: of each
    row; facts: what its writer noted."""

    ids: Ids
    learned: Flags
    starts: Starts
    row_ids: list[str]
    facts: dict[str, Any]

    @property
    def n_rows(self) -> int:
        return len(self.starts) - 1

    @property
    def n_tokens(self) -> int:
        return int(self.starts[-1])

    @property
    def n_learned(self) -> int:
        return int(self.learned.sum(dtype=np.int64))

    def lengths(self) -> Starts:
        """Tokens of each row, shape (n_rows,)."""
        return np.diff(self.starts)

    def row(self, index: int) -> tuple[Ids, Flags]:
        """A row's ids and which of them are learned, both shape (n,)."""
        low, high = self.starts[index : index + 2]
        return self.ids[low:high], self.learned[low:high]


class TokenSetWriter:
    """Appends rows; the folder is there, whole, once the `with` block ended without an error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        self._starts, self._row_ids = [0], list[str]()
        self.facts: dict[str, Any] = {}

    def __enter__(self) -> TokenSetWriter:
        shutil.rmtree(self._beside, ignore_errors=True)
        self._beside.mkdir(parents=True)
        self._ids = (self._beside / "ids.bin").open("wb")
        self._learned = (self._beside / "learned.bin").open("wb")
        return self

    def add(self, row_id: str, ids: Ids, learned: Flags) -> None:
        """One row; both shape (n,)."""
        assert ids.shape == learned.shape, (ids.shape, learned.shape)
        self._ids.write(ids.astype("<i4").tobytes())
        self._learned.write(learned.astype(np.uint8).tobytes())
        self._starts.append(self._starts[-1] + len(ids))
        self._row_ids.append(row_id)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with self._ids, self._learned:
                if kind is None:
                    self._flush()
            if kind is None:
                self._finish()
        finally:
            shutil.rmtree(self._beside, ignore_errors=True)  # gone where it became the folder

    def _flush(self) -> None:
        for file in (self._ids, self._learned):
            file.flush()
            os.fsync(file.fileno())

    def _finish(self) -> None:
        np.save(self._beside / "starts.npy", np.array(self._starts, np.int64))
        noted = json.dumps({"row_ids": self._row_ids, "facts": self.facts})
        (self._beside / "rows.json").write_text(noted, encoding="utf-8")
        shutil.rmtree(self._folder, ignore_errors=True)
        os.replace(self._beside, self._folder)


def open_token_set(folder: Path) -> TokenSet:
    """Raises OSError or ValueError where the folder is none; it is then made anew."""
    starts: Starts = np.load(folder / "starts.npy")
    noted = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    n = int(starts[-1])
    return TokenSet(
        ids=_mapped(folder / "ids.bin", np.dtype("<i4"), n),
        learned=_mapped(folder / "learned.bin", np.dtype(np.uint8), n),
        starts=starts,
        row_ids=noted["row_ids"],
        facts=noted["facts"],
    )


def _mapped(path: Path, kind: Any, n: int) -> Any:
    # An empty file cannot be mapped.
    return np.memmap(path, kind, "r", shape=(n,)) if n else np.empty(0, kind)
