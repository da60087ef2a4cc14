"""Which stretch of an edited text has to be tokenised again: from a safe cut before the edit to one
behind it. Qt-free.

At a cut a text may be taken apart and its halves tokenised alone with the same outcome
(engine/process/cuts.py). A cut serves only where it was one before the edit too: it stands away
from what changed, and a token ended there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from gui.tokens.document import TokenDocument

REACH_BYTES = 4_096  # so far from an edit a cut is looked for
# Characters between a cut and what changed: a cut is told by the two beside it.
_APART = 2

# text, where to begin (code points), -1 or 1, names of cuts, how many characters to look at.
# Answers with the place, -1 where there is none.
FindCut = Callable[[str, int, int, Sequence[str], int], int]


class Slice(Struct, frozen=True):
    """Bytes start to end; to an end of the text where no cut was near."""

    start: int
    end: int


def slice_around(
    document: TokenDocument, start: int, end: int, kinds: list[str], find_cut: FindCut
) -> Slice:
    """The stretch to tokenise again for the stale bytes start to end; it takes in whatever else is
    stale within."""
    while True:
        left = _cut_before(document, start, kinds, find_cut)
        right = _cut_behind(document, end, kinds, find_cut)
        found = Slice(left, right)
        touched = [one for one in document.stale.all if one[1] >= left and one[0] <= right]
        grown = (min([start, *(a for a, _ in touched)]), max([end, *(b for _, b in touched)]))
        if grown == (start, end):
            return found
        start, end = grown


def _cut_before(document: TokenDocument, place: int, kinds: list[str], find_cut: FindCut) -> int:
    """The byte of the nearest cut before a place; the text's beginning where none is near."""
    begin = max(0, place - REACH_BYTES)
    window = document.text.text(document.text.whole_at(begin), place)
    base = document.text.whole_at(begin)
    at = len(window) - _APART
    while at > 0 and (at := find_cut(window, at, -1, kinds, REACH_BYTES)) > 0:
        byte = base + len(window[:at].encode())
        if _is_boundary(document, byte):
            return byte
        at -= 1
    return 0


def _cut_behind(document: TokenDocument, place: int, kinds: list[str], find_cut: FindCut) -> int:
    """The byte of the nearest cut behind a place; the text's end where none is near."""
    n_bytes = document.n_bytes
    window = document.text.text(place, document.text.whole_at(min(n_bytes, place + REACH_BYTES)))
    at = _APART
    while 0 < (at := find_cut(window, at, 1, kinds, REACH_BYTES)) < len(window):
        byte = place + len(window[:at].encode())
        if _is_boundary(document, byte):
            return byte
        at += 1
    return n_bytes


def _is_boundary(document: TokenDocument, byte: int) -> bool:
    """Whether a token ended there, and no stale one."""
    tokens = document.tokens
    token = tokens.at(byte - 1)
    is_end = token >= 0 and int(tokens.ends[token]) == byte
    return is_end and not any(start <= byte <= end for start, end in document.stale.all)
