"""What came of a replay: the same tokens, or where they part; why is told by replay_reasons.py.
Qt-free.
"""

from collections.abc import Sequence
from itertools import zip_longest

from msgspec import Struct

from engine.process.messages import Token
from gui.chat.words import tokens_text, tr

BEFORE_CHARS = 60
AFTER_CHARS = 120


class Outcome(Struct, frozen=True):
    """A replay beside what is kept.

    Args:
        n_tokens: how many were written again.
        differs_at: the first token that is another; -1: none is.
        before: the words that both share before it. kept, again: how each goes on.
        reasons: sentences, what is not as it was when the reply was written.
    """

    n_tokens: int
    differs_at: int
    before: str = ""
    kept: str = ""
    again: str = ""
    reasons: tuple[str, ...] = ()
    was_edited: bool = False

    @property
    def is_same(self) -> bool:
        return self.differs_at < 0

    def words(self) -> str:
        """The outcome in a sentence."""
        if self.is_same:
            words = tr("The same {tokens} again.").format(tokens=tokens_text(self.n_tokens))
        else:
            words = tr("Different from token {n} on.").format(n=f"{self.differs_at + 1:,}")
        if not self.was_edited:
            return words
        edited = tr("The reply was edited since; this is about what the model wrote then.")
        return f"{words} {edited}"


def compare(
    kept: Sequence[Token],
    again: Sequence[Token],
    reasons: Sequence[str],
    *,
    was_edited: bool = False,
) -> Outcome:
    """Two writings of one reply, token by token.

    Args:
        was_edited: its text is not what these tokens say any more.
    """
    pairs = zip_longest(kept, again)
    differs_at = next(
        (
            at
            for at, (one, two) in enumerate(pairs)
            if one is None or two is None or one.id != two.id
        ),
        -1,
    )
    if differs_at < 0:
        return Outcome(len(again), -1, was_edited=was_edited)
    before = _text(kept[:differs_at])
    return Outcome(
        len(again),
        differs_at,
        before[-BEFORE_CHARS:],
        _text(kept[differs_at:])[:AFTER_CHARS],
        _text(again[differs_at:])[:AFTER_CHARS],
        tuple(reasons) or (_nothing_else(),),
        was_edited,
    )


def _text(tokens: Sequence[Token]) -> str:
    return b"".join(token.piece for token in tokens).decode("utf-8", "replace")


def _nothing_else() -> str:
    return tr(
        "Nothing that is noted has changed; another processor or graphics card can make the "
        "difference."
    )
