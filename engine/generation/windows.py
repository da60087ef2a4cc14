"""What a model sees before each token of a text, however long: the BOS that the vocabulary asks
for, and, where the text is longer than the context, the last part of it.

A window holds as many tokens as the context does; the next one begins half a context later. So a
token is told from all that stands before it, or else from at least half a context of it. Where a
window begins depends on the token's place alone, so a text is seen the same way whoever asks.
"""

from dataclasses import dataclass

import numpy as np

from engine.errors import AppError
from engine.generation.loaded import Loaded
from engine.generation.place import Ids, joined


@dataclass(frozen=True)
class Seen:
    """A text and how much of it is seen at once.

    ids: its tokens, shape (n,). before: the BOS put before every window, shape (1,) or (0,).
    room: tokens of the text that a window holds.
    """

    ids: Ids
    before: Ids
    room: int

    @property
    def at_least(self) -> int:
        """How many tokens before it each token is told from at least; 0: from all."""
        return self.room - self.room // 2 + 1 if len(self.ids) > self.room + 1 else 0

    def start(self, index: int) -> int:
        """The first token that is seen when token `index` (up to n: the one that comes next) is
        told."""
        half = self.room // 2
        return 0 if index <= self.room else half * -(-(index - self.room) // half)

    def stop(self, start: int) -> int:
        """One past the last token that is told in the window that begins at `start`."""
        return min(len(self.ids), start + self.room + 1)

    def run(self, start: int, stop: int) -> Ids:
        """What stands in the cache of the tokens start to stop, the BOS before them."""
        return joined(self.before, self.ids[start:stop])

    def what_is_before(self, index: int) -> Ids:
        """What the model sees when it tells token `index`; shape (0,) where there is nothing."""
        return self.run(self.start(index), index)


def seen(loaded: Loaded, ids: list[int], n_ctx: int, n_kept_free: int = 0) -> Seen:
    """A text as the model sees it. No BOS is added where the text begins with one.

    Args:
        n_kept_free: tokens of the context that are needed for something else.

    Raises:
        AppError: an id is not in the vocabulary, or nearly all of the context is needed.
    """
    checked = loaded.vocab.checked(ids)
    vocab = loaded.vocab
    asks = vocab.adds_bos and vocab.bos >= 0 and (not len(ids) or ids[0] != vocab.bos)
    before = np.array([vocab.bos] if asks else [], np.int32)
    room = n_ctx - len(before) - n_kept_free
    if room < min(2 * n_kept_free, n_ctx // 4) or room < 2:
        raise AppError(
            f"The context of {n_ctx:,} tokens has no room for {n_kept_free:,} tokens of branches.",
            "Choose fewer branches or levels, or load the model with a longer context.",
        )
    return Seen(checked, before, room)
