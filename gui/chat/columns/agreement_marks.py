"""What columns agree on, as marks behind a reply's words: the transcript's way of colouring tokens,
with parts of the text in the place of tokens.
"""

from collections.abc import Sequence

from engine.process.messages import Token
from gui.chat.columns.agreement import Range
from gui.widgets.ramp import LIMITS
from gui.widgets.token_marks import TokenBook, TokenMarks

# Two levels of the ramp: below is left uncoloured, above is the first colour.
_DIFFERS, _AGREES = 0.0, -1.0


def agreement_book(message_id: str, text: str, ranges: Sequence[Range], colour: str) -> TokenBook:
    """The marks of one reply.

    Args:
        ranges: the parts that all columns have, in order.
        colour: what stands behind them.
    """
    marks = TokenMarks(_parts(text, ranges))
    marks.fills = (colour,) * len(LIMITS)
    book = TokenBook(_not_known)
    book.put(message_id, marks)
    return book


def _not_known(_message_id: str) -> None:
    """Only the last reply has marks; nobody is asked for others."""


def _parts(text: str, ranges: Sequence[Range]) -> list[Token]:
    parts, at = [], 0
    for start, end in ranges:
        parts.append(_part(text[at:start], _DIFFERS))
        parts.append(_part(text[start:end], _AGREES))
        at = end
    parts.append(_part(text[at:], _DIFFERS))
    return [part for part in parts if part.text]


def _part(text: str, logprob: float) -> Token:
    return Token(id=-1, piece=text.encode(), text=text, logprob=logprob)
