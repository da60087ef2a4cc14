"""What is selected in the transcript, across blocks and messages, and what of the source it
stands for.

A position is a message, a block in it and a code point in that block's text; so a selection stays
where it is while a reply grows below it. Does not: paint, know the mouse.
"""

import re

from msgspec import Struct

from gui.widgets.markdown_blocks import block_text, source_range
from gui.widgets.transcript_column import MessageColumn
from gui.widgets.transcript_item import MessageItem

END = 1 << 40
_WORD = re.compile(r"\w+(?:['’]\w+)*|\s+|.", re.DOTALL)


class Position(Struct, frozen=True):
    """block END: behind all blocks of the message; offset END: behind all characters of the
    block."""

    message_id: str
    block: int = 0
    offset: int = 0


class Selection:
    """Two positions: the anchor, where it began, and the head, which moves."""

    def __init__(self, column: MessageColumn) -> None:
        self._column = column
        self.anchor: Position | None = None
        self.head: Position | None = None

    @property
    def is_empty(self) -> bool:
        return self.bounds() is None

    def clear(self) -> None:
        self.anchor = self.head = None

    def set(self, anchor: Position, head: Position) -> None:
        self.anchor, self.head = anchor, head

    def move_head(self, head: Position) -> None:
        """Extend to a position; begins there if nothing was begun."""
        self.anchor = self.anchor or head
        self.head = head

    def select_all(self) -> None:
        items = self._column.items
        if items:
            self.set(Position(items[0].view.id), Position(items[-1].view.id, END, END))

    def drop_message(self, message_id: str) -> None:
        """Forget a selection that touches a message whose text is another now."""
        for position in (self.anchor, self.head):
            if position is not None and position.message_id == message_id:
                self.clear()
                return

    def bounds(self) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
        """First and last as (message, block, offset); None if nothing is selected."""
        if self.anchor is None or self.head is None:
            return None
        keys = [self._key(self.anchor), self._key(self.head)]
        if None in keys or keys[0] == keys[1]:
            return None
        first, last = sorted(key for key in keys if key is not None)
        return first, last

    def _key(self, position: Position) -> tuple[int, int, int] | None:
        index = self._column.index_of(position.message_id)
        return None if index is None else (index, position.block, position.offset)

    def in_block(self, message: int, block: int) -> tuple[int, int] | None:
        """Which characters of a block are selected."""
        bounds = self.bounds()
        if bounds is None:
            return None
        first, last = bounds
        if not (first[:2] <= (message, block) <= last[:2]):
            return None
        start = first[2] if first[:2] == (message, block) else 0
        end = last[2] if last[:2] == (message, block) else END
        length = len(block_text(self._column.items[message].blocks[block]))
        start, end = min(start, length), min(end, length)
        return (start, end) if start < end else None

    def text(self) -> str:
        """The Markdown that the selection stands for; several messages are told apart by their
        headings."""
        bounds = self.bounds()
        if bounds is None:
            return ""
        first, last = bounds
        parts = []
        for index in range(first[0], last[0] + 1):
            item = self._column.items[index]
            start = first if index == first[0] else (index, 0, 0)
            end = last if index == last[0] else (index, END, END)
            part = _source(item, start[1:], end[1:])
            parts.append(part if first[0] == last[0] else f"{item.view.heading}:\n{part}")
        return "\n\n".join(part for part in parts if part)


def _source(item: MessageItem, start: tuple[int, int], end: tuple[int, int]) -> str:
    """The part of a message's text from one (block, offset) to another."""
    text = item.text
    if start == (0, 0) and end[0] == END:
        return text
    if len(item.blocks) <= (start[0] if end[0] == END else end[0]):
        item.parse(float(END), lambda: False)
    if not item.blocks:
        return text
    last_block = len(item.blocks) - 1
    first, last = item.blocks[min(start[0], last_block)], item.blocks[min(end[0], last_block)]
    if first is last:
        begin, stop = source_range(
            first, start[1], min(end[1], END) if end[0] <= last_block else END
        )
        return text[begin:stop]
    begin = 0 if start == (0, 0) else source_range(first, start[1], END)[0]
    stop = len(text) if end[0] > last_block else source_range(last, 0, end[1])[1]
    return text[begin:stop] if end[1] or end[0] > last_block else text[begin : last.start].rstrip()


def word_around(text: str, offset: int) -> tuple[int, int]:
    """Start and end of the word, gap or sign at an offset of a text."""
    for found in _WORD.finditer(text, 0):
        if found.start() <= offset < found.end():
            return found.span()
    return len(text), len(text)
