"""All tokens of one tokenizer, as arrays: what the vocabulary page shows, filters and checks.

What costs more than a few milliseconds is made when it is first asked for, and kept as long as the
tokenizer is open.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Protocol, runtime_checkable
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from engine.process.scripts import SCRIPTS, script_numbers
from engine.process.token_messages import TOKEN_KINDS, TokenKind
from engine.tokens.listed import ranks
from engine.tokens.tokenizer import Figures, Flags, Ids, Tokenizer

# Written-out forms of what is no text: no script, and never found by a merge.
NO_TEXT: tuple[TokenKind, ...] = ("control", "unknown", "unused")


class VocabularyData:
    """One vocabulary. Arrays have shape (n_tokens,)."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.data, self.lengths = tokenizer.pieces
        self.ends = np.cumsum(self.lengths, dtype=np.int64)
        self.kinds: Flags = tokenizer.kinds
        self.figures = self._figures(tokenizer)
        self._marks = tokenizer.continues if isinstance(tokenizer, _TellsContinuing) else None
        self.reach: Flags | None = None  # what CheckVocabulary found, as REACHES counts

    def __len__(self) -> int:
        return len(self.lengths)

    def _figures(self, tokenizer: Tokenizer) -> Figures:
        """As the tokenizer's own, which asks for every piece once more."""
        if tokenizer.figure == "rank" and tokenizer.merges:
            return ranks(len(self), self.pieces.__getitem__, tokenizer.merges)
        return tokenizer.figures

    @cached_property
    def pieces(self) -> list[bytes]:
        """Every token's bytes."""
        data, ends = self.data, self.ends.tolist()
        return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    @cached_property
    def texts(self) -> list[str]:
        """Every token's text; a byte that is a part of a character is a lone surrogate."""
        return [piece.decode("utf-8", "surrogateescape") for piece in self.pieces]

    @cached_property
    def n_characters(self) -> Ids:
        return np.fromiter(map(len, self.texts), np.int32, len(self))

    @cached_property
    def folded(self) -> tuple[npt.NDArray[np.uint8], Ids]:
        """The texts of all tokens in a row, letters of either case alike, as bytes; and for each
        byte the token that it belongs to."""
        pieces = [fold(text) for text in self.texts]
        lengths = np.fromiter(map(len, pieces), np.int64, len(self))
        owners = np.repeat(np.arange(len(self), dtype=np.int32), lengths)
        return np.frombuffer(b"".join(pieces), np.uint8), owners

    @cached_property
    def scripts(self) -> Flags:
        """The script of each token's first letter, as an index into SCRIPTS."""
        points = np.frombuffer("".join(self.texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        numbers = script_numbers(points)
        owners = np.repeat(np.arange(len(self)), self.n_characters)
        places = np.flatnonzero(numbers)[::-1]
        found = np.zeros(len(self), np.uint8)
        found[owners[places]] = numbers[places]  # backwards, so that the first letter stays
        found[self.has_kind(NO_TEXT)] = 0
        return found

    @cached_property
    def script_names(self) -> list[str]:
        """The scripts that occur, in alphabetical order."""
        return sorted(SCRIPTS[number] for number in np.unique(self.scripts).tolist())

    @cached_property
    def id_of(self) -> dict[bytes, int]:
        """The token that a piece of text is. Where several have the same bytes, the one that text
        gives: a normal one before a byte's, those before special ones; the first of equals."""
        order = {"normal": 0, "user": 1, "byte": 2}
        weights = np.array([order.get(kind, 3) for kind in TOKEN_KINDS])[self.kinds]
        backwards = np.lexsort((np.arange(len(self)), weights))[::-1]
        return {self.pieces[token]: token for token in backwards.tolist()}

    @cached_property
    def continues(self) -> npt.NDArray[np.bool_]:
        """WordPiece: which tokens go on in a word. Where the file has no mark for them, those that
        begin one have a blank."""
        if self._marks is not None:
            return self._marks
        return np.array([not piece.startswith(b" ") for piece in self.pieces], np.bool_)

    @cached_property
    def beginning(self) -> dict[bytes, int]:
        """WordPiece: the tokens that begin a word, by their bytes."""
        return self._words(~self.continues)

    @cached_property
    def going_on(self) -> dict[bytes, int]:
        """WordPiece: the tokens that go on in a word, by their bytes."""
        return self._words(self.continues)

    def _words(self, which: npt.NDArray[np.bool_]) -> dict[bytes, int]:
        tokens = np.flatnonzero(which & self.has_kind(("normal", "user")))
        return {self.pieces[token]: token for token in tokens.tolist()}

    def has_kind(self, kinds: Iterable[TokenKind]) -> npt.NDArray[np.bool_]:
        """Which tokens are of one of these kinds."""
        return np.isin(self.kinds, [TOKEN_KINDS.index(kind) for kind in kinds])

    def kind(self, token: int) -> TokenKind:
        return TOKEN_KINDS[int(self.kinds[token])]

    def figure(self, token: int) -> float | None:
        """Its rank or score, None where it has none."""
        value = float(self.figures[token])
        return None if np.isnan(value) else value


def fold(text: str) -> bytes:
    """Letters of either case alike."""
    return text.casefold().encode("utf-8", "surrogateescape")


@runtime_checkable
class _TellsContinuing(Protocol):
    """A tokenizer whose file marks the tokens that go on in a word."""

    @property
    def continues(self) -> npt.NDArray[np.bool_] | None:
        """Which tokens do, shape (n_tokens,); None where there is no such mark."""


_kept: WeakKeyDictionary[Tokenizer, VocabularyData] = WeakKeyDictionary()


def vocabulary_of(tokenizer: Tokenizer) -> VocabularyData:
    """The vocabulary of an open tokenizer; read once."""
    if tokenizer not in _kept:
        _kept[tokenizer] = VocabularyData(tokenizer)
    return _kept[tokenizer]
