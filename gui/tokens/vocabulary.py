"""A tokenizer's vocabulary as the window keeps it: each token's bytes, kind, figure. Qt-free."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.process.messages import Array
from engine.process.token_messages import TOKEN_KINDS, TokenKind, Vocabulary


def array_of(packed: Array) -> npt.NDArray[np.generic]:
    """A wire array as numpy's, read-only, shape as it was sent."""
    return np.frombuffer(packed.data, packed.dtype).reshape(packed.shape)


class VocabularyTable:
    """Looked up by id. All in a few arrays: 262,144 tokens take some 5 MB."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.source = vocabulary.source
        self.figure = vocabulary.figure
        self.scripts = vocabulary.scripts
        self._pieces = vocabulary.pieces.data
        lengths = array_of(vocabulary.lengths).astype(np.int64)
        self._ends = np.cumsum(lengths)
        self._kinds = array_of(vocabulary.kinds)
        self._figures = array_of(vocabulary.figures)

    def __len__(self) -> int:
        return len(self._ends)

    def piece(self, token: int) -> bytes:
        """A token's bytes; of an id that is not in the vocabulary, none."""
        if not 0 <= token < len(self):
            return b""
        start = int(self._ends[token - 1]) if token else 0
        return self._pieces[start : int(self._ends[token])]

    def kind(self, token: int) -> TokenKind:
        return TOKEN_KINDS[int(self._kinds[token])] if 0 <= token < len(self) else "unknown"

    def figure_of(self, token: int) -> float | None:
        """Its rank or score, None where it has none."""
        value = float(self._figures[token]) if 0 <= token < len(self) else float("nan")
        return None if np.isnan(value) else value
