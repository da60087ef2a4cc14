"""What travels between a TemplateRenderer and its child: one request, one answer, length-prefixed
msgpack.

The general wire (engine.process.wire) is not used: the child is kept light, and may be broken by
what it renders, so neither side trusts the other's lengths.
"""

import struct
from collections.abc import Mapping
from typing import IO, Any, Literal

import msgspec

MAX_FRAME_BYTES = 256 * 1024 * 1024
# A prompt of a million tokens is about four million characters.
MAX_OUTPUT_CHARS = 32 * 1024 * 1024

_LENGTH = struct.Struct("<I")

Fault = Literal["", "syntax", "refused", "forbidden", "failed", "memory", "length", "recursion"]


class RenderRequest(msgspec.Struct, frozen=True, array_like=True):
    """Render a template once with each of the contexts; deadline_s is for all together."""

    template: str
    contexts: list[Mapping[str, Any]]
    deadline_s: float


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """One rendering: its text, or what went wrong. refused: by the template's own raise_exception,
    `message` says why. line: of the template, 0 where unknown."""

    text: str = ""
    fault: Fault = ""
    message: str = ""
    line: int = 0


class RenderAnswer(msgspec.Struct, frozen=True, array_like=True):
    outcomes: list[Outcome]


def write_frame(stream: IO[bytes], message: msgspec.Struct) -> None:
    """Raises OSError where the other side is gone, ValueError where the frame is too large."""
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME_BYTES:
        raise ValueError(f"a frame of {len(body)} bytes")
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame's body; None at the stream's end, or where no frame can be read."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (n_bytes,) = _LENGTH.unpack(head)
    if n_bytes > MAX_FRAME_BYTES:
        return None
    body = stream.read(n_bytes)
    return body if len(body) == n_bytes else None
