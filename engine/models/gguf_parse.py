"""The parts of a GGUF header, and the bounded parser that makes them out of a file's first bytes.

Versions 2 and 3, little endian; every count, length and offset is held against the file's size.
gguf_header.py opens the file. The format:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from engine.errors import AppError
from engine.models.gguf_bytes import ByteReader, absurd, not_gguf, truncated
from engine.models.gguf_types import (
    ARRAY,
    BOOL,
    DEFAULT_ALIGNMENT,
    MAGIC,
    REMOVED_TENSOR_TYPES,
    SCALARS,
    STRING,
    TENSOR_TYPES,
    VERSIONS,
)

MAX_KEYS = 4_096
MAX_TENSORS = 8_192
MAX_KEY_BYTES = 65_535
MAX_TENSOR_NAME_BYTES = 63
MAX_DIMENSIONS = 4
MAX_TENSOR_VALUES = 1 << 62
# Longer texts and arrays are noted: a template is far shorter, a vocabulary far longer.
MAX_TEXT_BYTES = 256 * 1024
MAX_ARRAY_BUILT = 512
WORK_PER_ENTRY = 20
WORK_PER_TENSOR = 50
TEXT_BYTES_PER_WORK = 4


@dataclass(frozen=True, slots=True)
class ArrayNote:
    """A long array that was passed over: its elements' type number and where they lie."""

    element_type: int
    count: int
    offset: int
    n_bytes: int


@dataclass(frozen=True, slots=True)
class TextNote:
    """A long text that was passed over, and where it lies in the file."""

    offset: int
    n_bytes: int


Scalar = int | float | bool | str
Item = Scalar | TextNote
Value = Item | list[Item] | ArrayNote


class TensorInfo(NamedTuple):
    """One tensor: its shape as the file has it (fastest dimension first), offset counted from
    data_start."""

    name: str
    shape: tuple[int, ...]
    type: str
    n_values: int
    n_bytes: int
    offset: int


