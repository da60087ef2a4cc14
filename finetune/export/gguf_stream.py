"""A GGUF written tensor by tensor from rows that are made as they are needed: nothing but a few
rows is in memory, however large the model.

Metadata comes as entries already encoded, so that what is copied stays what it was to the byte.
The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from gguf.quants import dequantize, quantize

from engine.errors import AppError
from engine.models.gguf_header import TensorInfo
from engine.models.gguf_types import TENSOR_TYPES
from finetune.export.files import Hashed, check_room, disk_error, gone, whole

Floats = npt.NDArray[np.float32]
Report = Callable[[float], None]

PIECE_BYTES = 32 * 1024**2
_NUMBERS = {one.name: number for number, one in TENSOR_TYPES.items()}
_SIZES = {one.name: one for one in TENSOR_TYPES.values()}
_F16_MAX = float(np.finfo(np.float16).max)
FLOAT_TYPES = ("F32", "F16", "BF16")


def ignore(_: float) -> None:
    """A report that nobody reads."""


@dataclass(frozen=True)
class Planned:
    """A tensor to be written: its shape as the file has it (fastest dimension first), its type."""

    name: str
    shape: tuple[int, ...]
    kind: str

    @property
    def n_rows(self) -> int:
        return int(np.prod(self.shape[1:], dtype=np.int64))

    @property
    def row_bytes(self) -> int:
        return self.shape[0] // _SIZES[self.kind].block_values * _SIZES[self.kind].block_bytes

    @property
    def n_bytes(self) -> int:
        return self.n_rows * self.row_bytes

    @property
    def rows_at_once(self) -> int:
        """Rows whose float32 values are some 32 MB."""
        return max(1, PIECE_BYTES // (4 * self.shape[0]))


@dataclass(frozen=True)
class Written:
    """A file that was made; words: what a person should know of it."""

    path: Path
    n_bytes: int
    sha256: str
    words: str = ""


def write_gguf(
    target: Path,
    entries: Sequence[bytes],
    planned: Sequence[Planned],
    data: Callable[[Planned], Iterator[bytes]],
    report: Report = ignore,
    alignment: int = 32,
) -> Written:
    """Write a file, whole or not at all.

    Args:
        entries: the metadata, each with key, type and value.
        data: a tensor's bytes, in pieces.
        report: takes the fraction done; what it raises ends the work.

    Raises:
        AppError: too little room, or the disk refuses.
    """
    head = _head(entries, planned, alignment)
    n_total = len(head) + sum(one.n_bytes + alignment for one in planned)
    check_room(target, n_total)
    with whole(target) as beside, beside.open("wb") as raw:
        file = Hashed(raw)
        file.write(head)
        file.pad(alignment)
        for one in planned:
            start = file.n_bytes
            for piece in data(one):
                file.write(piece)
                report(file.n_bytes / n_total)
            assert file.n_bytes - start == one.n_bytes, (one, file.n_bytes - start)
            file.pad(alignment)
        return Written(target, file.n_bytes, file.sha256)


def _head(entries: Sequence[bytes], planned: Sequence[Planned], alignment: int) -> bytes:
    parts = [b"GGUF", struct.pack("<IQQ", 3, len(planned), len(entries)), *entries]
    offset = 0
    for one in planned:
        name = one.name.encode()
        parts.append(struct.pack("<Q", len(name)) + name)
        n = len(one.shape)
        parts.append(struct.pack(f"<I{n}QIQ", n, *one.shape, _NUMBERS[one.kind], offset))
        offset += -(-one.n_bytes // alignment) * alignment
    return b"".join(parts)


# ---- rows ----


def encoded(rows: Floats, kind: str, name: str) -> bytes:
    """Float32 rows as a type's bytes.

    Raises:
        AppError: a value is no number, or too large for the type.
    """
    highest = float(np.abs(rows).max(initial=0.0))
    if not highest < np.inf:
        raise AppError(
            "The weights hold values that are no numbers (NaN or infinite).",
            "Go back to an earlier checkpoint; a smaller learning rate avoids this.",
            name,
        )
    if kind == "F16" and highest > _F16_MAX:
        raise AppError(
            f"The tensor “{name}” holds values too large for F16 ({highest:,.0f}).",
            "Choose F32 or BF16.",
        )
    if kind == "F32":
        return np.ascontiguousarray(rows, "<f4").tobytes()
    if kind == "F16":
        return rows.astype("<f2").tobytes()
    return bytes(quantize(rows, gguf.GGMLQuantizationType[kind]).tobytes())


def decoded(data: bytes, kind: str, width: int) -> Floats:
    """A type's bytes as float32 rows, shape (n, width).

    Raises:
        AppError: the type's values cannot be read here.
    """
    if kind == "F32":
        return np.frombuffer(data, "<f4").reshape(-1, width)
    if kind == "F16":
        return np.frombuffer(data, "<f2").astype(np.float32).reshape(-1, width)
    size = _SIZES[kind]
    packed = np.frombuffer(data, np.uint8).reshape(
        -1, width // size.block_values * size.block_bytes
    )
    try:
        found: Floats = dequantize(packed, gguf.GGMLQuantizationType[kind])
    except NotImplementedError as error:
        raise AppError(
            f"The file is quantised as {kind}, whose values cannot be read here.",
            "Choose another quantisation of this model.",
            str(error),
        ) from error
    return found


class Source:
    """An open GGUF whose tensors are read in pieces. No mapping: a file that shrinks under one
    ends the process."""

    def __init__(self, path: Path, data_start: int) -> None:
        self._path, self._data_start = path, data_start
        try:
            self._file: Any = path.open("rb")
        except OSError as error:
            raise gone(path) from error

    def close(self) -> None:
        self._file.close()

    def pieces(self, tensor: TensorInfo, n_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
        """A tensor's bytes as they are.

        Raises:
            AppError: the file was cut meanwhile.
        """
        for start in range(0, tensor.n_bytes, n_bytes):
            wanted = min(n_bytes, tensor.n_bytes - start)
            try:
                self._file.seek(self._data_start + tensor.offset + start)
                found = self._file.read(wanted)
            except OSError as error:
                raise disk_error(self._path.name, error) from error
            if len(found) < wanted:
                raise AppError(
                    f"“{self._path.name}” was changed while it was read.", "Start again."
                )
            yield found
