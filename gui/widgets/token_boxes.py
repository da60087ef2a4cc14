"""Where the tokens of a message stand on the screen: boxes around what each shows, thin marks for
those that show nothing.

Markdown stays rendered: a run of a block says where in the message's text it stands, and what no
run stands for (**, #, |, fences) has its mark beside the nearest text. Worked out once for a laid
block and kept with it. Paints nothing.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF

from gui.widgets.laid_block import LaidBlock, Piece, cursor_x, is_mixed
from gui.widgets.markdown_blocks import Block, block_text, placed_runs
from gui.widgets.markdown_inline import LINE_BREAK
from gui.widgets.token_marks import TokenMarks

MARK_PX = 2.0
_MARK_STEP_PX = 3.0
_MOST_BESIDE = 6


@dataclass(frozen=True, slots=True)
class TokenBox:
    """A token, or its part on one line, in its block's coordinates. is_mark: it shows nothing."""

    token: int
    level: int
    rect: QRectF
    is_mark: bool = False


def own_range(blocks: Sequence[Block], index: int) -> tuple[int, int | None]:
    """The part of the message's text whose tokens stand in or at a block: up to where the next
    one begins."""
    start = _begins(blocks[index]) if index else 0
    end = _begins(blocks[index + 1]) if index + 1 < len(blocks) else None
    return start, end


def _begins(block: Block) -> int:
    # A card begins with its fence, whose line its first piece of code does not count.
    return min(block.start, block.group) if block.opens and block.kind == "code" else block.start


def token_boxes(laid: LaidBlock, marks: TokenMarks, own: tuple[int, int | None]) -> list[TokenBox]:
    """All boxes of a block, in the order of their tokens."""
    first, last = marks.between(*own)
    key = (marks, marks.revision, first, last, marks.span(last - 1) if last > first else None)
    if laid.token_boxes is None or laid.token_boxes[0] != key:
        laid.token_boxes = (key, list(_Placing(laid, marks, own[0]).boxes(first, last)))
    boxes: list[TokenBox] = laid.token_boxes[1]
    return boxes


@dataclass(slots=True)
class _Segment:
    """Characters that are shown as they are in the source."""

    source: int
    shown: int
    length: int


@dataclass(slots=True)
class _Waiting:
    """Tokens without characters at one place. at: a position in the block's text; is_before: they
    stand left of it."""

    at: int
    is_before: bool
    tokens: list[int] = field(default_factory=list)


