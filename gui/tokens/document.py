"""A text and its tokens, while it is edited: the model behind the editor. Qt-free.

Knows no tokenizer: what the tokens are it is told (feeder.py). Places are bytes of the text as
UTF-8. After an edit `stale` tells where the tokens are not known yet.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from engine.errors import AppError
from gui.tokens.history import Change, History
from gui.tokens.ranges import Ranges
from gui.tokens.segments import Replaced, SegmentedText
from gui.tokens.token_spans import Ids, Small, TokenSpans
from gui.tokens.words import tr


class Edit(Struct, frozen=True):
    """Bytes start to end of the text before became n_new others; and the segments likewise."""

    start: int
    end: int
    n_new: int
    segments: Replaced


class Watcher(Protocol):
    """Who wants to know what happens to a document."""

    def text_edited(self, edit: Edit) -> None:
        """The text is another, and tokens near the edit are not known."""

    def tokens_put(self, start: int, end: int) -> None:
        """The tokens of these bytes are known now."""


class TokenDocument:
    """One text with its tokens.

    Attributes: text (SegmentedText), tokens (TokenSpans), stale (Ranges), revision (counts edits).
    """

    def __init__(self) -> None:
        self.text = SegmentedText()
        self.tokens = TokenSpans()
        self.stale = Ranges()
        self.history = History()
        self.revision = 0
        self.watchers: list[Watcher] = []

    @property
    def n_bytes(self) -> int:
        return self.text.n_bytes

    @property
    def is_stale(self) -> bool:
        """Whether there are tokens that are not known yet."""
        return bool(self.stale)

    # ---- the text ----

    def replace(self, start: int, end: int, new: str, *, joins: bool = False) -> int:
        """Put another text where bytes start to end are. joins: it is typed, and is undone
        together with what was typed before.

        Returns:
            The byte behind the new text.

        Raises:
            AppError: the new text holds half a character.
        """
        n_new = len(_encoded(new))
        start, end = self.text.whole_at(start), self.text.whole_at(end)
        if start == end and not new:
            return start
        self.history.add(Change(start, self.text.text(start, end), new), joins=joins)
        self._apply(start, end, new, n_new)
        return start + n_new

    def set_text(self, new: str) -> None:
        """Another text altogether; it can be undone."""
        self.replace(0, self.n_bytes, new)

    def undo(self) -> int:
        """Take the last change back.

        Returns:
            Where it was (a byte behind what came back); -1: there was nothing to undo.
        """
        change = self.history.take_back()
        return -1 if change is None else self._swap(change.start, change.added, change.removed)

    def redo(self) -> int:
        """Do again what was undone last; returns as `undo` does."""
        change = self.history.do_again()
        return -1 if change is None else self._swap(change.start, change.removed, change.added)

    def _swap(self, start: int, old: str, new: str) -> int:
        n_new = len(new.encode())
        self._apply(start, start + len(old.encode()), new, n_new)
        return start + n_new

    def _apply(self, start: int, end: int, new: str, n_new: int) -> None:
        replaced = self.text.replace(start, end, new)
        self.tokens.edit(start, end, n_new)
        self.stale.edit(start, end, n_new)
        self.stale.add(start, start + n_new)
        self.revision += 1
        edit = Edit(start, end, n_new, replaced)
        for watcher in self.watchers:
            watcher.text_edited(edit)

    # ---- the tokens ----

    def put_tokens(self, start: int, ids: Ids, lengths: Ids, special: Small) -> None:
        """The tokens of the bytes from start on."""
        end = start + int(lengths.sum())
        first, last = self.tokens.put(start, ids, lengths, special)
        self.stale.remove(start, end)
        if end == self.n_bytes:
            self.stale.all = [one for one in self.stale.all if one != (end, end)]
        if first < last or len(self.tokens) == 0:
            start, end = self.tokens.start(first), self.tokens.start(last)
        for watcher in self.watchers:
            watcher.tokens_put(start, end)

    def forget_tokens(self) -> None:
        """Another tokenizer: nothing is known; the old colours stay until it has spoken."""
        self.stale.clear()
        self.stale.add(0, self.n_bytes)
        self.revision += 1

    def set_shades(self, shades: Small | None) -> None:
        """A colour of the surprise ramp for each token (0: none, 1 to 3; NO_SHADE: not known).

        Raises:
            ValueError: there are more or fewer than tokens.
        """
        if shades is not None and len(shades) != len(self.tokens):
            raise ValueError(f"{len(shades)} shades for {len(self.tokens)} tokens")
        self.tokens.shades = shades
        for watcher in self.watchers:
            watcher.tokens_put(0, self.n_bytes)

    def token_at(self, place: int) -> int:
        """The token that a byte belongs to; -1 outside of the text."""
        return self.tokens.at(place)

    def span(self, token: int) -> tuple[int, int]:
        """A token's bytes: start, end."""
        return self.tokens.span(token)

    def piece(self, token: int) -> bytes:
        """The text's bytes that a token covers."""
        return self.text.data(*self.tokens.span(token))

    def how_often(self, token: int) -> int:
        """How often a token's id is in this text; 0 where it is not known yet."""
        wanted = int(self.tokens.ids[token])
        return self.tokens.count(wanted) if wanted >= 0 else 0


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise AppError(
            tr(
                "This text holds half a character (an unpaired surrogate); no tokenizer takes that."
            ),
            tr("Copy it again from where it is whole; nothing was changed here."),
            str(error),
        ) from error
