"""One reply while it is being written: its text, what the store does not have yet, and how it
ended. Qt-free.

Takes the engine's events; draws and saves nothing itself.
"""

from typing import Any, Literal

from msgspec import Struct, field

from engine.process.messages import (
    AnyEvent,
    Cancelled,
    Done,
    Dropped,
    Failed,
    Generated,
    PromptProgress,
    Token,
    Tokens,
)
from gui.chat.conversation import first_words
from gui.chat.made_with import answered
from gui.chat.reply_cost import cost_of, count_of
from gui.chat.thinking import Thinking

DROPPED_LETTERS = 32
End = Literal["done", "stopped", "failed"]
# Ends that are not the model's own choice: the reply can be continued from there.
UNFINISHED = frozenset({"length", "context", "cancelled"})


class StreamingReply(Struct):
    """A reply in the making.

    Args:
        reply_id: the message it is written into.
        text: what the message held before (a reply that is continued).
        sent: the contents of the messages it answers, so that those left out can be named.
        made_with: how it was asked for; completed when it ends, and kept with it.
        index: which of its request's replies it is.
    """

    reply_id: str
    text: str = ""
    sent: list[str] = field(default_factory=list)
    n_tokens: int = 0
    n_prompt_done: int = 0
    n_prompt_total: int = 0
    dropped: list[str] = field(default_factory=list)  # first words of what the prompt lacked
    n_dropped_tokens: int = 0
    dropped_later: list[str] = field(default_factory=list)  # and of what made room since
    n_dropped_later_tokens: int = 0
    end: End | None = None
    details: dict[str, Any] = field(default_factory=dict)
    failure: Failed | None = None
    made_with: dict[str, Any] = field(default_factory=dict)
    index: int = 0
    tokens: list[Token] = field(default_factory=list)  # all that came, and those it began with
    thinking: Thinking = field(default_factory=Thinking)
    _unsaved: list[Token] = field(default_factory=list)
    _unsaved_text: list[str] = field(default_factory=list)
    _n_dropped: int = 0  # messages that the prompt lacked
    _went_on: bool = False  # words stand before its first token that it does not know the tokens of

    def __post_init__(self) -> None:
        self._went_on = bool(self.text) and not self.tokens
        self.thinking = Thinking(self.text, self.tokens)

    def take(self, event: AnyEvent) -> str:
        """Take one event of the reply's job.

        Returns:
            The text that became readable with it.
        """
        text = self._take(event)
        if self.has_ended():
            self.thinking.stop()
            self.details = {**self.thinking.details(), **self.details}
        return text

    def _take(self, event: AnyEvent) -> str:
        if isinstance(event, Tokens):
            return self._take_tokens(event)
        if isinstance(event, PromptProgress):
            self.n_prompt_done, self.n_prompt_total = event.n_done, event.n_total
        elif isinstance(event, Dropped):
            self._take_dropped(event)
        elif isinstance(event, Done | Cancelled):
            return self._take_end(event)
        elif isinstance(event, Failed):
            self.end, self.failure = "failed", event
            self.details = {"finish": "failed", "error": event.message, **self._dropped_details()}
            self._add_made_with()
        return ""

    def take_unsaved(self) -> tuple[str, list[Token]]:
        """What came since the last call: text and tokens, for the store."""
        text, tokens = "".join(self._unsaved_text), self._unsaved
        self._unsaved_text, self._unsaved = [], []
        return text, tokens

    @property
    def lacks_messages(self) -> bool:
        """Messages were left out of its prompt, or to make room since."""
        return bool(self.dropped or self.dropped_later)

    def has_ended(self) -> bool:
        return self.end is not None

    def is_reading(self) -> bool:
        """The prompt is still being read: no token has come yet."""
        return self.end is None and self.n_tokens == 0 and self.n_prompt_total > 0

    def _take_tokens(self, event: Tokens) -> str:
        items = [token for token in event.items if token.reply == self.index]
        text = "".join(token.text for token in items)
        self.text += text
        self.n_tokens += len(items)
        self.thinking.take(text, len(items))
        self.tokens.extend(items)
        self._unsaved.extend(items)
        self._unsaved_text.append(text)
        return text

    def _take_dropped(self, event: Dropped) -> None:
        if event.n_written:
            self.dropped_later = self._words_of(event.messages[self._n_dropped :])
            self.n_dropped_later_tokens = event.n_tokens - self.n_dropped_tokens
        else:
            self._n_dropped, self.n_dropped_tokens = len(event.messages), event.n_tokens
            self.dropped = self._words_of(event.messages)

    def _words_of(self, messages: list[int]) -> list[str]:
        contents = [self.sent[place] for place in messages if place < len(self.sent)]
        return [first_words(content, DROPPED_LETTERS) for content in contents]

    def _dropped_details(self) -> dict[str, Any]:
        details: dict[str, Any] = {}
        if self.n_dropped_tokens:
            details |= {"dropped": self.dropped, "n_dropped_tokens": self.n_dropped_tokens}
        if self.dropped_later:
            details["dropped_later"] = self.dropped_later
            details["n_dropped_later_tokens"] = self.n_dropped_later_tokens
        return details

    def _add_made_with(self) -> None:
        if self.made_with:
            self.details["made_with"] = self.made_with

    def _take_end(self, event: Done | Cancelled) -> str:
        self.end = "stopped" if isinstance(event, Cancelled) else "done"
        finish = {"finish": "cancelled"} if self.end == "stopped" else {}
        self.details = {**finish, **self._dropped_details()}
        self._add_made_with()
        result = event.result
        if not isinstance(result, Generated) or len(result.replies) <= self.index:
            return ""
        reply = result.replies[self.index]
        self.end = "stopped" if reply.finish in UNFINISHED else self.end
        self.details |= cost_of(result, self.index)
        self.details |= count_of(len(self.tokens), reply.n_generated, went_on=self._went_on)
        if n_reasoning := self.thinking.n_begun + reply.n_reasoning:
            self.details["n_reasoning"] = n_reasoning
        if self.made_with:
            self.details["made_with"] = {**self.made_with, **answered(result, self.index)}
        return ""
