"""Where the tokens of one laid segment stand: a box per token and row, and stripes where several
tokens share one character. Paints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gui.widgets.token_editor_layout import LaidSegment


class Box(Struct, frozen=True):
    """A token's place in one row. token: counted from the segment's first."""

    token: int
    row: int
    left: float
    right: float


class Shared(Struct, frozen=True):
    """A token ends within a character that is seen as one, from unit `first` up to `end`: the share
    of it that is to the left."""

    first: int
    end: int
    share: float


class SegmentBoxes(Struct, frozen=True):
    """Boxes in the tokens' order; splits: the stripes of characters that several tokens share."""

    boxes: list[Box]
    splits: list[Box]


def boxes_of(laid: LaidSegment, ends: npt.NDArray[np.int64]) -> SegmentBoxes:
    """The boxes of a segment's tokens.

    Args:
        ends: the byte in the segment where each of its tokens ends, the last one at its end.
    """
    if laid.is_ascii:
        return SegmentBoxes(list(_straight(laid, ends.tolist(), {})), [])
    shared = _shared(laid, ends)
    units = laid.units_at(ends)
    boxes = _mixed(laid, units, shared) if laid.is_mixed else _straight(laid, units, shared)
    return SegmentBoxes(list(boxes), list(_splits(laid, shared)))


def _shared(laid: LaidSegment, ends: npt.NDArray[np.int64]) -> dict[int, Shared]:
    """By token, those that end within a character."""
    result: dict[int, Shared] = {}
    inside: list[int] = []  # tokens that end within the character at hand
    for token in np.flatnonzero(laid.may_join(ends)).tolist():
        first, end = laid.character(int(ends[token]))
        if first == end:
            continue
        if inside and result[inside[-1]].first != first:
            inside = []
        inside.append(token)
        for place, one in enumerate(inside, 1):
            result[one] = Shared(first, end, place / (len(inside) + 1))
    return result


def _straight(laid: LaidSegment, ends: list[int], shared: dict[int, Shared]) -> Iterator[Box]:
    """Left to right: a token begins where the one before it ends. ends: in units."""
    row, left, last = 0, 0.0, len(laid.rows) - 1
    first, places = laid.places(0)
    stop = first + len(places) - 1
    for token, end in enumerate(ends):
        within = shared.get(token) if shared else None
        # A character that is shared by tokens is not cut by the end of a row.
        reach = end if within is None else within.end
        while reach > stop and row < last:
            if places[-1] > left:
                yield Box(token, row, left, places[-1])
            row, left = row + 1, 0.0
            first, places = laid.places(row)
            stop = first + len(places) - 1
        if within is None:
            right = places[min(end, stop) - first]
        else:
            start = places[within.first - first]
            right = start + within.share * (places[min(within.end, stop) - first] - start)
        if right > left:
            yield Box(token, row, left, right)
        left = right


def _mixed(laid: LaidSegment, ends: list[int], shared: dict[int, Shared]) -> Iterator[Box]:
    """Where directions mix: each token's whole characters, and its stripes of those it shares."""
    begin, before = 0, None
    for token, end in enumerate(ends):
        within = shared.get(token)
        yield from _stripes(laid, token, before, within)
        whole_end = end if within is None else within.first
        for row, left, right in laid.boxes(begin, whole_end):
            yield Box(token, row, left, right)
        begin, before = (end if within is None else within.end), within


def _splits(laid: LaidSegment, shared: dict[int, Shared]) -> Iterator[Box]:
    for token in sorted({one + step for one in shared for step in (0, 1)}):
        yield from _stripes(laid, token, shared.get(token - 1), shared.get(token))


def _stripes(
    laid: LaidSegment, token: int, before: Shared | None, within: Shared | None
) -> Iterator[Box]:
    """A token's stripes: of the character in which the one before it ended, and of the one in
    which it ends itself; they may be the same."""
    if before and within and before.first == within.first:
        yield from _stripe(laid, token, before, before.share, within.share)
        return
    if before:
        yield from _stripe(laid, token, before, before.share, 1.0)
    if within:
        yield from _stripe(laid, token, within, 0.0, within.share)


def _stripe(laid: LaidSegment, token: int, cell: Shared, start: float, end: float) -> Iterator[Box]:
    """A token's part of a character, from share start to share end."""
    for row, left, right in laid.boxes(cell.first, cell.end):
        width = right - left
        yield Box(token, row, left + start * width, left + end * width)
        return
