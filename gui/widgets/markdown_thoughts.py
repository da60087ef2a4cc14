"""Reasoning in a reply as blocks: one line for each stretch, to be opened and closed.

What is reasoning is told by engine/generation/reasoning.py; what stands inside is parsed only when
someone opens it (thought_fold.py).
"""

from engine.generation.reasoning import MARKS, Part, ReasoningSplitter, split_reasoning
from gui.widgets.markdown_blocks import Block

_CLOSES = tuple(mark.close for mark in MARKS)


class Thoughts:
    """The reasoning at the beginning of a text that grows."""

    def __init__(self) -> None:
        self._splitter = ReasoningSplitter()
        self._parts: list[Part] = []

    def feed(self, text: str) -> None:
        self._splitter.feed(text)
        self._parts = self._splitter.parts()

    @property
    def is_open(self) -> bool:
        """The text so far ends within reasoning."""
        return self._splitter.mark is not None

    @property
    def answer_start(self) -> int:
        """Where the answer begins; -1 while nothing of it is there."""
        return next((part.start for part in self._parts if part.kind == "answer"), -1)

    @property
    def n_closed(self) -> int:
        return sum(part.kind == "reasoning" for part in self._parts) - self.is_open

    def closed(self, text: str) -> list[Block]:
        """The lines of the stretches that are whole."""
        return self._blocks(text, self.n_closed)

    def open(self, text: str) -> Block:
        """The line of the stretch that is being written."""
        return self._blocks(text, self.n_closed + 1)[-1]

    def _blocks(self, text: str, n_blocks: int) -> list[Block]:
        stretches = [part for part in self._parts if part.kind == "reasoning"][:n_blocks]
        blocks: list[Block] = []
        for number, part in enumerate(stretches):
            closes = number < self.n_closed
            start = _ink(text, blocks[-1].end if blocks else 0)
            end = _behind_mark(text, part.end) if closes else len(text)
            inner = (part.start, part.end)
            blocks.append(
                Block("thought", start, end, closes=closes, group=part.start, inner=inner)
            )
        return blocks


def answer_of(text: str) -> str:
    """A reply without its reasoning; the whole of it while it has no answer."""
    parts = split_reasoning(text)
    if not any(part.kind == "reasoning" for part in parts):
        return text
    answer = "\n\n".join(text[part.start : part.end] for part in parts if part.kind == "answer")
    return answer or text


def without_half_mark(text: str, end: int) -> int:
    """Where the words of an open stretch end that cannot be the beginning of its closing mark."""
    for length in range(min(end, max(map(len, _CLOSES)) - 1), 0, -1):
        tail = text[end - length : end]
        if any(close.startswith(tail) for close in _CLOSES):
            return end - length
    return end


def _ink(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _behind_mark(text: str, at: int) -> int:
    at = _ink(text, at)
    return at + max((len(mark) for mark in _CLOSES if text.startswith(mark, at)), default=0)
