"""A model's vocabulary: text to ids and back, exactly as llama.cpp does it. Safe from any thread
once the model is loaded.

Pieces are bytes, not text: a character may be split over several tokens.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import llama_cpp.llama_cpp as C
import numpy as np
import numpy.typing as npt

from engine.errors import AppError

Ids = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]

_TYPE_NAMES = {
    0: "none",
    1: "SentencePiece",
    2: "BPE",
    3: "WordPiece",
    4: "Unigram",
    5: "RWKV",
    6: "PLaMo-2",
}
_KINDS = (
    (C.LLAMA_TOKEN_ATTR_CONTROL, "control"),
    (C.LLAMA_TOKEN_ATTR_UNKNOWN, "unknown"),
    (C.LLAMA_TOKEN_ATTR_BYTE, "byte"),
    (C.LLAMA_TOKEN_ATTR_USER_DEFINED, "user"),
    (C.LLAMA_TOKEN_ATTR_UNUSED, "unused"),
)


@dataclass(frozen=True)
class SpecialToken:
    """A token that text can name: its id, and whether llama.cpp strips white space before and after
    it."""

    id: int
    lstrip: bool
    rstrip: bool
    is_control: bool


class Vocab:
    """One vocabulary. Lives as long as its model."""

    def __init__(self, handle: object) -> None:
        self._handle = handle
        self.n_tokens = int(C.llama_vocab_n_tokens(handle))
        self.type_name = _TYPE_NAMES.get(int(C.llama_vocab_type(handle)), "unknown")
        self.bos = int(C.llama_vocab_bos(handle))
        self.eos = int(C.llama_vocab_eos(handle))
        self.adds_bos = bool(C.llama_vocab_get_add_bos(handle))
        self.adds_eos = bool(C.llama_vocab_get_add_eos(handle))
        self._pieces: dict[int, bytes] = {}
        # How many bytes each piece has, -1 where it was not asked for yet.
        self._lengths = np.full(self.n_tokens, -1, np.int32)
        self._end_ids: dict[int, bool] = {}

    @property
    def handle(self) -> object:
        return self._handle

    def tokenize(self, text: str, *, add_special: bool = False, parse_special: bool = False) -> Ids:
        """Ids of a text, shape (n,).

        Args:
            add_special: add the BOS and EOS that the vocabulary asks for.
            parse_special: read special tokens written out in the text as themselves.

        Raises:
            AppError: the text holds unpaired surrogates, or the vocabulary has no tokenizer.
        """
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise AppError(
                "This text holds half a character (an unpaired surrogate), which has no bytes.",
                "Remove it and try again.",
                str(error),
            ) from error
        if self.type_name == "none":
            raise AppError("This model has no tokenizer.", "Choose a model with a vocabulary.")
        n_max = len(data) + 2 + 2 * add_special
        buffer = np.empty(n_max, np.int32)
        pointer = buffer.ctypes.data_as(ctypes.POINTER(C.llama_token))
        n = C.llama_tokenize(
            self._handle, data, len(data), pointer, n_max, add_special, parse_special
        )
        if n < 0:
            buffer = np.empty(-n, np.int32)
            pointer = buffer.ctypes.data_as(ctypes.POINTER(C.llama_token))
            n = C.llama_tokenize(
                self._handle, data, len(data), pointer, -n, add_special, parse_special
            )
        return buffer[:n].copy()

    def tokenize_inside(self, text: str, *, parse_special: bool = False) -> Ids:
        """Ids of a text that goes on inside another one: without the space that some SentencePiece
        vocabularies put before every text. Shape (n,)."""
        alone = self.tokenize(text, parse_special=parse_special)
        if not self._puts_space_first:
            return alone
        before = self.tokenize("\n")
        whole = self.tokenize("\n" + text, parse_special=parse_special)
        if np.array_equal(whole[: len(before)], before):
            return whole[len(before) :]
        return alone

    @cached_property
    def _puts_space_first(self) -> bool:
        return self.type_name == "SentencePiece" and self.detokenize(
            self.tokenize("a").tolist()
        ).startswith(b" ")

    def piece(self, token: int) -> bytes:
        """The exact bytes a token stands for; special tokens give their written form."""
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._read_piece(token)
        return known

    def _read_piece(self, token: int) -> bytes:
        if not 0 <= token < self.n_tokens:
            raise _unknown(token, self.n_tokens)
        buffer = ctypes.create_string_buffer(128)
        n = C.llama_token_to_piece(self._handle, token, buffer, 128, 0, True)
        if n < 0:
            buffer = ctypes.create_string_buffer(-n)
            n = C.llama_token_to_piece(self._handle, token, buffer, -n, 0, True)
        return buffer.raw[:n]

    def detokenize(self, ids: list[int]) -> bytes:
        return b"".join(map(self.piece, ids))

    def lengths(self, ids: Ids) -> Ids:
        """How many bytes each token's piece has, shape (n,). Pieces are read as they are met: those
        of a large vocabulary all at once would take half a second."""
        found: Ids = self._lengths[ids]
        is_unread = found < 0
        if not is_unread.any():
            return found
        for token in set(ids[is_unread].tolist()):
            self._lengths[token] = len(self.piece(token))
        again: Ids = self._lengths[ids]
        return again

    def checked(self, ids: list[int]) -> Ids:
        """Ids from outside, shape (n,). Raises AppError where one is not in the vocabulary."""
        for token in ids:
            if not 0 <= token < self.n_tokens:
                raise _unknown(token, self.n_tokens)
        return np.array(ids, np.int32)

    def is_end(self, token: int) -> bool:
        """Whether the token ends a turn or a text (EOS, EOT and their relatives)."""
        known = self._end_ids.get(token)
        if known is None:
            known = self._end_ids[token] = bool(C.llama_vocab_is_eog(self._handle, token))
        return known

    @cached_property
    def end_ids(self) -> list[int]:
        """The tokens that end a reply; every one of them is special."""
        return sorted(one.id for one in self.special_tokens.values() if self.is_end(one.id))

    @cached_property
    def special_tokens(self) -> dict[str, SpecialToken]:
        """Written form -> token, for control and user-defined tokens."""
        control = C.LLAMA_TOKEN_ATTR_CONTROL | C.LLAMA_TOKEN_ATTR_UNKNOWN
        wanted = control | C.LLAMA_TOKEN_ATTR_USER_DEFINED
        get_attributes = C.llama_vocab_get_attr
        found = {}
        for token in range(self.n_tokens):
            attributes = get_attributes(self._handle, token)
            if attributes & wanted:
                text = self.piece(token).decode("utf-8", "replace")
                if text:
                    found[text] = SpecialToken(
                        id=token,
                        lstrip=bool(attributes & C.LLAMA_TOKEN_ATTR_LSTRIP),
                        rstrip=bool(attributes & C.LLAMA_TOKEN_ATTR_RSTRIP),
                        is_control=bool(attributes & control),
                    )
        return found

    def kinds(self, names: Sequence[str]) -> Flags:
        """What each token is, as its index in `names` ("normal", "control", "byte", "user",
        "unknown", "unused"), shape (n_tokens,)."""
        numbers = [(bit, names.index(name)) for bit, name in _KINDS]
        normal = names.index("normal")
        get_attributes = C.llama_vocab_get_attr
        attributes = (int(get_attributes(self._handle, token)) for token in range(self.n_tokens))
        found = (next((n for bit, n in numbers if one & bit), normal) for one in attributes)
        return np.fromiter(found, np.uint8, self.n_tokens)

    def scores(self) -> npt.NDArray[np.float32]:
        """What the file scores each token by, shape (n_tokens,)."""
        found = (C.llama_vocab_get_score(self._handle, token) for token in range(self.n_tokens))
        return np.fromiter(found, np.float32, self.n_tokens)


def _unknown(token: int, n_tokens: int) -> AppError:
    return AppError(
        f"There is no token {token} in this vocabulary.", f"Ids run from 0 to {n_tokens - 1:,}."
    )
