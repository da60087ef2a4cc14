"""A long text in pieces that can be laid out and edited one by one. Qt-free.

A segment is a paragraph with its line break; a longer one is cut into several. There is always a
last segment for the caret to stand in, empty where the text ends with a line break. Places are
bytes of the text as UTF-8, since tokens are bytes; only within one segment are they anything else.
"""

from __future__ import annotations

import unicodedata
from io import StringIO

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Ints = npt.NDArray[np.int64]

SEGMENT_CHARS = 2_000  # a longer paragraph is cut about there
LONGEST_SEGMENT = 3_000  # an edited one may grow so far
_LOOK_BACK = 64  # so many characters before the cut it may move to stand at a better place


class Replaced(Struct, frozen=True):
    """Segments first up to last became n_new others."""

    first: int
    last: int
    n_new: int


class SegmentedText:
    """The text. `starts` has one entry more than there are segments: the last is the text's end."""

    def __init__(self, text: str = "") -> None:
        self.segments: list[str] = []
        self.starts: Ints = np.zeros(1, np.int64)
        self.set(text)

    def set(self, text: str) -> None:
        """Another text."""
        self.segments = _with_last(split(text))
        self.starts = np.append(np.int64(0), _ends(self.segments))

    def __len__(self) -> int:
        return len(self.segments)

    @property
    def n_bytes(self) -> int:
        return int(self.starts[-1])

    def segment_at(self, at: int) -> int:
        """The segment that holds a byte; of the text's end the last one."""
        found = int(np.searchsorted(self.starts, at, side="right")) - 1
        return min(max(found, 0), len(self.segments) - 1)

    def text(self, start: int = 0, end: int | None = None) -> str:
        """A part of the text; a character that is cut by an end of it is left out."""
        stop = self.n_bytes if end is None else min(end, self.n_bytes)
        if start <= 0 and stop == self.n_bytes:
            return "".join(self.segments)
        if stop <= start:
            return ""
        first, last = self.segment_at(start), self.segment_at(stop - 1)
        parts = self.segments[first : last + 1]
        base = int(self.starts[first])
        parts[-1] = part_of(parts[-1], 0, stop - int(self.starts[last]))
        parts[0] = part_of(parts[0], start - base, len(parts[0]) * 4)
        return "".join(parts)

    def data(self, start: int, end: int) -> bytes:
        """The bytes of a part, also of a part of a character."""
        if end <= start:
            return b""
        first, last = self.segment_at(start), self.segment_at(end - 1)
        base = int(self.starts[first])
        whole = "".join(self.segments[first : last + 1]).encode()
        return whole[start - base : end - base]

    def whole_at(self, at: int) -> int:
        """The place itself, or where the character begins that it would cut."""
        at = min(max(at, 0), self.n_bytes)
        segment = self.segment_at(at)
        base = int(self.starts[segment])
        data = self.segments[segment].encode()
        while at > base and at - base < len(data) and data[at - base] & 0xC0 == 0x80:
            at -= 1
        return at

    def replace(self, start: int, end: int, new: str) -> Replaced:
        """Put another text where bytes start to end are; both stand between characters."""
        first, last = self.segment_at(start), self.segment_at(end)
        left = part_of(self.segments[first], 0, start - int(self.starts[first]))
        right = part_of(self.segments[last], end - int(self.starts[last]), LONGEST_SEGMENT * 8)
        middle = left + new + right
        if first and _go_together(self.segments[first - 1], middle):
            first -= 1
            middle = self.segments[first] + middle
        following = self.segments[last + 1] if last + 1 < len(self.segments) else None
        if following is not None and _go_together(middle, following):
            last += 1
            middle += following
        parts = [middle] if _is_short(middle) else split(middle)
        if last + 1 == len(self.segments):
            parts = _with_last(parts)
        self._put(first, last + 1, parts)
        return Replaced(first, last + 1, len(parts))

    def _put(self, first: int, last: int, parts: list[str]) -> None:
        ends = _ends(parts) + self.starts[first]
        change = int(ends[-1]) - int(self.starts[last])
        if last - first == len(parts):
            self.starts[first + 1 : last + 1] = ends
            self.starts[last + 1 :] += change
        else:
            tail = self.starts[last + 1 :] + change
            self.starts = np.concatenate((self.starts[: first + 1], ends, tail))
        self.segments[first:last] = parts


def part_of(segment: str, start: int, end: int) -> str:
    """Bytes start to end of a segment as text."""
    if segment.isascii():
        return segment[max(0, start) : end]
    return segment.encode()[max(0, start) : end].decode("utf-8", "ignore")


def split(text: str) -> list[str]:
    """Paragraphs with their line breaks, the long ones in pieces."""
    # Of the library's ways to split a text this alone takes nothing but "\n" for a line break.
    parts = StringIO(text, newline="\n").readlines()
    if max(map(len, parts), default=0) <= LONGEST_SEGMENT:
        return parts
    return [piece for part in parts for piece in _pieces(part)]


def _pieces(paragraph: str) -> list[str]:
    if len(paragraph) <= LONGEST_SEGMENT:
        return [paragraph]
    result, at = [], 0
    while len(paragraph) - at > LONGEST_SEGMENT:
        cut = _cut_near(paragraph, at + SEGMENT_CHARS)
        result.append(paragraph[at:cut])
        at = cut
    result.append(paragraph[at:])
    return result


def _cut_near(text: str, at: int) -> int:
    """Behind a blank if there is one near, and never before what joins on to the left."""
    blank = text.rfind(" ", at - _LOOK_BACK, at)
    if blank > 0 and not _joins(text[blank], text[blank + 1]):
        return blank + 1
    for cut in range(at, at - _LOOK_BACK, -1):
        if not _joins(text[cut - 1], text[cut]):
            return cut
    return at


def _joins(left: str, right: str) -> bool:
    """Whether two characters may be seen as one."""
    if left < "\u0300" and right < "\u0300":
        return left == "\r"
    is_flag = "\U0001f1e6" <= left <= "\U0001f1ff"
    is_tone = "\U0001f3fb" <= right <= "\U0001f3ff"
    joiners = ("\u200d", "\u200c", "\ufe0e", "\ufe0f")
    is_mark = unicodedata.category(right)[0] == "M"
    return is_flag or is_tone or is_mark or left == "\u200d" or right in joiners


def _go_together(left: str, right: str) -> bool:
    """Whether two neighbours are one paragraph that is short enough to be one segment."""
    return not left.endswith("\n") and len(left) + len(right) <= SEGMENT_CHARS


def _is_short(text: str) -> bool:
    return bool(text) and len(text) <= LONGEST_SEGMENT and "\n" not in text[:-1]


def _with_last(parts: list[str]) -> list[str]:
    if not parts or parts[-1].endswith("\n"):
        parts.append("")
    return parts


def _ends(parts: list[str]) -> Ints:
    """Where each part ends, in bytes."""
    lengths = (len(part) if part.isascii() else len(part.encode()) for part in parts)
    return np.cumsum(np.fromiter(lengths, np.int64, len(parts)))
