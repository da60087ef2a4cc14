"""How long and how much a reply reasoned, told from its tokens as they come. Qt-free."""

import time
from collections.abc import Callable
from typing import Any

from engine.generation.reasoning import ReasoningSplitter


class Thinking:
    """The reasoning of one reply that is being written.

    Args:
        text: what the reply began with, which took no time now.
        clock: seconds; monotonic.
    """

    def __init__(self, text: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self.n_tokens = 0
        self._clock = clock
        self._splitter = ReasoningSplitter()
        self._splitter.feed(text)
        self._first_s = -1.0
        self._began_s = -1.0
        self._spent_s = 0.0
        self._n_all = 0
        self._reasoning_end = self._splitter.reasoning_end

    @property
    def is_on(self) -> bool:
        """It reasons now."""
        return self._splitter.mark is not None

    @property
    def ms(self) -> int:
        running_s = self._clock() - self._began_s if self._began_s >= 0 else 0.0
        return round(1000 * (self._spent_s + running_s))

    def take(self, text: str, n_tokens: int) -> None:
        """Some tokens and the text that became readable with them."""
        now_s = self._clock()
        self._first_s = now_s if self._first_s < 0 else self._first_s
        self._n_all += n_tokens
        was_on = self.is_on
        self._splitter.feed(text)
        if was_on or self.is_on:
            self.n_tokens += n_tokens
            self._began_s = now_s if self._began_s < 0 else self._began_s
        elif self._splitter.reasoning_end > self._reasoning_end:
            # Its template opened the reasoning: all so far was of it, as its end shows.
            self.n_tokens, self._spent_s = self._n_all, now_s - self._first_s
        self._reasoning_end = self._splitter.reasoning_end
        if not self.is_on:
            self.stop()

    def stop(self) -> None:
        """No more comes."""
        if self._began_s >= 0:
            self._spent_s += self._clock() - self._began_s
            self._began_s = -1.0

    def details(self) -> dict[str, Any]:
        """What is kept with the reply; nothing where it did not reason."""
        if not self.n_tokens:
            return {}
        return {"reasoning_ms": self.ms, "n_reasoning": self.n_tokens}
