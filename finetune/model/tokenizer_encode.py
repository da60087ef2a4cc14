"""Texts to ids, quickly: characters and bytes by tables, pairs by the library with each stretch of
a text tokenised once.

The ids are those that `tokenizers` gives for a text as a whole, and llama.cpp: what is cut here is
cut only where both cut.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as Library

from finetune.model.tokenizer_files import N_MARKS
from finetune.model.tokenizer_words import STRETCHES, parts_of

Ids = npt.NDArray[np.int32]
Encode = Callable[[str], Ids]

_N_CODES = 0x110000
_MAX_KNOWN = 500_000
_LONGEST_KNOWN = 64


def bytes_encoder(pieces: Sequence[bytes]) -> Encode:
    """A table of 256."""
    table = np.zeros(256, np.int32)
    for token, piece in enumerate(pieces):
        if token >= N_MARKS:
            table[piece[0]] = token

    def encode(text: str) -> Ids:
        ids: Ids = table[np.frombuffer(text.encode(), np.uint8)]
        return ids

    return encode


def characters_encoder(pieces: Sequence[bytes], library: Library) -> Encode:
    """A table of all characters, up to four tokens each: those that have none of their own fall
    back to what the library makes of them, looked up when they are first met."""
    rows = np.full((_N_CODES, 4), -1, np.int32)
    for token, piece in enumerate(pieces):
        if token >= N_MARKS and (character := _character(piece)):
            rows[ord(character), 0] = token

    def encode(text: str) -> Ids:
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        for code in np.unique(codes[rows[codes, 0] < 0]).tolist():
            ids = library.encode(chr(code), add_special_tokens=False).ids
            rows[code, : len(ids)] = ids
        found = rows[codes]
        flat: Ids = found[found >= 0] if (found[:, 1] >= 0).any() else found[:, 0].copy()
        return flat

    return encode


def _character(piece: bytes) -> str:
    """The one character that a piece is, "" where it is a part of one."""
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return ""


class PairsEncoder:
    """Byte pairs. Texts repeat themselves: a stretch of visible signs with the blanks before it is
    tokenised when it is first met and then known. Safe from any thread."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, bytes] = {}

    def __call__(self, text: str) -> Ids:
        return np.frombuffer(b"".join(map(self._part, parts_of(text))), np.int32)

    def _part(self, part: str) -> bytes:
        stretches = STRETCHES.findall(part)
        known = self._known
        new = [one for one in dict.fromkeys(stretches) if one not in known]
        if len(known) + len(new) > _MAX_KNOWN:
            known = self._known = {}
            new = list(dict.fromkeys(stretches))
        found = self._library.encode_batch_fast(new, add_special_tokens=False)
        here = {
            stretch: np.array(one.ids, np.int32).tobytes()
            for stretch, one in zip(new, found, strict=True)
        }
        known.update((one, ids) for one, ids in here.items() if len(one) <= _LONGEST_KNOWN)
        if any(len(one) > _LONGEST_KNOWN for one in here):
            return b"".join(here[one] if one in here else known[one] for one in stretches)
        return b"".join(map(known.__getitem__, stretches))
