"""Cuts a rendered chat at the special tokens that its template wrote, so that a user's text never
becomes one.

In: a text, the regions of it that are the template's own, and the vocabulary's special texts. Out:
pieces that cover the text in order, either a special token or a stretch of plain text to tokenise
with parse_special off. Offsets are code points. It neither renders nor tokenises.

Only control tokens are cut out. User-defined tokens (Qwen's <think>, Gemma's runs of spaces) are
left inside the plain text, because llama.cpp finds them there even with parse_special off, and
finds exactly the same ones in a whole text. So where such a token is a marker that the template
writes, and a user types it too, the plain text is split inside the user's copy. Two TextPieces that
touch are one text with such a split in it: whoever tokenises with a vocabulary that puts a space
before every text must not put one before the second.
"""

import functools
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Region = tuple[int, int]

# What isspace() of C means by white space; llama.cpp strips exactly these around lstrip and rstrip
# tokens.
_WHITE_SPACE = " \t\n\v\f\r"


class Special(Protocol):
    """What is asked of a special token of a vocabulary.

    is_control: control and unknown tokens, found in a text only by parse_special; False for
    user-defined ones. lstrip, rstrip: the token swallows the white space before or after it.
    """

    @property
    def id(self) -> int: ...
    @property
    def lstrip(self) -> bool: ...
    @property
    def rstrip(self) -> bool: ...
    @property
    def is_control(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class SpecialInfo:
    """A Special as plain values."""

    id: int
    lstrip: bool = False
    rstrip: bool = False
    is_control: bool = True


class SpecialPiece(NamedTuple):
    """A special token; start to end is its text together with the white space it swallows."""

    start: int
    end: int
    id: int


class TextPiece(NamedTuple):
    """Plain text; start < end."""

    start: int
    end: int


Piece = SpecialPiece | TextPiece


class SpecialTable:
    """The special texts of one vocabulary, compiled once and used for every text."""

    def __init__(self, special_texts: Mapping[str, Special]) -> None:
        self.infos = {text: info for text, info in special_texts.items() if text}
        controls = [text for text, info in self.infos.items() if info.is_control]
        others = [text for text, info in self.infos.items() if not info.is_control]
        hides_control = _Scanner(controls)
        # llama.cpp looks for longer texts first, so a user-defined token around a control token's
        # text wins.
        shadows = [text for text in others if hides_control.is_in(text)]
        self._controls = _Scanner([*controls, *shadows])
        # A single character cannot be split, and a line break of the template is no marker.
        self._markers = _Scanner([text for text in others if len(text) > 1 and not text.isspace()])

    def found_in(self, text: str) -> bool:
        """Whether a text holds what could be taken for a special token or a marker."""
        return self._controls.is_in(text) or self._markers.is_in(text)

    def controls_in(self, text: str, start: int, end: int) -> Iterator[Region]:
        """Where control tokens stand wholly within start to end."""
        for low, high in self._controls.find(text, start, end):
            if self.infos[text[low:high]].is_control:
                yield low, high

    def markers_in(self, text: str, start: int = 0, end: int | None = None) -> frozenset[str]:
        """The user-defined texts, white space aside, that stand in a text, or in a template."""
        places = self._markers.find(text, start, len(text) if end is None else end)
        return frozenset(text[low:high] for low, high in places)


class _Scanner:
    """Finds given texts in a text: left to right, at each place the longest.

    A pattern of all texts would be slow (some vocabularies have 6,000 that begin alike), so the
    pattern only knows their first two characters, and a dictionary says which lengths to try there.
    """

    def __init__(self, texts: Collection[str]) -> None:
        self._texts = frozenset(texts)
        lengths: dict[str, set[int]] = {}
        for text in self._texts:
            lengths.setdefault(text[:2], set()).add(len(text))
        for head, own in lengths.items():
            if head[0] in lengths:
                own.add(1)
        self._lengths = {head: sorted(own, reverse=True) for head, own in lengths.items()}
        heads = sorted(lengths, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, heads))) if heads else None

    def find(self, text: str, start: int, end: int) -> Iterator[Region]:
        """Yield where the texts stand wholly within start to end; they do not overlap."""
        if self._pattern is None:
            return
        while head := self._pattern.search(text, start, end):
            start = head.start()
            for length in self._lengths[head[0]]:
                if start + length <= end and text[start : start + length] in self._texts:
                    yield start, start + length
                    start += length
                    break
            else:
                start += 1

    def is_in(self, text: str) -> bool:
        """Whether any of them stands in the text."""
        return next(self.find(text, 0, len(text)), None) is not None


