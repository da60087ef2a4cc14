"""How many tokens of a chat are system prompt, history and reply, from what the engine says of the
rendered chat.

Qt-free, and without numpy: the window imports neither for this.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine.process.messages import Array, ChatMessage, Rendered
from gui.chat.conversation import Turn


class ContextCounts(Struct, frozen=True):
    """Tokens of a chat by what they are, and how many the context holds (0: no model is loaded)."""

    system: int = 0
    history: int = 0
    attachments: int = 0
    reply: int = 0
    n_ctx: int = 0

    @property
    def used(self) -> int:
        return self.system + self.history + self.attachments + self.reply

    @property
    def free(self) -> int:
        return max(0, self.n_ctx - self.used)

    @property
    def n_over(self) -> int:
        """How many tokens do not fit any more."""
        return max(0, self.used - self.n_ctx) if self.n_ctx else 0

    def without(self, n_left_out: int) -> "ContextCounts":
        """The counts when so many tokens of the history were left out of the context."""
        left = max(0, n_left_out - self.history)
        return replace(
            self,
            history=max(0, self.history - n_left_out),
            attachments=max(0, self.attachments - left),
        )


def counts_of(
    rendered: Rendered, messages: list[ChatMessage], n_ctx: int, attached: Sequence[int] = ()
) -> ContextCounts:
    """Count a rendered chat.

    What the template writes before the first turn counts as system, around the turns as history.

    Args:
        attached: for each message, how many letters at its beginning are from attached files.
    """
    starts = ints(rendered.text_starts)
    spans = {span.message: (span.start, span.end) for span in rendered.spans}
    first_turn = next((i for i, one in enumerate(messages) if one.role != "system"), None)
    system = len(starts)
    if first_turn is not None:
        system = bisect_left(starts, spans[first_turn][0]) if first_turn in spans else 0
    reply, last = 0, len(messages) - 1
    if messages and messages[last].role == "assistant" and last in spans:
        start, end = spans[last]
        reply = bisect_left(starts, end) - bisect_left(starts, start)
    files = sum(
        bisect_left(starts, min(spans[i][0] + letters, spans[i][1]))
        - bisect_left(starts, spans[i][0])
        for i, letters in enumerate(attached)
        if letters and i in spans
    )
    history = len(starts) - system - reply - files
    return ContextCounts(system, history, files, reply, n_ctx)


def attached_letters(messages: Sequence[ChatMessage], turns: Sequence[Turn]) -> list[int]:
    """For each message, how many letters at its beginning are from attached files.

    Args:
        turns: the branch that the messages were made of; a system prompt stands before it.
    """
    n_before = len(messages) - len(turns)
    pairs = zip(messages[n_before:], turns, strict=True)
    letters = [
        len(message.content) - len(turn.content) if turn.details.get("attachments") else 0
        for message, turn in pairs
    ]
    return [0] * n_before + letters


def ints(numbers: Array) -> list[int]:
    """An int32 array off the wire as a list."""
    assert numbers.dtype in ("int32", "<i4"), numbers.dtype
    values = array("i")
    values.frombytes(numbers.data)
    return values.tolist()
