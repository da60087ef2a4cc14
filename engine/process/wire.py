"""Frames: four bytes of length (little-endian), then one msgpack struct. Bytes in, structs out; no
transport here."""

import struct
from collections.abc import Iterator

import msgspec

from engine.process.messages import MAX_FRAME_BYTES, AnyEvent, AnyRequest

_LENGTH = struct.Struct("<I")
_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(AnyRequest)
_events = msgspec.msgpack.Decoder(AnyEvent)


class WireError(Exception):
    """The other side sent something that is no frame; the connection is of no more use."""


def pack(message: msgspec.Struct) -> bytes:
    """One frame, length and body."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


def read_request(body: bytes) -> AnyRequest:
    """Raises WireError where the body is no request."""
    try:
        request: AnyRequest = _requests.decode(body)
        return request
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise WireError(f"unreadable request: {error}") from error


def read_event(body: bytes) -> AnyEvent:
    """Raises WireError where the body is no event."""
    try:
        event: AnyEvent = _events.decode(body)
        return event
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise WireError(f"unreadable event: {error}") from error


def as_json(message: msgspec.Struct) -> str:
    """A frame for human eyes (the debug switch BATHYSPHERE_WIRE=1 prints these to stderr)."""
    return msgspec.json.encode(message).decode()


class FrameReader:
    """Collects bytes as they arrive and gives whole frame bodies back."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield every frame body that `data` completes.

        Raises:
            WireError: a length beyond MAX_FRAME_BYTES; nothing after it can be trusted.
        """
        self._buffer += data
        start = 0
        try:
            while len(self._buffer) - start >= _LENGTH.size:
                (n_bytes,) = _LENGTH.unpack_from(self._buffer, start)
                if n_bytes > MAX_FRAME_BYTES:
                    raise WireError(f"a frame of {n_bytes} bytes was announced")
                end = start + _LENGTH.size + n_bytes
                if len(self._buffer) < end:
                    break
                body = bytes(self._buffer[start + _LENGTH.size : end])
                start = end
                yield body
        finally:
            del self._buffer[:start]
