"""A text as tokens: ids, bytes, and which of them are special; how one token is shown; finding one.
Qt-free.

Nothing is decoded until it is asked for, so 100,000 tokens cost what their bytes cost.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

_SIGNS = {
    " ": "·",
    "\n": "↵",
    "\t": "→",
    "\r": "␍",
    "\u00a0": "⍽",
    "\u200b": "⟨zwsp⟩",
    "\u200d": "⟨zwj⟩",
    "\ufeff": "⟨bom⟩",
}
SIGNS = frozenset("·↵→␍⍽")
# Characters that turn the order of their neighbours about; shown by number, never obeyed.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST_SHOWN = 120
_BYTES = re.compile("[\udc80-\udcff]+")


@dataclass(frozen=True)
class TokenText:
    """The tokens of a text, in order.

    Args:
        ids: one number for each.
        data: their bytes in a row.
        ends: where in `data` each one ends.
        special: 1 for each token that stands for no text of its own.
    """

    ids: Sequence[int]
    data: bytes
    ends: Sequence[int]
    special: bytes = b""
    _lower: list[bytes] = field(default_factory=list, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.ids)

    def piece(self, index: int) -> bytes:
        """A token's bytes."""
        return self.data[self.start(index) : self.ends[index]]

    def start(self, index: int) -> int:
        """Where in `data` a token begins; of one past the last, where the text ends."""
        return self.ends[index - 1] if index else 0

    def is_special(self, index: int) -> bool:
        return index < len(self.special) and self.special[index] == 1

    def text(self, first: int = 0, end: int | None = None) -> str:
        """The text of tokens `first` up to `end`; bytes that are no text become �."""
        stop = len(self) if end is None else end
        return self.data[self.start(first) : self.start(stop)].decode("utf-8", "replace")

    def find(self, words: str, first: int = 0, step: int = 1) -> int:
        """The next token at or after `first` (step -1: at or before) where `words` begin, or whose
        id they are as "#123"; -1 if there is none."""
        if words.startswith("#") and words[1:].isdigit():
            return self._find_id(int(words[1:]), first, step)
        wanted = words.lower().encode("utf-8", "replace")
        if not wanted:
            return -1
        text = self._lowered()
        if step > 0:
            at = text.find(wanted, self.start(first))
        else:
            at = text.rfind(wanted, 0, self.start(first + 1) + len(wanted) - 1)
        return -1 if at < 0 else bisect_right(self.ends, at)

    def next_special(self, first: int, step: int = 1) -> int:
        """The next special token at or after `first` (step -1: at or before); -1 if none."""
        if step > 0:
            return self.special.find(1, max(0, first))
        return self.special.rfind(1, 0, max(0, first + 1))

    def _find_id(self, wanted: int, first: int, step: int) -> int:
        places = range(max(0, first), len(self)) if step > 0 else range(first, -1, -1)
        return next((at for at in places if self.ids[at] == wanted), -1)

    def _lowered(self) -> bytes:
        # Only ASCII letters: bytes keep their places so.
        if not self._lower:
            self._lower.append(self.data.lower())
        return self._lower[0]


def token_text(
    ids: Sequence[int], pieces: bytes, lengths: Sequence[int], special: bytes = b""
) -> TokenText:
    """Tokens from the length of each one's bytes.

    Raises:
        ValueError: the parts do not fit together.
    """
    ends = array("q", accumulate(lengths))
    if len(ends) != len(ids) or (ends[-1] if ends else 0) != len(pieces):
        raise ValueError(f"{len(ids)} tokens, {len(ends)} lengths, {len(pieces)} bytes")
    return TokenText(ids, pieces, ends, special)


def joined(first: TokenText, second: TokenText) -> TokenText:
    """Two texts, one behind the other."""
    shift = len(first.data)
    ends = array("q", first.ends)
    ends.extend(end + shift for end in second.ends)
    special = first.special.ljust(len(first), b"\0") + second.special.ljust(len(second), b"\0")
    ids = array("i", [*first.ids, *second.ids])
    return TokenText(ids, first.data + second.data, ends, special)


def shown(piece: bytes) -> str:
    """A token as one sees it: blanks as signs, bytes that are no whole character as numbers."""
    if not piece:
        return "∅"
    # What is no character comes as one lone surrogate a byte.
    text = piece.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable():
        text = text.replace(" ", "·")
    else:
        text = _BYTES.sub(_as_bytes, "".join(map(_sign, text)))
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _as_bytes(found: re.Match[str]) -> str:
    """⟨e6 b7⟩: bytes of a character whose other bytes are in the token beside."""
    return f"⟨{found[0].encode('utf-8', 'surrogateescape').hex(' ')}⟩"


def _sign(letter: str) -> str:
    if letter in _SIGNS:
        return _SIGNS[letter]
    code = ord(letter)
    if code < 32:
        return chr(0x2400 + code)
    if "\udc80" <= letter <= "\udcff":
        return letter
    if letter in _BIDI or not letter.isprintable():
        return f"⟨{code:x}⟩"
    return letter


def bytes_text(piece: bytes) -> str:
    """A token's bytes as numbers: "e6 b7 b1"."""
    cut = piece[:24].hex(" ")
    return f"{cut} …" if len(piece) > 24 else cut
