"""A message's text as it grows -> blocks, parsing only what is still open.

What can no longer change is closed and never looked at again; the stretch that is still open is
bounded, so a step costs the same in a long reply as in a short one, and the blocks do not depend
on how the text came in pieces. A stretch of reasoning is one block, unread. Does not: know
Markdown's tokens (markdown_units.py), lay out, draw, know Qt.
"""

import re

from msgspec.structs import replace

from gui.widgets.markdown_blocks import (
    CODE_CHARS,
    Block,
    CodeText,
    Gap,
    code_blocks,
    code_piece_chars,
)
from gui.widgets.markdown_builder import Place
from gui.widgets.markdown_fence import FENCE_LINE, Fence, fence_at
from gui.widgets.markdown_inline import LINE_BREAK, Run, neutralise
from gui.widgets.markdown_references import NO_REFERENCES, References, find_references
from gui.widgets.markdown_thoughts import Thoughts
from gui.widgets.markdown_units import NOTHING, Context, Unit, made_blocks, parse_units

WINDOW_CHARS = 1_024
# A window of very short lines costs as much as a longer one of long lines.
CHARS_PER_LINE = 32
# What goes on in a list of more items, or a table of more pieces of 12 rows, than this is shown as
# it was written.
MAX_ITEMS = 4_000
MAX_TABLE_PIECES = 500
MAX_OPEN_CHARS = 8_192
MAX_PARAGRAPH_CHARS = 4_096
# A line behind a full piece of code may still become the closing fence until it is this long.
_FENCE_LINE_CHARS = 256

_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")


