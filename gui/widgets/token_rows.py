"""Tokens broken into rows: bands one below the other, each token as wide as its sign, a line break
in the text ends a row. Qt-free.

Rows are made from the beginning, as far as they are wanted; what lies further is an estimate. One
row costs some microseconds, so a view of 100,000 tokens opens as fast as one of 1,000.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from msgspec import Struct

from gui.widgets.token_text import TokenText


class Band(Struct, frozen=True):
    """A stretch of tokens that belong together.

    Args:
        start, end: token indices, end not included. Bands follow one another without a hole.
        title: stands at the left of its first row.
        role: decides its colour: system, user, assistant, tool, template, reply.
        note: a line of its own above the band; "" for none.
    """

    start: int
    end: int
    title: str
    role: str = ""
    note: str = ""


class Row(Struct, frozen=True):
    """Tokens first up to end, at y. A row without tokens carries its band's note."""

    first: int
    end: int
    band: int
    y: float

    @property
    def is_note(self) -> bool:
        return self.first == self.end


class Measures(Struct, frozen=True):
    """Lengths in pixels. widths: (width, whether the row ends behind it) of a token's bytes."""

    width: float
    row_height: float
    band_gap: float
    widths: Callable[[bytes], tuple[float, bool]]


class TokenRows:
    """The rows of a text at one width."""

    def __init__(self, tokens: TokenText, bands: Sequence[Band], measures: Measures) -> None:
        self.rows: list[Row] = []
        self._tokens, self._bands, self._measures = tokens, bands, measures
        self._known: dict[bytes, tuple[float, bool]] = {}
        self._tops: list[float] = []
        self._next = 0
        self._band = -1
        self._y = 0.0
        self._begin_band()

    @property
    def n_laid(self) -> int:
        """How many tokens have their row."""
        return self._next

    @property
    def is_whole(self) -> bool:
        return self._band >= len(self._bands)

    @property
    def total(self) -> float:
        """The height of all rows, of which those to come are an estimate."""
        if self.is_whole or not self._next:
            return self._y
        left = len(self._tokens) - self._next
        return self._y + left * self._y / self._next

    def lay(self, is_enough: Callable[[], bool]) -> None:
        """Make rows until there are enough or no more to make."""
        while not self.is_whole and not is_enough():
            self._lay_row()

    def row_at(self, y: float) -> int:
        """The row at a height, the nearest one outside; -1 where there is none."""
        return max(0, bisect_right(self._tops, y) - 1) if self.rows else -1

    def row_of(self, token: int) -> int:
        """The row of a token that was laid."""
        low, high = 0, len(self.rows)
        while low < high:
            middle = (low + high) // 2
            if self.rows[middle].end <= token:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.rows) else -1

    def width_of(self, token: int) -> float:
        return self._width(self._tokens.piece(token))[0]

    def _width(self, piece: bytes) -> tuple[float, bool]:
        found = self._known.get(piece)
        if found is None:
            width, ends_row = self._measures.widths(piece)
            found = self._known[piece] = (min(width, self._measures.width), ends_row)
        return found

    def _lay_row(self) -> None:
        tokens, known, limit = self._tokens, self._known, self._measures.width
        first = at = self._next
        end, x = self._bands[self._band].end, 0.0
        start, ends, data = tokens.start(at), tokens.ends, tokens.data
        while at < end:
            stop = ends[at]
            piece = data[start:stop]
            width, ends_row = known.get(piece) or self._width(piece)
            if x + width > limit and at > first:
                break
            x += width
            at, start = at + 1, stop
            if ends_row:
                break
        if at > first:
            self._add(first, at)
        self._next = at
        if at >= end:
            self._begin_band()

    def _add(self, first: int, end: int) -> None:
        self.rows.append(Row(first, end, self._band, self._y))
        self._tops.append(self._y)
        self._y += self._measures.row_height

    def _begin_band(self) -> None:
        self._band += 1
        if self.is_whole:
            return
        if self.rows:
            self._y += self._measures.band_gap
        if self._bands[self._band].note:
            self._add(self._next, self._next)
