"""Arrays as metadata entries of a GGUF; provenance.entry has the single values."""

import struct
from collections.abc import Iterable, Sequence

import numpy as np

from engine.models.gguf_types import ARRAY, STRING
from finetune.export.provenance import entry

__all__ = ["entry", "floats", "integers", "texts"]
_I32, _F32 = 5, 6


def texts(key: str, values: Sequence[str]) -> bytes:
    """An array of texts."""
    encoded = [one.encode("utf-8", "surrogatepass") for one in values]
    body = b"".join(struct.pack("<Q", len(one)) + one for one in encoded)
    return _head(key, STRING, len(encoded)) + body


def integers(key: str, values: Iterable[int]) -> bytes:
    """An array of whole numbers (int32)."""
    found = np.array(list(values), "<i4")
    return _head(key, _I32, len(found)) + found.tobytes()


def floats(key: str, values: Iterable[float]) -> bytes:
    """An array of numbers (float32)."""
    found = np.array(list(values), "<f4")
    return _head(key, _F32, len(found)) + found.tobytes()


def _head(key: str, kind: int, count: int) -> bytes:
    name = key.encode()
    return struct.pack("<Q", len(name)) + name + struct.pack("<IIQ", ARRAY, kind, count)
