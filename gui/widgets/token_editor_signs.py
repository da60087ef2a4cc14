"""How a text is displayed that hides nothing: which characters give way to a blank cell of the same
length with a sign painted over it. Qt-free.

What joins characters into one (a joiner in a family of emoji, a variation selector) stays; the same
character where it joins nothing is shown.
"""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

CELL = "\u00a0"  # as wide as a letter, and no place to break a row
_NAMES = {
    "\n": "↵",
    "\t": "→",
    "\r": "␍",
    "\u00a0": "⍽",
    "\u00ad": "shy",
    "\u061c": "alm",
    "\u180e": "mvs",
    "\u200b": "zws",
    "\u200c": "znj",
    "\u200d": "zwj",
    "\u200e": "lrm",
    "\u200f": "rlm",
    "\u2028": "ls",
    "\u2029": "ps",
    "\u202a": "lre",
    "\u202b": "rle",
    "\u202c": "pdf",
    "\u202d": "lro",
    "\u202e": "rlo",
    "\u2060": "wj",
    "\u2066": "lri",
    "\u2067": "rli",
    "\u2068": "fsi",
    "\u2069": "pdi",
    "\ufeff": "bom",
    "\ufffc": "obj",
}
_CONTROLS = [
    *("nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "lf"),
    *("vt", "ff", "cr", "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak"),
    *("syn", "etb", "can", "em", "sub", "esc", "fs", "gs", "rs", "us"),
]
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u061c\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u3000\u3164\ufeff\ufff9-\ufffc\U000e0000-\U000e0fff]| +"
)
_TAGS = range(0xE0020, 0xE0080)
_SELECTORS = range(0xE0100, 0xE01F0)


class Sign(Struct, frozen=True):
    """What is painted over a cell. at: the character's place in the segment (code points)."""

    at: int
    words: str


class Displayed(Struct, frozen=True):
    """A segment as it is laid out: text of the same length in UTF-16; where plain blanks are (code
    points), which are painted as dots; signs for all else that would not be seen."""

    text: str
    blanks: list[int]
    signs: list[Sign]


def displayed(segment: str) -> Displayed:
    """A segment with everything visible."""
    blanks: list[int] = []
    signs: list[Sign] = []
    parts: list[str] = []
    done = 0
    if segment[:1] >= "\u0300" and unicodedata.category(segment[0])[0] == "M":
        # A mark with nothing to stand on has no width of its own.
        signs.append(Sign(0, f"◌{segment[0]}"))
        parts.append(CELL * (2 if segment[0] > "\uffff" else 1))
        done = 1
    for found in _HIDDEN.finditer(segment):
        start, end = found.span()
        if start < done:
            continue
        if segment[start] == " ":
            blanks.extend(range(start, end))
            shown = CELL * (end - start - 1) + " "
        elif _joins(segment, start):
            continue
        else:
            signs.append(Sign(start, sign_of(segment[start])))
            shown = _cell(segment, start)
        parts += (segment[done:start], shown)
        done = end
    parts.append(segment[done:])
    return Displayed("".join(parts), blanks, signs)


def spelled(sign: str) -> str:
    """A control picture by its name, for a font that has no such picture."""
    code = ord(sign[0]) - 0x2400
    if len(sign) == 1 and 0 <= code < len(_CONTROLS):
        return _CONTROLS[code]
    return "del" if sign == "␡" else sign


def sign_of(letter: str) -> str:
    """The sign of a character that would not be seen."""
    code = ord(letter)
    if letter in _NAMES:
        return _NAMES[letter]
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code in _TAGS:
        return chr(code - 0xE0000)
    return f"{code:x}"


def _cell(segment: str, at: int) -> str:
    letter = segment[at]
    if letter == "\t":
        return " "  # a row may break behind it
    return CELL * (2 if letter > "\uffff" else 1)


def _joins(segment: str, at: int) -> bool:
    """Whether a character only makes its neighbours one, as they are meant to be seen."""
    letter, code = segment[at], ord(segment[at])
    before = segment[at - 1] if at else ""
    if code in _SELECTORS:
        return before > "\u0300"
    if code in _TAGS:
        return _in_flag(segment, at)
    if letter not in "\u200c\u200d" or not before:
        return False
    after = segment[at + 1] if at + 1 < len(segment) else ""
    return before >= "\u0300" and after >= "\u0300" and before not in "\u200b\u200c\u200d"


def _in_flag(segment: str, at: int) -> bool:
    """Tags spell a flag behind a black one; anywhere else they hide something."""
    while at and ord(segment[at]) in _TAGS:
        at -= 1
    return segment[at] == "\U0001f3f4"