class BlockStream:
    """The blocks of one message: `append` text, `advance` until it says True, read `blocks`.

    The first n_closed blocks will not change; parsed_chars counts the work done.

    Args:
        markdown: False shows the text as written, but for fenced code; and nothing is reasoning.
        start: where in the text to begin; what stands before it is no business of these blocks.
        path: where all blocks stand; within reasoning nothing else is taken for reasoning.
        references: the links that the text defines, where they are known beforehand.
    """

    def __init__(
        self,
        markdown: bool = True,
        start: int = 0,
        path: str = "",
        references: References | None = None,
    ) -> None:
        self.text = ""
        self.blocks: list[Block] = []
        self.n_closed = 0
        self.parsed_chars = 0
        self._markdown = markdown
        self._safe = ""
        self._half_line_end = ""
        self._start = self._stable = start
        self._is_stale = False
        self._is_final = False
        self._fence: Fence | None = None
        self._context = NOTHING
        self._references = references
        self._place = Place(path, references or NO_REFERENCES)
        self._thoughts = Thoughts() if markdown and not path else None
        self._n_thoughts = 0
        self._again: BlockStream | None = None

    @property
    def is_final(self) -> bool:
        """Whether no more text will come."""
        return self._is_final

    @property
    def is_behind(self) -> bool:
        """Whether what is shown will be another when the text was read again."""
        return self._again is not None

    @property
    def stable_chars(self) -> int:
        """How much of the text stands in closed blocks."""
        return self._stable

    def append(self, text: str) -> None:
        """More text at the end."""
        waiting = self._half_line_end + text
        # A carriage return is a line's end or half of one: decided when its neighbour is here.
        self._half_line_end = "\r" if waiting.endswith("\r") else ""
        self._take(neutralise(waiting.removesuffix("\r")))
        self.text += text
        self._is_stale = True

    def finish(self) -> None:
        """No more text will come: everything may be closed."""
        self._take(neutralise(self._half_line_end))
        self._half_line_end = ""
        self._is_final = True
        self._is_stale = True
        if self._markdown and self._references is None:
            self._refer(find_references(self._safe[self._start :]))

    def _take(self, safe: str) -> None:
        self._safe += safe
        if self._thoughts is not None:
            self._thoughts.feed(safe)

    def _refer(self, references: References) -> None:
        """Links are known by the end: what was closed without them is read again."""
        path = self._place.path
        self._place = Place(path, references)
        if references and self.n_closed:
            self._again = BlockStream(self._markdown, self._start, path, references)
            self._again.append(self.text)
            self._again.finish()

    def advance(self, budget_chars: int) -> bool:
        """Parse about so many characters; True when the blocks stand for the whole text."""
        if self._again is not None:
            return self._advance_again(self._again, budget_chars)
        end = self.parsed_chars + budget_chars
        while self._is_stale:
            self._is_stale = self._step()
            if self.parsed_chars >= end:
                break
        return not self._is_stale

    def _advance_again(self, again: "BlockStream", budget_chars: int) -> bool:
        """Read the text again; the blocks that there are stay until it is done."""
        before = again.parsed_chars
        is_done = again.advance(budget_chars)
        self.parsed_chars += again.parsed_chars - before
        if is_done:
            self.blocks[:] = again.blocks
            self.n_closed, self._stable = again.n_closed, again.stable_chars
            self._again, self._is_stale = None, False
        return is_done

    def _step(self) -> bool:
        """Close something (True), or show what is open and cannot be closed yet (False)."""
        if self._thoughts is not None:
            after = self._step_thoughts(self._thoughts)
            if after is not None:
                return after
        if self._fence is not None:
            return self._step_in_fence(self._fence)
        blank = _BLANK_LINES.match(self._safe, self._stable)
        if blank is not None:
            self._stable = blank.end()
            self._context = NOTHING
        if self._enter_fence():
            return True
        if not self._markdown:
            return self._step_plain()
        size = WINDOW_CHARS
        while (closed := self._step_window(size)) is None:
            size *= 2
        return closed

    def _close(self, blocks: list[Block], stable: int, context: Context = NOTHING) -> None:
        self.blocks[self.n_closed :] = blocks
        self.n_closed = len(self.blocks)
        self._stable = stable
        self._context = context

    def _show(self, blocks: list[Block]) -> None:
        self.blocks[self.n_closed :] = blocks

    # ---- reasoning ----

    def _step_thoughts(self, thoughts: Thoughts) -> bool | None:
        """Close or show a stretch of reasoning; None where the answer goes on."""
        if thoughts.n_closed > self._n_thoughts:
            # All blocks so far: reasoning may show by its end, when it was taken for the answer.
            self._n_thoughts, self.n_closed, self._fence = thoughts.n_closed, 0, None
            blocks = thoughts.closed(self._safe)
            self._close(blocks, blocks[-1].end)
            return True
        if thoughts.is_open:
            if self._stable < len(self._safe):
                self._show([thoughts.open(self._safe)])
            if self._is_final:
                self.n_closed, self._stable = len(self.blocks), len(self._safe)
            return False
        start = thoughts.answer_start
        if start < 0:
            self._show([])
            self._stable = len(self._safe) if self._is_final else self._stable
            return False
        if self._safe[self._stable : start].strip():
            self._stable = start  # behind marks with nothing between them
        return None

    # ---- fenced code ----

    def _enter_fence(self) -> bool:
        found = None if self._context.joined else fence_at(self._safe, self._stable)
        if found is None:
            return False
        self._fence, self._stable = found
        self._context = NOTHING
        return True

    def _step_in_fence(self, fence: Fence) -> bool:
        window = self._safe[self._stable : self._stable + CODE_CHARS + 2 * _FENCE_LINE_CHARS]
        self.parsed_chars += len(window)
        body, closer = fence.split(window, self._is_final)
        length = code_piece_chars(body[: CODE_CHARS + 1])
        rest = body[length:]
        if rest and (closer or "\n" in rest or len(rest) > _FENCE_LINE_CHARS):
            self._close(self._code(fence, body[:length], closes=False), self._stable + length)
            return True
        blocks = self._code(fence, body, closes=True)
        if not closer and not self._is_final:
            self._show(blocks)
            return False
        self._close(blocks, self._stable + (closer or len(window)))
        self._fence = None
        return True

    def _code(self, fence: Fence, body: str, closes: bool) -> list[Block]:
        lines, sources, at = [], [], self._stable
        for line in body.split("\n"):
            indent = min(fence.indent, len(line) - len(line.lstrip(" ")))
            lines.append(line[indent:])
            sources.append(at + indent)
            at += len(line) + 1
        code = CodeText("\n".join(lines), tuple(sources), fence.language, fence.group)
        pieces = code_blocks(code, self._place.path)
        if self.n_closed and self.blocks[self.n_closed - 1].group == fence.group:
            pieces[0] = replace(pieces[0], opens=False, gap="none")
        pieces[-1] = replace(pieces[-1], closes=closes)
        return pieces

    # ---- text as written ----

    def _step_plain(self) -> bool:
        window = self._safe[self._stable : self._stable + MAX_PARAGRAPH_CHARS + 1]
        self.parsed_chars += len(window)
        fence = FENCE_LINE.search(window)
        if fence is not None and fence.start() > 0:
            self._close(self._plain(window[: fence.start()]), self._stable + fence.start())
            return True
        if len(window) > MAX_PARAGRAPH_CHARS:
            cut = window.rfind("\n", 0, MAX_PARAGRAPH_CHARS) + 1
            blocks = self._plain(window[: cut or MAX_PARAGRAPH_CHARS])
            after = Context(joined=not cut)
            self._close(blocks, self._stable + (cut or MAX_PARAGRAPH_CHARS), after)
            return True
        self._show(self._plain(window))
        return False

    def _plain(self, text: str) -> list[Block]:
        shown, start = text.rstrip(), self._stable
        if not shown:
            return []
        # Pieces of one text lie close, so that a long one reads as one.
        is_first = not self.n_closed or self.blocks[self.n_closed - 1].kind == "code"
        run = Run(shown.replace("\n", LINE_BREAK), source=start)
        gap: Gap = "block" if is_first else "none"
        path = self._place.path
        end = start + len(shown)
        return [Block("paragraph", start, end, (run,), path=path, gap=gap, group=start)]

    # ---- Markdown ----

    def _window_end(self, size: int) -> int:
        """Where a window of at most so many characters ends, or sooner if its lines are short."""
        end = min(len(self._safe), self._stable + size)
        at = self._stable
        for _ in range(size // CHARS_PER_LINE):
            at = self._safe.find("\n", at, end) + 1
            if not at:
                return end
        return at

    def _units(self, end: int) -> list[Unit]:
        self.parsed_chars += end - self._stable
        return parse_units(self._safe, self._stable, end, self._context, self._place)

    def _step_window(self, size: int) -> bool | None:
        """Parse a window from the stable place on; None asks for a larger one."""
        end = self._window_end(size)
        is_truncated = end < len(self._safe)
        units = self._units(end)
        closable = len(units)
        if is_truncated or not self._is_final:
            closable = _n_closable(units, self._safe.count("\n", self._stable, end))
        oversized = _oversized(units[: closable + 1])
        # A fence further down is read by its own rules, once what is above it is closed.
        fence = next((at for at, unit in enumerate(units) if at and unit.is_fence), len(units))
        closable = min(closable, oversized, fence)
        if closable:
            self._close_units(units, closable, end)
        elif oversized == 0:
            self._cut_paragraph()
        elif not is_truncated:
            self._show(made_blocks(units, self._context.joined))
            return False
        elif size < MAX_OPEN_CHARS:
            return None
        elif len(units) > 1:
            self._close_units(units, len(units) - 1, end)
        else:
            self._cut_anywhere(end)
        return True

    def _close_units(self, units: list[Unit], n_units: int, end: int) -> None:
        full = (at + 1 for at, unit in enumerate(units) if _is_full(unit.after))
        n_units = min(n_units, next(full, n_units))
        blocks = made_blocks(units[:n_units], self._context.joined)
        stable = end
        if n_units < len(units):
            stable = self._stable
            for _ in range(units[n_units].line):
                stable = self._safe.index("\n", stable) + 1
        after = units[n_units - 1].after
        self._close(blocks, stable, after)
        if _is_full(after):
            self._fence = Fence(stable, 0, "", "markdown")
            self._context = NOTHING

    def _cut_paragraph(self) -> None:
        """Close the first part of an endless paragraph, before a word that cannot be taken for
        block markup."""
        window = self._safe[self._stable : self._stable + MAX_PARAGRAPH_CHARS]
        words = (found.end() for found in re.finditer(r"\s(?=[^\W\d_])", window))
        self._cut(self._stable + (max(words, default=0) or len(window)))

    def _cut_anywhere(self, end: int) -> None:
        """One item, quote or row beyond every bound: closed where a line ends, or where the
        window does."""
        last_line = self._safe.rfind("\n", self._stable, end) + 1
        self._cut(last_line or end)

    def _cut(self, end: int) -> None:
        blocks = made_blocks(self._units(end), self._context.joined)
        self._close(blocks, end, Context(joined=True))


def _is_full(context: Context) -> bool:
    """Whether a list or table is too long to go on as one."""
    return context.n_units >= (MAX_TABLE_PIECES if context.table else MAX_ITEMS)


def _n_closable(units: list[Unit], n_lines: int) -> int:
    """How many units more text cannot change: two whole lines of what follows are there, as a
    table or an underlined heading needs two to be told from a paragraph."""
    closable = 0
    while closable + 1 < len(units) and n_lines - units[closable + 1].line >= 2:
        closable += 1
    return closable


def _oversized(units: list[Unit]) -> int:
    """Index of the first paragraph that is too long to be parsed whole; the number of units + 1
    if there is none."""
    for index, unit in enumerate(units):
        if unit.paragraph_chars > MAX_PARAGRAPH_CHARS:
            return index
    return len(units) + 1
