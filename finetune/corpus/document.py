"""What a corpus is made of: texts, and what was no text. Light."""

from __future__ import annotations

from typing import Literal, NamedTuple

TextKind = Literal["text", "markdown", "html", "field", "made"]
# Whatever is longer comes in pieces: far more than any model here sees at once.
PIECE_BYTES = 1 << 16


class Document(NamedTuple):
    """A text, or a piece of a long one.

    source: in words, where it came from ("notes.md", "train.jsonl:17"); kind: what it was written
    as (field: of JSONL or Parquet; made: by our grammar, or this interpreter's own); part: which
    piece of a long text it is, from 0; note: what had to be done to read it, "" for nothing.
    """

    text: str
    source: str
    kind: TextKind = "text"
    part: int = 0
    note: str = ""


class Unread(NamedTuple):
    """What could not be read as text: where, why (a sentence), and how it begins."""

    source: str
    reason: str
    excerpt: str = ""
    n_bytes: int = 0


def size_of(text: str) -> int:
    """UTF-8 bytes. Half a character (a lone surrogate) counts three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def size_words(n_bytes: int) -> str:
    """A size as people read it: "950 bytes", "41 kB", "1.2 MB"."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= size:
            value = n_bytes / size
            return f"{value:.1f} {unit}" if value < 10 and unit != "kB" else f"{value:.0f} {unit}"
    return f"{n_bytes} bytes"
