"""Where the tokens of a message stand on the screen: boxes around what each shows, thin marks for
those that show nothing.

Markdown stays rendered: a run of a block says where in the message's text it stands, and what no
run stands for (**, #, |, fences) has its mark beside the nearest text. Folded reasoning has none:
it is not there to be looked at. Worked out once for a laid block and kept with it; costs what the
block's own text costs, however much of the message that shows nothing stands around it. Paints
nothing.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from PySide6.QtCore import QRectF

from gui.widgets.laid_block import LaidBlock
from gui.widgets.markdown_blocks import Block
from gui.widgets.token_marks import TokenMarks
from gui.widgets.token_segments import Segment, Segments, Shown

MARK_PX = 2.0
_MARK_STEP_PX = 3.0
# So many marks stand side by side; between two words, where they would cover letters, fewer.
_MOST_BESIDE = 6
_MOST_BETWEEN = 2
# Before and behind a block's text so many tokens have a mark each; those further off share one.
MOST_SINGLE = 16
_MOST_LOOKED_AT = 64


class TokenBox(Struct, frozen=True):
    """A token, or its part on one line, in its block's coordinates. is_mark: it shows nothing.
    n_tokens: so many from `token` on share this mark; level: the most surprising of them."""

    token: int
    level: int
    rect: QRectF
    is_mark: bool = False
    n_tokens: int = 1

    def holds(self, token: int) -> bool:
        return self.token <= token < self.token + self.n_tokens


def own_range(blocks: Sequence[Block], index: int) -> tuple[int, int | None]:
    """The part of the message's text whose tokens stand in or at a block: up to where the next
    one begins."""
    start = _begins(blocks[index]) if index else 0
    end = _begins(blocks[index + 1]) if index + 1 < len(blocks) else None
    return start, end


def _begins(block: Block) -> int:
    # A card begins with its fence, whose line its first piece of code does not count.
    return min(block.start, block.group) if block.opens and block.kind == "code" else block.start


def is_folded(block: Block) -> bool:
    """Whether a block is the line of reasoning whose words are not shown."""
    return block.kind == "thought" and not block.level


def tokens_within(marks: TokenMarks, own: tuple[int, int | None]) -> range:
    """The tokens that stand in a part of the text and nowhere else."""
    first, last = marks.between(*own)
    first += first < last and marks.span(first)[0] < own[0]
    if own[1] is not None and first < last and marks.span(last - 1)[1] > own[1]:
        last -= 1
    return range(first, last)


def folded_tokens(blocks: Sequence[Block], marks: TokenMarks) -> list[range]:
    """The tokens of a message that are not shown, as its reasoning is folded."""
    folded: list[range] = []
    for index, block in enumerate(blocks):
        if block.kind != "thought" and not block.path.startswith("t"):
            break
        if is_folded(block):
            folded.append(tokens_within(marks, own_range(blocks, index)))
    return [tokens for tokens in folded if tokens]


def token_boxes(laid: LaidBlock, marks: TokenMarks, own: tuple[int, int | None]) -> list[TokenBox]:
    """All boxes of a block, in the order of their tokens."""
    if is_folded(laid.block):
        return []
    first, last = marks.between(*own)
    key = (marks, marks.revision, first, last, marks.span(last - 1) if last > first else None)
    if laid.token_boxes is None or laid.token_boxes[0] != key:
        laid.token_boxes = (key, list(_Placing(laid, marks, own[0]).boxes(first, last)))
    boxes: list[TokenBox] = laid.token_boxes[1]
    return boxes


class _Waiting(Struct):
    """Tokens without characters at one place. at: a position in the block's text; is_before: they
    stand left of it."""

    at: int
    is_before: bool
    tokens: list[int] = field(default_factory=list)

    def is_at(self, other: "_Waiting") -> bool:
        return (self.at, self.is_before) == (other.at, other.is_before)


class _Placing:
    """One block's tokens being placed."""

    def __init__(self, laid: LaidBlock, marks: TokenMarks, own_start: int) -> None:
        self._laid, self._marks, self._own_start = laid, marks, own_start
        self._segments = Segments(laid)

    def boxes(self, first: int, last: int) -> Iterator[TokenBox]:
        head, tail = self._crowds(first, last)
        bare = self._bare_place() if not self._segments.all else None
        yield from self._crowd_box(head, bare or _Waiting(0, True))
        yield from self._single_boxes(range(head.stop, tail.start))
        yield from self._crowd_box(tail, _Waiting(len(self._segments.text), False))

    def _single_boxes(self, tokens: range) -> Iterator[TokenBox]:
        waiting: _Waiting | None = None
        for token in tokens:
            start, end = self._marks.span(token)
            shown = list(self._segments.shown(start, end))
            if shown and not self._is_only_blank(token, shown):
                yield from self._text_boxes(token, shown)
            elif start >= self._own_start:
                place = self._place_of(token, start, end)
                if waiting is None or not place.is_at(waiting):
                    yield from self._mark_boxes(waiting)
                    waiting = place
                waiting.tokens.append(token)
        yield from self._mark_boxes(waiting)

    # ---- tokens with characters ----

    def _is_only_blank(self, token: int, shown: list[Shown]) -> bool:
        """Whether what is shown of a token is not what it says: the blank before a "**"."""
        return self._is_blank(shown) and bool(self._marks.tokens[token].text.strip())

    def _is_blank(self, shown: list[Shown]) -> bool:
        return all(self._segments.text[one.first : one.last].isspace() for one in shown)

    def _text_boxes(self, token: int, shown: list[Shown]) -> Iterator[TokenBox]:
        level, is_blank = self._marks.level(token), self._is_blank(shown)
        for one in shown:
            if not one.formula.isEmpty():
                yield TokenBox(token, level, one.formula)
                continue
            start, end = one.first, one.last
            text = self._segments.text[start:end]
            if not is_blank:
                # The blank before a word is not part of what is coloured.
                start, end = start + len(text) - len(text.lstrip()), end - _n_blank_end(text)
            if start < end:
                for rect in self._segments.rects(start, end):
                    yield TokenBox(token, level, rect)

    # ---- tokens without ----

    def _place_of(self, token: int, start: int, end: int) -> _Waiting:
        before, after = self._segments.around(start)
        if before is None and after is None:
            return self._bare_place()
        if after is not None and (before is None or self._is_nearer(token, before, after)):
            return _Waiting(after.shown, True)
        assert before is not None
        return _Waiting(before.shown_end, False)

    def _bare_place(self) -> _Waiting:
        """Where the marks of a block stand that shows nothing of the source: a rule, or the line
        above opened reasoning, whose sign stands before it."""
        is_thought = self._laid.block.kind == "thought"
        return _Waiting(len(self._segments.text) if is_thought else 0, not is_thought)

    def _is_nearer(self, token: int, before: Segment, after: Segment) -> bool:
        """Whether a token between two pieces of text stands at the second one."""
        start, end = self._marks.span(token)
        if "\n" in self._marks.tokens[token].text:
            return False
        return after.source - end <= start - before.source_end

    def _mark_boxes(self, waiting: _Waiting | None) -> Iterator[TokenBox]:
        if waiting is None:
            return
        n_tokens = len(waiting.tokens)
        for number, token in enumerate(waiting.tokens):
            steps = number - n_tokens + 1 if waiting.is_before else number
            rect = self._mark_rect(waiting.at, steps, waiting.is_before)
            yield TokenBox(token, self._marks.level(token), rect, is_mark=True)

    def _mark_rect(self, at: int, steps: int, is_before: bool) -> QRectF:
        place, body = self._laid.cursor_rect(at), self._laid.body
        is_free = at in (0, len(self._segments.text)) or self._laid.block.kind == "table"
        most = _MOST_BESIDE if is_free else _MOST_BETWEEN
        # The line above reasoning is no word of the reply: its marks keep off it.
        own = 2 * _MARK_STEP_PX if self._laid.block.kind == "thought" else 0.0
        shift = -MARK_PX if is_before else own
        x = place.x() + shift + min(max(-most, steps), most) * _MARK_STEP_PX
        if not body.isEmpty():
            # Those of a card or table stay within it.
            x = min(max(body.left() + 1, x), body.right() - MARK_PX - 1)
        return QRectF(x, place.y(), MARK_PX, place.height())

    # ---- many of them before and behind the text ----

    def _crowds(self, first: int, last: int) -> tuple[range, range]:
        """The tokens that share a mark: far before the block's first character, such as addresses
        of links that are told apart, and far behind its last, such as text that is not parsed."""
        segments, marks = self._segments.all, self._marks
        if first < last and marks.span(first)[0] < self._own_start:
            first += not any(self._segments.shown(*marks.span(first)))
        if not segments:
            return range(first, max(first, last - MOST_SINGLE)), range(last, last)
        begins, _ = marks.between(segments[0].source, None)
        _, ends = marks.between(0, max(segment.source_end for segment in segments))
        head = range(first, min(last, max(first, begins - MOST_SINGLE)))
        return head, range(max(head.stop, min(last, ends + MOST_SINGLE)), last)

    def _crowd_box(self, tokens: range, place: _Waiting) -> Iterator[TokenBox]:
        if not tokens:
            return
        steps = -_MOST_BESIDE if place.is_before else _MOST_BESIDE
        level = max(map(self._marks.level, tokens[:_MOST_LOOKED_AT]))
        rect = self._mark_rect(place.at, steps, place.is_before)
        yield TokenBox(tokens[0], level, rect, is_mark=True, n_tokens=len(tokens))


def _n_blank_end(text: str) -> int:
    return len(text) - len(text.rstrip())
