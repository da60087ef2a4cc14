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


class Bound(Struct, frozen=True):
    """Where one token ends and the next begins. Between characters: units, share 0. Within a
    character that begins at `units` and ends at `cell_end`: the share of it that is to the left."""

    units: int
    cell_end: int
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
        return SegmentBoxes(list(_plain(laid, ends.tolist())), [])
    bounds = _bounds(laid, ends)
    splits = list(_splits(laid, bounds)) if any(bound.share for bound in bounds) else []
    if laid.is_mixed:
        return SegmentBoxes(list(_mixed(laid, bounds)), splits)
    if splits:
        return SegmentBoxes(list(_straight(laid, bounds)), splits)
    return SegmentBoxes(list(_plain(laid, [bound.units for bound in bounds])), [])


def _bounds(laid: LaidSegment, ends: npt.NDArray[np.int64]) -> list[Bound]:
    result: list[Bound] = []
    inside: list[int] = []  # indices of bounds within the character at hand
    for index, (end, unit) in enumerate(zip(ends.tolist(), laid.units_at(ends), strict=True)):
        first, last = laid.character(end, unit)
        if first == last:
            result.append(Bound(unit, unit, 0.0))
            continue
        if inside and result[inside[-1]].units != first:
            inside = []
        inside.append(index)
        result.append(Bound(first, last, 0.0))
        for place, one in enumerate(inside, 1):
            result[one] = Bound(first, last, place / (len(inside) + 1))
    return result


def _plain(laid: LaidSegment, ends: list[int]) -> Iterator[Box]:
    """Left to right, and no character is shared: the usual case, which is to be quick. ends: the
    units where tokens end."""
    row, left = 0, 0.0
    first, places = laid.places(0)
    stop, last = first + len(places) - 1, len(laid.rows) - 1
    for token, end in enumerate(ends):
        while end > stop and row < last:
            if places[-1] > left:
                yield Box(token, row, left, places[-1])
            row, left = row + 1, 0.0
            first, places = laid.places(row)
            stop = first + len(places) - 1
        right = places[min(end, stop) - first]
        if right > left:
            yield Box(token, row, left, right)
        left = right


def _straight(laid: LaidSegment, bounds: list[Bound]) -> Iterator[Box]:
    """Left to right: a token begins where the one before it ends."""
    row, left, x_of = 0, 0.0, laid.x_of
    ends = [laid.row_units(one)[1] for one in range(len(laid.rows))]
    last = len(ends) - 1
    for token, bound in enumerate(bounds):
        # A character that is shared by tokens is not cut by the end of a row.
        while row < last and bound.units + (bound.share > 0) > ends[row]:
            if (right := x_of(ends[row], row)) > left:
                yield Box(token, row, left, right)
            row, left = row + 1, 0.0
        right = x_of(bound.units, row)
        if bound.share:
            right += bound.share * (x_of(bound.cell_end, row) - right)
        if right > left:
            yield Box(token, row, left, right)
        left = right


def _mixed(laid: LaidSegment, bounds: list[Bound]) -> Iterator[Box]:
    """Where directions mix: each token's whole characters, and its stripes of those it shares."""
    before = Bound(0, 0, 0.0)
    for token, bound in enumerate(bounds):
        if before.share and (before.units, before.cell_end) == (bound.units, bound.cell_end):
            yield from _stripe(laid, token, before, before.share, bound.share)
        else:
            if before.share:
                yield from _stripe(laid, token, before, before.share, 1.0)
            for row, left, right in laid.boxes(before.cell_end, bound.units):
                yield Box(token, row, left, right)
            if bound.share:
                yield from _stripe(laid, token, bound, 0.0, bound.share)
        before = bound


def _splits(laid: LaidSegment, bounds: list[Bound]) -> Iterator[Box]:
    before = Bound(0, 0, 0.0)
    for token, bound in enumerate(bounds):
        if before.share and before.units == bound.units and bound.share:
            yield from _stripe(laid, token, before, before.share, bound.share)
        else:
            if before.share:
                yield from _stripe(laid, token, before, before.share, 1.0)
            if bound.share:
                yield from _stripe(laid, token, bound, 0.0, bound.share)
        before = bound


def _stripe(laid: LaidSegment, token: int, cell: Bound, start: float, end: float) -> Iterator[Box]:
    """A token's part of a character, from share start to share end."""
    for row, left, right in laid.boxes(cell.units, cell.cell_end):
        width = right - left
        yield Box(token, row, left + start * width, left + end * width)
        return
