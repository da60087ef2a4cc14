"""One reply's reasoning as its tokens come: how many there are, and when they have been enough."""

import codecs
from collections import deque

from engine.generation.reasoning import Mark, ReasoningSplitter

# A closing mark is spread over at most this many tokens.
_N_STARTS = 64
_N_TAIL = 32


class Thinking:
    """Follows a reply from its first token to the beginning of its answer.

    n_tokens: tokens between the marks so far, those of earlier words of the reply too; white space
    before the closing mark does not count.

    Args:
        opened: the mark at the prompt's end whose reasoning the reply goes on with.
        prefill: the reply's first words, which count for nothing.
        budget: tokens it may think, -1 for no bound.
    """

    def __init__(self, opened: Mark | None, prefill: str, budget: int) -> None:
        self.n_tokens = 0
        self._budget = budget
        self._splitter = ReasoningSplitter(opened)
        self._splitter.feed(prefill)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._n_read = len(prefill)
        self._starts: deque[int] = deque(maxlen=_N_STARTS)
        self._tail = prefill[-_N_TAIL:]

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come: the answer has begun."""
        return self._splitter.is_answering

    def read(self, piece: bytes) -> None:
        """Go on by one token."""
        text = self._decoder.decode(piece)
        was_open = self._splitter.mark is not None
        if was_open:
            self.n_tokens += 1
            self._starts.append(self._n_read)
        self._splitter.feed(text)
        self._n_read += len(text)
        self._tail = (self._tail + text)[-_N_TAIL:]
        if was_open and self._splitter.mark is None:
            end = self._splitter.reasoning_end
            self.n_tokens -= sum(start >= end for start in self._starts)
            self._starts.clear()

    def cut_short(self) -> str:
        """The text that ends the reasoning now, once the budget is used up; "" as long as it is
        not. What is half there, a character or the closing mark itself, is waited for."""
        mark = self._splitter.mark
        if mark is None or not 0 <= self._budget <= self.n_tokens:
            return ""
        if self._decoder.getstate()[0] or _begins_at_end(mark.close, self._tail):
            return ""
        self._budget = -1
        bridge = mark.bridge or f"{mark.close}\n\n"
        return bridge if self._tail.endswith("\n") else f"\n{bridge}"


def _begins_at_end(mark: str, text: str) -> bool:
    return any(text.endswith(mark[:n]) for n in range(1, len(mark)))
