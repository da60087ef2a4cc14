"""Where a file came from, in its metadata: keys under "bathysphere.", beside the format's own.

Plain values in, encoded entries out; a caller says what it knows (base_sha256, dataset, run, seed,
...). Every file also carries what made it and with which versions.
"""

import struct
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from engine.models.gguf_types import BOOL, STRING

PREFIX = "bathysphere."
_U32, _F32, _U64, _I64 = 4, 6, 10, 11
_PACKAGES = ("torch", "transformers", "peft", "gguf", "llama-cpp-python")

Value = str | int | float | bool


def provenance(kind: str, known: Mapping[str, Value]) -> dict[str, Value]:
    """All keys of a file that is made now.

    Args:
        kind: "adapter", "merged", "quantised", "converted" or "raised".
        known: names without the prefix -> values; empty ones are left out.
    """
    found: dict[str, Value] = {
        f"{PREFIX}kind": kind,
        f"{PREFIX}versions": versions(),
        f"{PREFIX}made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    return found | {
        f"{PREFIX}{name}": value for name, value in known.items() if value not in ("", None)
    }


def versions() -> str:
    """ "bathysphere 0.1.0, torch ..."."""
    found = [f"bathysphere {_version('bathysphere') or 'unknown'}"]
    return ", ".join(found + [f"{one} {number}" for one in _PACKAGES if (number := _version(one))])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def entry(key: str, value: Value, *, is_u32: bool = False) -> bytes:
    """A metadata entry as it stands in a GGUF: key, type, value."""
    name = key.encode()
    head = struct.pack("<Q", len(name)) + name
    if isinstance(value, bool):
        return head + struct.pack("<I?", BOOL, value)
    if isinstance(value, str):
        text = value.encode("utf-8", "replace")
        return head + struct.pack("<IQ", STRING, len(text)) + text
    if isinstance(value, float):
        return head + struct.pack("<If", _F32, value)
    if is_u32:
        return head + struct.pack("<II", _U32, value)
    return head + struct.pack("<Iq", _I64, value)
