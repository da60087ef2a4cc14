"""Where a long text is best cut: between paragraphs, lines, sentences or words, in this order."""

from __future__ import annotations

import re
import unicodedata

_PLACES = (
    re.compile(r"\n[ \t\r]*\n+"),
    re.compile(r"\n+|\r(?!\n)"),
    re.compile(r"[.!?…][\"'”’)]*[ \t]+|[\u3002\uff01\uff1f]"),
    re.compile(r"[ \t]+"),
)
# What Unicode's NFC joins is never longer.
_JOINED = 16


def cut(text: str, max_bytes: int) -> str:
    """The beginning of a longer text that fits, up to the best place in its second half; never
    empty."""
    head = text[:max_bytes].encode("utf-8", "surrogatepass")[:max_bytes]
    fitting = text[: len(head.decode("utf-8", "ignore"))] or text[:1]
    half = len(fitting) // 2
    for places in _PLACES:
        ends = [found.end() for found in places.finditer(fitting, half)]
        while ends and not _parts(text, ends[-1]):
            ends.pop()
        if ends:
            return text[: ends[-1]]
    at = len(fitting)
    while at > 1 and not _parts(text, at):
        at -= 1
    return text[:at]


def _parts(text: str, at: int) -> bool:
    """Whether nothing that belongs together is parted there: CR and LF, a letter and its marks."""
    if text[at - 1 : at + 1] == "\r\n":
        return False
    before, behind = text[max(0, at - _JOINED) : at], text[at : at + _JOINED]
    joined = unicodedata.normalize("NFC", before + behind)
    return joined == unicodedata.normalize("NFC", before) + unicodedata.normalize("NFC", behind)
