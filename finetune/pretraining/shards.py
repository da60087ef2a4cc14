"""What the loop asks of a text as tokens; corpus/shard_files.py has the real one. Light."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]


class Shards(Protocol):
    """A row of tokens."""

    @property
    def n_tokens(self) -> int: ...

    @property
    def n_bytes(self) -> int:
        """UTF-8 bytes of the text that they are."""
        ...

    def window(self, start: int, n: int) -> Ids:
        """n tokens from `start` on; shape (n,)."""
        ...
