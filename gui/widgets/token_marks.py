"""Where each token of a message stands in its text, and how surprising it was; for any length.

Offsets are kept in one array, so that a place in the text finds its token by bisection and what
comes while a reply is written only adds at the end. Qt-free; knows nothing of the screen.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable

from engine.process.messages import Token, Top
from gui.widgets.ramp import surprise_level


class TokenMarks:
    """The tokens of one message, from its first character on.

    A character belongs to the token that completes it. `revision` changes when a place that was
    told already is another now. tops: alternatives that were asked for later, by token.
    """

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self.tokens: list[Token] = []
        self.n_chars = 0
        self.revision = 0
        self.is_growing = False
        self.tops: dict[int, Top] = {}
        self.fills: tuple[str, ...] = ()  # colours of the levels, where they are not the ramp's
        self._starts = array("q")
        self._levels = bytearray()
        self._waiting: list[int] = []
        self.extend(tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    def extend(self, tokens: Iterable[Token]) -> None:
        """Further tokens at the end."""
        for token in tokens:
            index = len(self.tokens)
            self.tokens.append(token)
            self._starts.append(self.n_chars)
            self._levels.append(surprise_level(token.logprob))
            if token.text:
                self._place_waiting(token)
                self.n_chars += len(token.text)
                self._waiting.clear()
            else:
                self._waiting.append(index)

    def _place_waiting(self, token: Token) -> None:
        """Tokens whose text was held back (half a character, the beginning of a stop string) get
        their part of the text that came at last."""
        if not self._waiting:
            return
        text = token.text.encode("utf-8", "surrogatepass")
        # What is held back has bytes: no more tokens than the text that came has of them.
        for first in range(max(0, len(self._waiting) - len(text)), len(self._waiting)):
            indices = [*self._waiting[first:], len(self.tokens) - 1]
            pieces = [self.tokens[index].piece for index in indices]
            if b"".join(pieces) == text:
                self._spread(indices, pieces, text)
                return

    def _spread(self, indices: list[int], pieces: list[bytes], text: bytes) -> None:
        at = 0
        for index, piece in zip(indices, pieces, strict=True):
            # How many characters are whole before this piece begins.
            n_before = len(text[:at].decode("utf-8", "ignore"))
            self._starts[index] = self.n_chars + n_before
            at += len(piece)
        self.revision += 1

    # ---- asking ----

    def level(self, index: int) -> int:
        return self._levels[index]

    def span(self, index: int) -> tuple[int, int]:
        """The characters of a token: start and end; the same for one that has none."""
        after = self._starts[index + 1] if index + 1 < len(self._starts) else self.n_chars
        return self._starts[index], after

    def between(self, start: int, end: int | None) -> tuple[int, int]:
        """First and behind the last of the tokens that have to do with characters start..end
        (None: to the very end): those that begin there, and one that reaches into it."""
        first = bisect_left(self._starts, start)
        if first > 0 and self.span(first - 1)[1] > start:
            first -= 1
        last = len(self.tokens) if end is None else bisect_left(self._starts, end)
        return first, max(first, last)

    def text_before(self, index: int) -> str:
        """What the reply said before a token."""
        text = "".join(token.text for token in self.tokens[: index + 1])
        return text[: self._starts[index]] if index < len(self.tokens) else text

    def text_with(self, index: int, piece: bytes) -> str:
        """What the reply would say if this piece stood at a token's place."""
        kept = self.text_before(index)
        first = index
        while first > 0 and self.span(first - 1)[0] == self.span(first - 1)[1]:
            first -= 1
        half = b"".join(token.piece for token in self.tokens[first:index])
        held = _half_character(half)
        return kept + (held + piece).decode("utf-8", "ignore")

    def top(self, index: int) -> Top | None:
        """The alternatives at a token, if they are known."""
        return self.tops.get(index) or self.tokens[index].top

    def says(self, text: str) -> bool:
        """Whether the tokens are those of this text, every one with its probability."""
        if self.n_chars != len(text) or any(token.logprob is None for token in self.tokens):
            return False
        return "".join(token.text for token in self.tokens) == text


def _half_character(data: bytes) -> bytes:
    """The bytes at the end that begin a character and do not finish it."""
    for n_bytes in range(1, min(4, len(data) + 1)):
        tail = data[-n_bytes:]
        if tail[0] >= 0xC0:
            return tail if n_bytes < _character_bytes(tail[0]) else b""
    return b""


def _character_bytes(first: int) -> int:
    return 4 if first >= 0xF0 else 3 if first >= 0xE0 else 2


class TokenBook:
    """The tokens of the messages of a chat, as far as they are known. `wanted` hears of each
    message that is asked for and not there, every time it is."""

    def __init__(self, wanted: Callable[[str], None]) -> None:
        self._marks: dict[str, TokenMarks] = {}
        self._wanted = wanted

    def find(self, message_id: str) -> TokenMarks | None:
        """The tokens if they are there, without asking for them."""
        return self._marks.get(message_id)

    def get(self, message_id: str) -> TokenMarks | None:
        marks = self._marks.get(message_id)
        if marks is None:
            self._wanted(message_id)
        return marks

    def put(self, message_id: str, marks: TokenMarks) -> None:
        self._marks[message_id] = marks

    def drop(self, message_id: str) -> None:
        self._marks.pop(message_id, None)

    def clear(self) -> None:
        self._marks.clear()
