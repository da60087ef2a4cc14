"""What every tokenizer can do, whichever library does it: gguf.py, json_file.py and openai.py are
the three kinds.

Safe from any thread once it is open. Pieces are bytes, not text: a character may be split over
several tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.process.messages import Rendered
from engine.process.parts import ChatMessage
from engine.process.token_messages import TokenizerInfo

Ids = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]
Figures = npt.NDArray[np.float32]
Merge = tuple[bytes, bytes]


@dataclass(frozen=True)
class Tokens:
    """A text's tokens: ids, the text's bytes that each covers (they add up to all of it, in order)
    and 1 for each that is special; all of shape (n,). text_ok: the pieces in a row are the text."""

    ids: Ids
    lengths: Ids
    special: Flags
    text_ok: bool

    def part(self, start: int, end: int) -> "Tokens":
        """The tokens from start to end (exclusive)."""
        own = slice(start, end)
        return Tokens(self.ids[own], self.lengths[own], self.special[own], self.text_ok)

    def followed_by(self, other: "Tokens") -> "Tokens":
        return joined([self, other])


def joined(parts: Sequence[Tokens]) -> Tokens:
    """The tokens of the stretches of one text, in order."""
    return Tokens(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.special for part in parts]),
        all(part.text_ok for part in parts),
    )


class Tokenizer(Protocol):
    """One open tokenizer. What it holds it gives back when nobody has it any more."""

    @property
    def info(self) -> TokenizerInfo:
        """What it is; `source` is the name that it was asked for by."""

    def encode(self, text: str, *, special: bool = False, inside: bool = False) -> Ids:
        """Ids alone, shape (n,). special, inside: as in Encode.

        Raises:
            AppError: the text holds unpaired surrogates.
        """

    def tokens(self, text: str, *, special: bool = False, inside: bool = False) -> Tokens:
        """Ids with the bytes that they cover. Raises AppError as `encode`."""

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; special tokens give their written form.

        Raises:
            AppError: there is no such token.
        """

    @property
    def n_added(self) -> tuple[int, int]:
        """How many tokens are put before and after a text where special ones are asked for."""

    @property
    def pieces(self) -> tuple[bytes, Ids]:
        """The bytes of all tokens in a row, and how many are each one's, shape (n_tokens,)."""

    @property
    def kinds(self) -> Flags:
        """Every token's kind, as its index in TOKEN_KINDS, shape (n_tokens,)."""

    @property
    def figures(self) -> Figures:
        """Every token's rank (of the merge that makes it, lower comes first) or score, nan where
        there is none, shape (n_tokens,); `figure` says which."""

    @property
    def figure(self) -> Literal["rank", "score", ""]:
        """ "rank", "score" or ""."""

    @property
    def merges(self) -> list[Merge]:
        """Pairs of pieces in the order of their ranks; [] where the file lists none."""

    def render(self, messages: list[ChatMessage], add_generation_prompt: bool) -> Rendered:
        """A chat through the tokenizer's own template. Raises AppError where it has none, or where
        it fails."""


def utf8(text: str) -> bytes:
    """A text's bytes. Raises AppError where it holds half a character."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise AppError(
            "This text holds half a character (an unpaired surrogate), which has no bytes.",
            "Remove it and try again.",
            str(error),
        ) from error


def unknown_token(token: int, n_tokens: int) -> AppError:
    """What to say of an id that is not in the vocabulary."""
    return AppError(
        f"There is no token {token} in this vocabulary.", f"Ids run from 0 to {n_tokens - 1:,}."
    )