def cut(
    text: str,
    own: Sequence[Region],
    table: SpecialTable,
    keep_whole: Sequence[Region] = (),
    markers: Collection[str] = (),
) -> list[Piece]:
    """Cut a rendered text into special tokens and plain text.

    Args:
        own: the regions that the template wrote, in order, not overlapping.
        keep_whole: regions, in order, in which user-defined markers are left whole although the
            template did not write them: the model's own earlier replies, whose tokens they were.
            Control tokens are never found there.
        markers: user-defined texts to split in the user's text, beside those that stand in the
            template's own text.

    Returns:
        Pieces that cover the text exactly, in order, none of them empty.
    """
    own = _joined(own)
    specials = [place for region in own for place in table.controls_in(text, *region)]
    written = (table.markers_in(text, start, end) for start, end in own)
    unwanted = frozenset(marker for marker in markers if len(marker) > 1).union(*written)
    splitter = _Splitter(text, unwanted, _joined([*own, *keep_whole], merge=False))
    pieces: list[Piece] = []
    position = 0
    for index, (start, end) in enumerate(specials):
        info = table.infos[text[start:end]]
        limit = specials[index + 1][0] if index + 1 < len(specials) else len(text)
        left = _strip_left(text, position, start) if info.lstrip else start
        right = _strip_right(text, end, limit) if info.rstrip else end
        pieces.extend(splitter.split(position, left))
        pieces.append(SpecialPiece(left, right, info.id))
        position = right
    pieces.extend(splitter.split(position, len(text)))
    return pieces


class _Splitter:
    """Splits plain text inside every marker that is not wholly in a welcome region."""

    def __init__(self, text: str, markers: frozenset[str], welcome: list[Region]) -> None:
        self._text = text
        self._pattern = _marker_pattern(markers) if markers else None
        self._welcome = welcome
        self._starts = [start for start, _ in welcome]

    def split(self, start: int, end: int) -> Iterator[TextPiece]:
        for point in self._points(start, end):
            if start < point < end:
                yield TextPiece(start, point)
                start = point
        if start < end:
            yield TextPiece(start, end)

    def _points(self, start: int, end: int) -> Iterator[int]:
        if self._pattern is None:
            return
        while match := self._pattern.search(self._text, start, end):
            marker_start, marker_end = match.span()
            start = marker_start + 1  # a marker may begin inside another one
            region_end = self._region_end(marker_start)
            if region_end is None:
                yield marker_start + 1
            elif marker_end > region_end:
                # Begun by the template, ended by the user: at their border, so that no marker of
                # its own is hurt.
                yield region_end

    def _region_end(self, position: int) -> int | None:
        index = bisect_right(self._starts, position) - 1
        if index < 0 or position >= self._welcome[index][1]:
            return None
        return self._welcome[index][1]


@functools.lru_cache(maxsize=16)
def _marker_pattern(markers: frozenset[str]) -> re.Pattern[str]:
    """Finds the longest marker at each place."""
    longest_first = sorted(markers, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def _joined(regions: Sequence[Region], merge: bool = True) -> list[Region]:
    """The regions in order without empty ones; with `merge`, those that touch become one."""
    joined: list[Region] = []
    for start, end in sorted(regions):
        if merge and joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        elif start < end:
            joined.append((start, end))
    return joined


def _strip_left(text: str, low: int, position: int) -> int:
    while position > low and text[position - 1] in _WHITE_SPACE:
        position -= 1
    return position


def _strip_right(text: str, position: int, high: int) -> int:
    while position < high and text[position] in _WHITE_SPACE:
        position += 1
    return position
