"""A text cut by several tokenizers: each one's tokens, which boundaries are one's alone, and which
token of one stands where another's does. Qt-free.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from engine.process.messages import Array
from engine.process.token_messages import Encoded, EncodedPart
from gui.tokens.vocabulary import array_of
from gui.widgets.token_text import TokenText

LARGEST_SHOWN_BYTES = 1_000_000


class Cut(Struct, frozen=True):
    """One tokenizer's tokens of a text. ends: where in the text's bytes each token ends (int64);
    tokens: for a view, None where the text is too large to be shown."""

    n_tokens: int
    n_bytes: int
    ends: npt.NDArray[np.int64]
    tokens: TokenText | None

    @property
    def bytes_per_token(self) -> float:
        return self.n_bytes / self.n_tokens if self.n_tokens else 0.0

    def token_at(self, place: int) -> int:
        """The token that holds a byte; the last one for a place behind the text."""
        at = int(np.searchsorted(self.ends, place, "right"))
        return min(at, len(self.ends) - 1)


def cut_of(data: bytes, encoded: Encoded, parts: Sequence[EncodedPart]) -> Cut:
    """The tokens of a text's bytes, whether they came at once or in parts."""
    if len(data) > LARGEST_SHOWN_BYTES:
        return Cut(encoded.n_tokens, len(data), np.zeros(0, np.int64), None)
    come: list[EncodedPart | Encoded] = [*parts, encoded]
    lengths = _joined([part.lengths for part in come]).astype(np.int64)
    ends = np.cumsum(lengths, dtype=np.int64)
    ids = array("i", _joined([part.ids for part in come]).astype(np.int32).tobytes())
    special = _joined([part.special for part in come]).astype(np.uint8).tobytes()
    tokens = TokenText(ids, data, array("q", ends.tobytes()), special)
    return Cut(encoded.n_tokens, len(data), ends, tokens)


def _joined(arrays: Sequence[Array]) -> npt.NDArray[np.generic]:
    return np.concatenate([array_of(one).ravel() for one in arrays])


def alone(cuts: Sequence[Cut]) -> list[bytes]:
    """For each cut a 1 for every token whose end is a boundary in this one and no other. The text's
    own end is no boundary; with one cut alone nothing is marked."""
    if len(cuts) < 2 or any(cut.tokens is None for cut in cuts):
        return [b"" for _ in cuts]
    n_bytes = cuts[0].n_bytes
    n_having = np.zeros(n_bytes + 1, np.uint8)
    for cut in cuts:
        has = np.zeros(n_bytes + 1, np.uint8)
        has[cut.ends] = 1
        n_having += has
    n_having[[0, n_bytes]] = 0
    return [(n_having[cut.ends] == 1).astype(np.uint8).tobytes() for cut in cuts]
