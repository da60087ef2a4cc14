"""Which reasoning of a message is open, and what stands inside.

Folded reasoning is one line and costs nothing more, however long it is. What is opened is parsed
by a stream of its own, beginning where the reasoning does. Does not: find reasoning
(markdown_thoughts.py), lay out.
"""

from msgspec.structs import replace
from PySide6.QtCore import QCoreApplication

from gui.widgets.markdown_blocks import Block
from gui.widgets.markdown_inline import Run
from gui.widgets.markdown_stream import BlockStream
from gui.widgets.markdown_thoughts import without_half_mark

PATH = "t"


class ThoughtFold:
    """The stretches of reasoning of one message. A group is the offset where one begins.

    label: what the line of the first stretch says.
    """

    def __init__(self) -> None:
        self.label = ""
        self._opened: dict[int, BlockStream | None] = {}
        self._headers: dict[int, tuple[Block, Block]] = {}

    def is_open(self, group: int) -> bool:
        return group in self._opened

    def toggle(self, group: int) -> None:
        if self._opened.pop(group, self) is self:
            self._opened[group] = None

    def restart(self) -> None:
        """The message will be read anew: what was parsed is of no use, what is open stays open."""
        self._opened = dict.fromkeys(self._opened)
        self._headers.clear()

    def advance(self, text: str, blocks: list[Block], budget_chars: int) -> bool:
        """Parse about so much of what is open; True when it is all there."""
        is_done = True
        for block in _thoughts(blocks):
            if block.group in self._opened:
                is_done &= self._stream(text, block).advance(budget_chars)
        return is_done

    def shown(self, blocks: list[Block]) -> list[Block]:
        """A message's blocks, with what is open in its place."""
        thoughts = _thoughts(blocks)
        if not thoughts:
            return blocks
        result: list[Block] = []
        for number, block in enumerate(thoughts):
            result.append(self._header(block, number == 0))
            stream = self._opened.get(block.group)
            result += stream.blocks if stream is not None else []
        return result + blocks[len(thoughts) :]

    def n_stable(self, blocks: list[Block], n_closed: int) -> int:
        """How many of the shown blocks will not change, where so many of the message's will not."""
        count = n_closed
        for number, block in enumerate(_thoughts(blocks)):
            stream = self._opened.get(block.group)
            if stream is not None:
                count += stream.n_closed
                count += number >= n_closed  # the line above what is being written
        return count

    def _stream(self, text: str, block: Block) -> BlockStream:
        """The stream of an open stretch, with all that is there of it."""
        start, end = block.inner
        end = end if block.closes else without_half_mark(text, end)
        stream = self._opened[block.group]
        if stream is None or len(stream.text) > max(end, start):
            stream = self._opened[block.group] = BlockStream(start=start, path=PATH)
        if len(stream.text) < end:
            stream.append(text[len(stream.text) : end])
        if block.closes and not stream.is_final:
            stream.finish()
        return stream

    def _header(self, block: Block, is_first: bool) -> Block:
        """A stretch's line: what it says, and whether it is open. The same as long as nothing of
        it changed."""
        words = self.label if is_first and self.label else _words(block)
        runs = (Run(words),)
        level = int(block.group in self._opened)
        known = self._headers.get(block.group)
        if known is not None and (known[0], known[1].runs, known[1].level) == (block, runs, level):
            return known[1]
        made = replace(block, runs=runs, level=level)
        self._headers[block.group] = (block, made)
        return made


def _thoughts(blocks: list[Block]) -> list[Block]:
    """Reasoning stands before everything else."""
    n_thoughts = 0
    while n_thoughts < len(blocks) and blocks[n_thoughts].kind == "thought":
        n_thoughts += 1
    return blocks[:n_thoughts]


def _words(block: Block) -> str:
    if block.closes:
        return QCoreApplication.translate("Transcript", "Thoughts")
    return QCoreApplication.translate("Transcript", "Thinking…")
