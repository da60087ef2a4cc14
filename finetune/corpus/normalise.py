"""The same text in one way only: Unicode's NFC, plain line ends, no signs that nobody sees."""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|\r|\x85|\u2028|\u2029|\x0b|\x0c")
# Control characters, soft hyphens, marks of byte order and of direction, and broken bytes.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ufffd]"
)


def normalised(text: str) -> str:
    """NFC, line ends as \\n, unseen signs left out. A plain text stays as it is, to the letter."""
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", text)
    text = _UNSEEN.sub("", text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)