@dataclass(frozen=True, slots=True)
class Header:
    """A header whose every count, length and offset lies within the file."""

    version: int
    metadata: dict[str, Value]
    tensors: list[TensorInfo]
    data_start: int
    alignment: int
    file_bytes: int

    def text(self, key: str) -> str:
        """A text value, "" where it is absent or of another type."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        """A whole number, the largest of a short array of them, or 0."""
        value = self.metadata.get(key)
        items = value if isinstance(value, list) else [value]
        return max((n for n in items if isinstance(n, int) and not isinstance(n, bool)), default=0)

    def count(self, key: str) -> int:
        """How many elements an array has, built or noted; 0 where there is none."""
        value = self.metadata.get(key)
        if isinstance(value, ArrayNote):
            return value.count
        return len(value) if isinstance(value, list) else 0


def parse_header(reader: ByteReader) -> Header:
    """Read everything up to the weights, and check it.

    Raises:
        AppError: see read_header.
    """
    version = _read_version(reader)
    n_tensors, n_keys = reader.u64(), reader.u64()
    if n_tensors > MAX_TENSORS or n_keys > MAX_KEYS:
        raise absurd("its counts are absurd", f"{n_tensors} tensors, {n_keys} metadata keys")
    reader.spend(n_tensors * WORK_PER_TENSOR + n_keys * WORK_PER_ENTRY)
    metadata = _read_metadata(reader, n_keys)
    alignment = _alignment(metadata)
    tensors = [_read_tensor(reader, alignment) for _ in range(n_tensors)]
    data_start = _aligned(reader.position, alignment)
    _check_tensors(tensors, alignment, data_start, reader.file_bytes)
    return Header(version, metadata, tensors, data_start, alignment, reader.file_bytes)


def parse_spans(reader: ByteReader) -> dict[str, tuple[int, int]]:
    """Where each metadata entry (key, type and value) lies in the file: start and end in bytes, in
    the file's order. For writers that copy entries as they are.

    Raises:
        AppError: see read_header.
    """
    _read_version(reader)
    _, n_keys = reader.u64(), reader.u64()
    if n_keys > MAX_KEYS:
        raise absurd("its counts are absurd", f"{n_keys} metadata keys")
    spans: dict[str, tuple[int, int]] = {}
    for _ in range(n_keys):
        start = reader.position
        key = _read_name(reader, MAX_KEY_BYTES)
        _read_value(reader, reader.u32())
        spans[key] = (start, reader.position)
    return spans


def _read_version(reader: ByteReader) -> int:
    if reader.file_bytes == 0:
        raise AppError("The file is empty.", "Download it again.")
    beginning = reader.peek(min(64, reader.file_bytes))
    if not beginning.startswith(MAGIC):
        raise not_gguf(beginning)
    reader.skip(len(MAGIC))
    version = reader.u32()
    if version in VERSIONS:
        return version
    if int.from_bytes(version.to_bytes(4, "little"), "big") in (1, *VERSIONS):
        raise AppError(
            "The file is a GGUF for big-endian machines, which this one cannot run.",
            "Get the usual (little-endian) file of this model.",
        )
    raise AppError(
        f"The file is a GGUF of version {version}; this app reads versions 2 and 3.",
        "Get a newer file of this model." if version < 2 else "A newer Bathysphere may read it.",
    )


def _read_metadata(reader: ByteReader, n_keys: int) -> dict[str, Value]:
    metadata: dict[str, Value] = {}
    for _ in range(n_keys):
        key = _read_name(reader, MAX_KEY_BYTES)
        if key in metadata:
            raise absurd("a metadata key stands in it twice", key[:100])
        metadata[key] = _read_value(reader, reader.u32())
    return metadata


def _read_name(reader: ByteReader, max_bytes: int) -> str:
    n_bytes = reader.u64()
    if n_bytes > max_bytes:
        raise absurd("a name in it is absurdly long", f"{n_bytes} bytes at {reader.position}")
    try:
        return reader.take(n_bytes).decode()
    except UnicodeDecodeError as error:
        raise absurd("a name in it is not a text", f"at {reader.position}: {error}") from error


def _read_value(reader: ByteReader, value_type: int) -> Value:
    if value_type == STRING:
        return _read_text(reader)
    if value_type == ARRAY:
        return _read_array(reader)
    return _read_scalars(reader, value_type, 1)[0]


def _read_text(reader: ByteReader) -> str | TextNote:
    n_bytes = reader.u64()
    if n_bytes > MAX_TEXT_BYTES:
        note = TextNote(reader.position, n_bytes)
        reader.skip(n_bytes)
        return note
    reader.spend(n_bytes // TEXT_BYTES_PER_WORK)
    return reader.take(n_bytes).decode(errors="replace")


def _read_array(reader: ByteReader) -> list[Item] | ArrayNote:
    element_type, count, offset = reader.u32(), reader.u64(), reader.position
    if element_type == ARRAY:
        raise absurd("it holds arrays within arrays", f"at {offset}")
    if count <= MAX_ARRAY_BUILT:
        reader.spend(count)
        if element_type != STRING:
            return _read_scalars(reader, element_type, count)
        return [_read_text(reader) for _ in range(count)]
    if element_type == STRING:
        reader.skip_strings(count)
    else:
        reader.skip(count * _scalar(element_type)[1])
    return ArrayNote(element_type, count, offset, reader.position - offset)


def _read_scalars(reader: ByteReader, value_type: int, count: int) -> list[Item]:
    code, n_bytes = _scalar(value_type)
    values = struct.unpack(f"<{count}{code}", reader.take(count * n_bytes))
    if value_type != BOOL:
        return list(values)
    if max(values, default=0) > 1:
        raise absurd("a yes-or-no value in it is neither", f"at {reader.position}")
    return [bool(value) for value in values]


def _scalar(value_type: int) -> tuple[str, int]:
    if value_type not in SCALARS:
        raise absurd("a value in it is of no known type", f"type {value_type}")
    return SCALARS[value_type]


def _alignment(metadata: dict[str, Value]) -> int:
    value = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(value, int) or not 1 <= value <= 1 << 20 or value & (value - 1):
        raise absurd("its alignment is not a power of two", repr(value)[:100])
    return value


def _aligned(offset: int, alignment: int) -> int:
    return (offset + alignment - 1) // alignment * alignment


def _read_tensor(reader: ByteReader, alignment: int) -> TensorInfo:
    name = _read_name(reader, MAX_TENSOR_NAME_BYTES)
    n_dimensions = reader.u32()
    if n_dimensions > MAX_DIMENSIONS:
        raise absurd(f"tensor “{name}” has {n_dimensions} dimensions", f"at {reader.position}")
    layout = f"<{n_dimensions}QIQ"
    *shape, type_number, offset = struct.unpack(layout, reader.take(8 * n_dimensions + 12))
    n_values = 1
    for size in shape:
        n_values *= size
    kind = TENSOR_TYPES.get(type_number)
    if kind is None:
        raise _unknown_type(name, type_number)
    if n_values > MAX_TENSOR_VALUES or (shape and shape[0] % kind.block_values):
        raise absurd(f"the size of tensor “{name}” is impossible", f"{kind.name} {shape}")
    if offset % alignment:
        raise absurd(f"tensor “{name}” lies at an odd place", f"offset {offset}")
    n_bytes = n_values // kind.block_values * kind.block_bytes
    return TensorInfo(name, tuple(shape), kind.name, n_values, n_bytes, offset)


def _unknown_type(name: str, type_number: int) -> AppError:
    if type_number in REMOVED_TENSOR_TYPES:
        return AppError(
            "The file uses a quantisation that llama.cpp no longer supports.",
            "Get a newer file of this model.",
            f"tensor {name}: type {type_number}",
        )
    return AppError(
        f"The file uses a quantisation unknown here (type {type_number}).",
        "Get another quantisation of this model, or a newer Bathysphere.",
        f"tensor {name}",
    )


def _check_tensors(
    tensors: list[TensorInfo], alignment: int, data_start: int, file_bytes: int
) -> None:
    """No tensor twice, none over another, none beyond the file's end."""
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise absurd("a tensor stands in it twice", f"{len(tensors)} tensors")
    data_bytes = file_bytes - data_start
    end = 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.offset, tensor.n_bytes)):
        if tensor.offset < end:
            raise absurd(f"tensor “{tensor.name}” lies over another", f"offset {tensor.offset}")
        # Writers leave no gaps, so one that jumps beyond the end is damage and not a download cut
        # short.
        if tensor.offset > max(data_bytes, _aligned(end, alignment)):
            raise absurd(f"tensor “{tensor.name}” lies outside it", f"offset {tensor.offset}")
        end = tensor.offset + tensor.n_bytes
    if tensors and data_start + end > file_bytes:
        raise truncated(data_start + end - file_bytes, exact=True)
