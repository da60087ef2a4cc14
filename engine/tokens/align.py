"""Which bytes of a text each token covers, where pieces are not the text's own bytes: vocabularies
that add a space, fold letters, or have no token for a character.

The lengths always add up to the text, in order. A token covers the bytes that it stands for; bytes
that no token stands for belong to the token on their left (those before the first one to the
first); what a token has more than the text covers nothing. Linear in the text.
"""

import numpy as np

from engine.tokens.tokenizer import Flags, Ids


def by_pieces(data: bytes, pieces: list[bytes], unknown: Flags) -> tuple[Ids, bool]:
    """Lay the pieces of a text's tokens along it.

    Args:
        unknown: 1 for each token that stands for something its piece does not say.

    Returns:
        The bytes that each token covers, shape (n,), and whether the pieces in a row are the text.
    """
    if b"".join(pieces) == data:
        return np.fromiter(map(len, pieces), np.int32, len(pieces)), True
    starts = np.zeros(len(pieces) + 1, np.int64)
    starts[-1] = len(data)
    position = 0
    for index, piece in enumerate(pieces[:-1]):
        found = data.find(piece.strip(), position, position + len(piece) + 64)
        position = min(len(data), (found if found >= 0 else position) + len(piece.strip()))
        starts[index + 1] = position
    return np.diff(starts).astype(np.int32), False
