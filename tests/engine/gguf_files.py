"""Small GGUF files, sound and hostile, put together byte by byte for the tests of their reader."""

import struct
from pathlib import Path

from engine.models.gguf_header import Header, read_header

U32, STRING, ARRAY = 4, 8, 9


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def pair(key: bytes, value_type: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", value_type) + value


def tensor(name: bytes, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def file_of(pairs: list[bytes], tensors: list[bytes], n_data: int = 0, version: int = 3) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs))
    head += b"".join(pairs + tensors)
    return head + bytes(-len(head) % 32 + n_data)


def read(tmp_path: Path, data: bytes, name: str = "model.gguf") -> Header:
    path = tmp_path / name
    path.write_bytes(data)
    return read_header(path)


def key_text(key: bytes, value: bytes) -> bytes:
    return pair(key, STRING, text(value))


def texts(key: bytes, values: list[bytes]) -> bytes:
    body = struct.pack("<IQ", STRING, len(values)) + b"".join(map(text, values))
    return pair(key, ARRAY, body)


LLAMA = key_text(b"general.architecture", b"llama")
