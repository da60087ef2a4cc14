"""What tokenizer files list beside their tokens: the merges of BPE, and the ranks they give."""

import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from engine.models.gguf_header import ArrayNote, Header, read_bytes
from engine.tokens.tokenizer import Figures, Merge

_LENGTH = struct.Struct("<Q")
MERGES_KEY = "tokenizer.ggml.merges"


def gguf_merges(path: Path, header: Header) -> list[Merge]:
    """The merges in a GGUF, as pairs of pieces in the order of their ranks; [] where it lists
    none."""
    note = header.metadata.get(MERGES_KEY)
    if isinstance(note, ArrayNote):
        lines: Iterable[str] = _strings(read_bytes(path, note.offset, note.n_bytes), note.count)
    else:
        lines = (item for item in note if isinstance(item, str)) if isinstance(note, list) else ()
    return [merge_of(*line.split(" ", 1)) for line in lines if " " in line[1:]]


def merge_of(left: str, right: str) -> Merge:
    """A merge's two sides, written in the letters that stand for bytes."""
    return spelled_bytes(left), spelled_bytes(right)


def spelled_bytes(text: str) -> bytes:
    """The bytes that byte-level BPE writes as these letters (GPT-2's table: printable Latin-1 as
    itself, the rest from U+0100 on). Text in other letters stands for itself."""
    try:
        return bytes(map(_BYTES.__getitem__, text))
    except KeyError:
        return text.encode("utf-8", "replace")


def byte_letters() -> dict[int, str]:
    """The letter that stands for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [value for value in range(256) if value not in printable]
    letters = {value: chr(value) for value in printable}
    return letters | {value: chr(256 + index) for index, value in enumerate(others)}


def ranks(n_tokens: int, piece: Callable[[int], bytes], merges: list[Merge]) -> Figures:
    """The rank of the first merge that makes each token, nan where none does, shape
    (n_tokens,)."""
    made: dict[bytes, int] = {}
    for rank, (left, right) in enumerate(merges):
        made.setdefault(left + right, rank)
    found = (made.get(piece(token), np.nan) for token in range(n_tokens))
    return np.fromiter(found, np.float32, n_tokens)


def _strings(data: bytes, count: int) -> Iterator[str]:
    position = 0
    for _ in range(count):
        (n_bytes,) = _LENGTH.unpack_from(data, position)
        position += _LENGTH.size
        yield data[position : position + n_bytes].decode("utf-8", "replace")
        position += n_bytes


_BYTES = {letter: value for value, letter in byte_letters().items()}
