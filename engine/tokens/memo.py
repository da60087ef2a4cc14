"""Long texts by byte-level BPE twice as fast and more: what came before is not tokenised again.

A text is parted where a visible character is followed by white space, or a letter by a sign, that
no token of the vocabulary holds side by side: nothing is merged across such a border, so what lies
between two has its own tokens wherever it stands. New parts are tokenised all in one call, put one
after the other with such borders between them, and kept. Every border must come out as one between
two tokens; where one does not, or a character was dropped, None is the answer and the caller takes
the text as a whole.
"""

import re
import string
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.tokens.tokenizer import Flags, Ids

SHORTEST = 4096
_MAX_KEPT = 400_000
_MAX_KEPT_CHARACTERS = 8_000_000
_WHITE = " \n\t\r"
# Without the apostrophe and the underscore, which pre-tokenizers join with letters.
_SIGNS = '(),.:;=[]{}<>"/'
# First and last of what is visible in every version of Unicode: ASCII, letters of large scripts.
_VISIBLE = (
    *("!~", "\u00c0\u00d6", "\u00d8\u00f6", "\u00f8\u02af", "\u0391\u03a1", "\u03a3\u03c9"),
    *("\u0410\u044f", "\u3041\u3096", "\u30a1\u30fa", "\u4e00\u9fa5", "\uac00\ud7a3"),
)


@dataclass(frozen=True)
class Apart:
    """What follows certain characters in none of a vocabulary's tokens. white: white space after
    anything visible; signs: ASCII signs after an ASCII letter."""

    white: str
    signs: str


def apart_in(pieces: list[bytes]) -> Apart:
    """Look through the bytes of all tokens that a text can have."""
    joined = b"\x00".join(pieces)
    white = re.findall(rb"[\x21-\x7e\x80-\xff]([ \n\t\r])", joined)
    signs = re.findall(rb"[A-Za-z]([%b])" % re.escape(_SIGNS.encode()), joined)
    return Apart(_others(_WHITE, white), _others(_SIGNS, signs))


def _others(characters: str, held: list[bytes]) -> str:
    return "".join(sign for sign in characters if sign.encode() not in held)


# What may stand on the right of a border; on its left the same bits, shifted, say what may follow.
_BREAK, _SIGN, _BLANK = 1, 2, 4
_SHIFT = 3


def _classes(apart: Apart, breaks_after_signs: bool) -> Flags:
    """For each code point of the first plane what it is at a border, as bits."""
    classes: Flags = np.zeros(0x10000, np.uint8)
    for first, last in (map(ord, ends) for ends in _VISIBLE):
        classes[first : last + 1] |= (_BREAK | _BLANK) << _SHIFT
    if not breaks_after_signs:
        for sign in string.punctuation:
            classes[ord(sign)] = _BLANK << _SHIFT
    for letter in string.ascii_letters:
        classes[ord(letter)] |= _SIGN << _SHIFT
    for bit, characters in (
        (_BREAK, set(apart.white) & set("\r\n")),
        (_BLANK, set(apart.white) & set(" \t")),
        (_SIGN, set(apart.signs)),
    ):
        for character in characters:
            classes[ord(character)] |= bit
    return classes


class SegmentMemo:
    """What parts of texts are made of.

    Args:
        tokenize: ids of a text, special tokens read as text.
        lengths: bytes of each id's piece.
        apart: what apart_in found; there is a space or a tab in it.
        breaks_after_signs: whether a line break after a sign begins something new. Many
            pre-tokenizers put it to the sign, and then what follows it is parted in another way.
    """

    def __init__(
        self,
        tokenize: Callable[[str], Ids],
        lengths: Callable[[Ids], Ids],
        apart: Apart,
        *,
        breaks_after_signs: bool,
    ) -> None:
        self._tokenize = tokenize
        self._lengths = lengths
        self._classes = _classes(apart, breaks_after_signs)
        self._class_list = self._classes.tolist()
        self._filler = next(sign for sign in apart.white if sign in " \t") + "a"
        self._known: dict[str, bytes] = {}
        self._n_characters = 0
        self._lock = threading.Lock()

    def encode(self, text: str) -> Ids | None:
        """Ids of a text, shape (n,); None where it must be taken as a whole, or another thread is
        at it."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._encode(text)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Begin anew."""
        self._known.clear()
        self._n_characters = 0

    def _encode(self, text: str) -> Ids | None:
        first, *middle = self._parts(text)
        if len(middle) < 2:
            return None
        last = middle.pop()
        if len(self._known) > _MAX_KEPT or self._n_characters > _MAX_KEPT_CHARACTERS:
            self.forget()
        new = [part for part in dict.fromkeys(middle) if part not in self._known]
        found = self._tokenized([first, *new, last])
        if found is None:
            return None
        for part, ids in zip(new, found[1:-1], strict=True):
            self._known[part] = ids
            self._n_characters += len(part)
        known = map(self._known.__getitem__, middle)
        return np.frombuffer(b"".join([found[0], *known, found[-1]]), np.int32)

    def _parts(self, text: str) -> list[str]:
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        classes = self._classes[np.minimum(codes, len(self._classes) - 1)]
        left, right = classes[:-1], classes[1:]
        borders = np.flatnonzero((left >> _SHIFT) & right) + 1
        starts = [0, *borders.tolist()]
        return [
            text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
        ]

    def _tokenized(self, parts: list[str]) -> list[bytes] | None:
        """The ids of each part, as bytes."""
        row, places = self._in_a_row(parts)
        ids = self._tokenize("".join(row))
        ends = np.cumsum(self._lengths(ids), dtype=np.int64)
        borders = np.cumsum([len(part.encode()) for part in row])
        if len(ids) == 0 or ends[-1] != borders[-1]:
            return None
        last = np.searchsorted(ends, borders)
        if not np.array_equal(ends[last], borders):
            return None
        data = ids.tobytes()
        stops = [0, *((last + 1) * ids.itemsize).tolist()]
        return [data[stops[place] : stops[place + 1]] for place in places]

    def _in_a_row(self, parts: list[str]) -> tuple[list[str], list[int]]:
        """The parts with a filler wherever two would not have a border between them; and where in
        the row each part is."""
        classes, last_class = self._class_list, len(self._class_list) - 1
        row: list[str] = []
        places: list[int] = []
        allowed = _BREAK | _SIGN | _BLANK
        for part in parts:
            if row and not allowed & classes[min(ord(part[0]), last_class)]:
                row.append(self._filler)
            places.append(len(row))
            row.append(part)
            allowed = classes[min(ord(part[-1]), last_class)] >> _SHIFT
        return row, places