class _Placing:
    """One block's tokens being placed."""

    def __init__(self, laid: LaidBlock, marks: TokenMarks, own_start: int) -> None:
        self._laid, self._marks, self._own_start = laid, marks, own_start
        self._text = block_text(laid.block)
        self._segments = sorted(
            (
                _Segment(run.source, at, len(run.text))
                for at, run in placed_runs(laid.block)
                if run.source >= 0 and run.text != LINE_BREAK
            ),
            key=lambda segment: segment.source,
        )
        self._sources = [segment.source for segment in self._segments]
        self._piece_starts = [piece.start for piece in laid.pieces]
        self._mixed = [is_mixed(piece) for piece in laid.pieces]

    def boxes(self, first: int, last: int) -> Iterator[TokenBox]:
        waiting: _Waiting | None = None
        for token in range(first, last):
            start, end = self._marks.span(token)
            shown = list(self._shown(start, end))
            if shown and not self._is_only_blank(token, shown):
                yield from self._text_boxes(token, shown)
            elif start >= self._own_start:
                place = self._place_of(token, start, end)
                if waiting is None or (place.at, place.is_before) != (
                    waiting.at,
                    waiting.is_before,
                ):
                    yield from self._mark_boxes(waiting)
                    waiting = place
                waiting.tokens.append(token)
        yield from self._mark_boxes(waiting)

    # ---- tokens with characters ----

    def _shown(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of the block's text that characters start..end of the source are."""
        index = max(0, bisect_right(self._sources, start) - 1)
        while index < len(self._segments) and self._segments[index].source < end:
            segment = self._segments[index]
            first = max(start, segment.source)
            last = min(end, segment.source + segment.length)
            if first < last:
                yield segment.shown + first - segment.source, segment.shown + last - segment.source
            index += 1

    def _is_only_blank(self, token: int, shown: list[tuple[int, int]]) -> bool:
        """Whether what is shown of a token is not what it says: the blank before a "**"."""
        is_blank = all(self._text[start:end].isspace() for start, end in shown)
        return is_blank and bool(self._marks.tokens[token].text.strip())

    def _text_boxes(self, token: int, shown: list[tuple[int, int]]) -> Iterator[TokenBox]:
        level = self._marks.level(token)
        is_blank = all(self._text[start:end].isspace() for start, end in shown)
        for start, end in shown:
            text = self._text[start:end]
            if not is_blank:
                # The blank before a word is not part of what is coloured.
                start, end = start + len(text) - len(text.lstrip()), end - _n_blank_end(text)
            if start < end:
                for rect in self._rects(start, end):
                    yield TokenBox(token, level, rect)

    def _rects(self, start: int, end: int) -> Iterator[QRectF]:
        number = max(0, bisect_right(self._piece_starts, start) - 1)
        piece = self._laid.pieces[number]
        one = None if self._mixed[number] else _on_one_line(piece, start, end)
        if one is not None:
            yield one
        else:
            yield from _joined(self._laid.range_rects(start, end))

    # ---- tokens without ----

    def _place_of(self, token: int, start: int, end: int) -> _Waiting:
        index = bisect_right(self._sources, start) - 1
        before = self._segments[index] if index >= 0 else None
        after = self._segments[index + 1] if index + 1 < len(self._segments) else None
        if before is None and after is None:
            return _Waiting(0, True)
        if after is not None and (before is None or self._is_nearer(token, before, after)):
            return _Waiting(after.shown, True)
        assert before is not None
        return _Waiting(before.shown + before.length, False)

    def _is_nearer(self, token: int, before: _Segment, after: _Segment) -> bool:
        """Whether a token between two pieces of text stands at the second one."""
        start, end = self._marks.span(token)
        if "\n" in self._marks.tokens[token].text:
            return False
        return after.source - end <= start - before.source - before.length

    def _mark_boxes(self, waiting: _Waiting | None) -> Iterator[TokenBox]:
        if waiting is None:
            return
        place = self._laid.cursor_rect(waiting.at)
        n_tokens = len(waiting.tokens)
        for number, token in enumerate(waiting.tokens):
            steps = number - n_tokens + 1 if waiting.is_before else number
            steps = min(max(-_MOST_BESIDE, steps), _MOST_BESIDE)
            shift = -MARK_PX if waiting.is_before else 0.0
            x = place.x() + shift + steps * _MARK_STEP_PX
            rect = QRectF(x, place.y(), MARK_PX, place.height())
            yield TokenBox(token, self._marks.level(token), rect, is_mark=True)


def _joined(rects: Iterator[QRectF]) -> Iterator[QRectF]:
    """Where directions mix each character has its rectangle: those that touch, made one."""
    last: QRectF | None = None
    for rect in rects:
        if last is not None and rect.y() == last.y() and _touch(last, rect):
            last = last.united(rect)
            continue
        if last is not None:
            yield last
        last = rect
    if last is not None:
        yield last


def _touch(one: QRectF, other: QRectF) -> bool:
    return one.left() - 1 <= other.right() and other.left() - 1 <= one.right()


def _n_blank_end(text: str) -> int:
    return len(text) - len(text.rstrip())


def _on_one_line(piece: Piece, start: int, end: int) -> QRectF | None:
    """The box around characters of one line; None where they are on more."""
    first, last = piece.to_units(start - piece.start), piece.to_units(end - piece.start)
    line = piece.layout.lineForTextPosition(first)
    if end > piece.end or not line.isValid() or last > line.textStart() + line.textLength():
        return None
    left, right = cursor_x(line, first), cursor_x(line, last)
    return QRectF(piece.x + left, piece.y + line.y(), right - left, line.height())
