"""Which bytes of a text each token covers, where pieces are not the text's own bytes: vocabularies
that add a space, fold letters, or have no token for a character.

The lengths always add up to the text, in order. A token covers the bytes that it stands for; bytes
that no token stands for belong to the token on their left (those before the first one to the
first); what a token has more than the text covers nothing. Linear in the text.
"""

import functools
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.tokens.tokenizer import Flags, Ids

# How far ahead of where it should be a piece is looked for: more than any normaliser drops in a
# row, and after an unknown token, which may stand for a whole word or more.
_AHEAD = 64
_AHEAD_OF_UNKNOWN = 4096
_SPACE = re.compile(rb"\s*")


def by_offsets(text: str, offsets: Sequence[tuple[int, int]], pieces: Sequence[bytes]) -> Ids:
    """From the characters that each token was made of.

    Args:
        offsets: first and last code point (exclusive) of each token, as the tokenizer says.
        pieces: of each token: where tokens share a character they part by their length.

    Returns:
        Bytes that each token covers, shape (n,).
    """
    byte_of = byte_starts(text).tolist()
    n = len(offsets)
    bounds = [0] * n + [byte_of[-1]]
    for index in range(n - 1):
        (start, end), (following, _) = offsets[index], offsets[index + 1]
        bound = byte_of[following]
        if end > following:  # the next token goes on in a character that this one began
            by_length = bounds[index] + _own_length(pieces[index], text[start])
            bound = min(max(by_length, bound), byte_of[end])
        bounds[index + 1] = max(bound, bounds[index])
    return np.diff(np.array(bounds, np.int64)).astype(np.int32)


def _own_length(piece: bytes, first: str) -> int:
    """A piece's bytes without the space that the tokenizer put before the text."""
    return len(piece) - (piece[:1] == b" " and not first.isspace())


def by_kept(data: bytes, pieces: Sequence[bytes], missing: bytes) -> Ids | None:
    """From the pieces of a byte-level vocabulary that lacks some bytes, which are dropped.

    Args:
        missing: the bytes that it has no token for.

    Returns:
        Bytes that each token covers, shape (n,); None where more than those is missing.
    """
    if b"".join(pieces) != data.translate(None, missing):
        return None
    kept = np.flatnonzero(~np.isin(np.frombuffer(data, np.uint8), list(missing)))
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    starts = kept[np.cumsum(lengths) - lengths] if len(pieces) else np.zeros(1, np.int64)
    starts[0] = 0
    return np.diff(np.append(starts, len(data))).astype(np.int32)[: len(pieces)]


def by_pieces(data: bytes, pieces: Sequence[bytes], unknown: Flags) -> tuple[Ids, bool]:
    """From the pieces alone, laid along the text.

    Args:
        unknown: 1 for each token that stands for something its piece does not say.

    Returns:
        Bytes that each token covers, shape (n,), and whether the pieces in a row are the text.
    """
    if b"".join(pieces) == data:
        return np.fromiter(map(len, pieces), np.int32, len(pieces)), True
    text = _Folded(data)
    bounds = [0] * len(pieces) + [len(data)]
    position, is_after_unknown = 0, False
    for index, (piece, is_unknown) in enumerate(zip(pieces, unknown.tolist(), strict=True)):
        if is_unknown:
            bounds[index] = position
        else:
            bounds[index], position = text.place(piece, position, is_after_unknown)
        is_after_unknown = bool(is_unknown)
    if pieces:
        bounds[0] = 0  # the first token takes what is before it too
    return np.diff(np.maximum.accumulate(np.array(bounds, np.int64))).astype(np.int32), False


class _Folded:
    """A text beside its letters as normalisers leave them: small, without marks, in compatible
    form; and where each byte of those comes from."""

    def __init__(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        folded = [fold(character) for character in text]
        starts = byte_starts(text)
        lengths = np.fromiter(map(len, folded), np.int64, len(folded))
        ends = np.concatenate([[0], np.cumsum(lengths)])
        self._raw = data
        self._data = b"".join(folded)
        # Byte of the folded text -> byte of the text where its character begins.
        self._origin = np.append(np.repeat(starts[:-1], lengths), starts[-1]).tolist()
        # Byte of the text -> byte of the folded one; inside a character: where what it became ends.
        widths = np.diff(starts)
        folded_at = np.append(np.repeat(ends[1:], widths), ends[-1])
        folded_at[starts] = ends
        self._folded_at = folded_at.tolist()

    def place(self, piece: bytes, position: int, is_after_unknown: bool) -> tuple[int, int]:
        """Where a piece stands, at a byte of the text or soon after it: first and last byte
        (exclusive). Where it is nowhere it covers nothing."""
        if self._raw.startswith(piece, position):
            return position, position + len(piece)
        stripped = piece.strip()
        if not stripped:
            return self._place_space(position, is_after_unknown)
        ahead = len(stripped) + (_AHEAD_OF_UNKNOWN if is_after_unknown else _AHEAD)
        if is_after_unknown:
            found = self._raw.find(stripped, position, position + ahead)
            if found >= 0:
                return self._with_space(piece, found, position), found + len(stripped)
        return self._place_folded(piece, position, ahead)

    def _place_space(self, position: int, is_after_unknown: bool) -> tuple[int, int]:
        """White space for other white space; none is where the vocabulary put it before a text."""
        end = self._after_space(position)
        if end > position or not is_after_unknown:
            return position, min(position + 1, end)
        found = self._raw.find(b" ", position, position + _AHEAD_OF_UNKNOWN)
        return (found, found + 1) if found >= 0 else (position, position)

    def _place_folded(self, piece: bytes, position: int, ahead: int) -> tuple[int, int]:
        wanted = _folded_piece(piece.strip())
        first = self._folded_at[self._after_space(position)]
        found = self._data.find(wanted, first, first + ahead) if wanted else -1
        if found < 0:
            return position, position
        start = self._with_space(piece, self._origin[found], position)
        return start, max(start, self._origin[found + len(wanted)])

    def _after_space(self, position: int) -> int:
        space = _SPACE.match(self._raw, position)
        return space.end() if space else position

    def _with_space(self, piece: bytes, found: int, position: int) -> int:
        """A piece that begins with a space takes one before it."""
        takes = piece[:1] == b" " and self._raw[found - 1 : found].isspace()
        return max(position, found - takes)


@functools.lru_cache(maxsize=65_536)
def _folded_piece(piece: bytes) -> bytes:
    return b"".join(map(fold, piece.decode("utf-8", "replace")))


@functools.lru_cache(maxsize=65_536)
def fold(character: str) -> bytes:
    """A character as most normalisers leave it."""
    if character.isascii():
        return character.lower().encode()
    parts = unicodedata.normalize("NFKD", character).casefold()
    kept = "".join(part for part in parts if not unicodedata.combining(part))
    return kept.encode("utf-8", "replace")


def byte_starts(text: str) -> npt.NDArray[np.int64]:
    """For each code point, and the end, the byte where it begins, shape (n + 1,)."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    sizes = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
