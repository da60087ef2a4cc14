"""How long and how much a reply reasoned, told from its tokens as they come. Qt-free."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from engine.generation.reasoning import ReasoningSplitter
from engine.process.messages import Token


class Thinking:
    """The reasoning of one reply that is being written.

    Args:
        text: what the reply began with, which took no time now.
        tokens: the last part of it, where its tokens are known.
        clock: seconds; monotonic.
    """

    def __init__(
        self,
        text: str = "",
        tokens: Sequence[Token] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._splitter = ReasoningSplitter()
        self.n_begun = self.n_tokens = self._begin(text, tokens)
        self._first_s = -1.0
        self._began_s = -1.0
        self._spent_s = 0.0
        self._n_given = self._n_all = len(tokens)
        self._reasoning_end = self._splitter.reasoning_end

    def _begin(self, text: str, tokens: Sequence[Token]) -> int:
        """Read what is there; how many of the tokens are reasoning."""
        n_chars = sum(len(token.text) for token in tokens)
        self._splitter.feed(text[: len(text) - n_chars])
        n_reasoning, end = 0, self._splitter.reasoning_end
        for place, token in enumerate(tokens):
            was_on = self.is_on
            self._splitter.feed(token.text)
            if was_on or self.is_on:
                n_reasoning += 1
            elif self._splitter.reasoning_end > end:
                n_reasoning = place + 1  # its template opened the reasoning, as its end shows
            end = self._splitter.reasoning_end
        return n_reasoning

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
            self.n_begun = self._n_given
        self._reasoning_end = self._splitter.reasoning_end
        if not self.is_on:
            self.stop()

    def stop(self) -> None:
        """No more comes."""
        if self._began_s >= 0:
            self._spent_s += self._clock() - self._began_s
            self._began_s = -1.0

    def details(self) -> dict[str, Any]:
        """What is kept with the reply; nothing where it did not reason. No time where part of the
        reasoning stood there before: how long that took is not known."""
        if not self.n_tokens:
            return {}
        time_ms = {} if self.n_begun else {"reasoning_ms": self.ms}
        return {**time_ms, "n_reasoning": self.n_tokens}
