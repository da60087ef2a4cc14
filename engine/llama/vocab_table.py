"""The bytes of all tokens of a vocabulary at once, for looking through it; vocab.py reads single
pieces as they are met.
"""

import ctypes
from typing import Any

import llama_cpp.llama_cpp as C
import numpy as np

from engine.llama.vocab import Ids, Vocab

_FIRST_GUESS_BYTES = 16


def all_pieces(vocab: Vocab) -> tuple[bytes, Ids]:
    """All tokens' bytes in a row and how many are each one's, shape (n_tokens,); some 1.5 µs each.
    Special tokens give their written form."""
    n_tokens, handle = vocab.n_tokens, vocab.handle
    to_piece = _to_piece()
    size = _FIRST_GUESS_BYTES * n_tokens + 1024
    buffer = ctypes.create_string_buffer(size)
    at, token, lengths = 0, 0, [0] * n_tokens
    while token < n_tokens:
        n = to_piece(handle, token, ctypes.addressof(buffer) + at, size - at, 0, True)
        if n < 0:
            size = 2 * size - n
            wider = ctypes.create_string_buffer(size)
            ctypes.memmove(wider, buffer, at)
            buffer = wider
            continue
        lengths[token] = n
        at += n
        token += 1
    return buffer.raw[:at], np.array(lengths, np.int32)


def _to_piece() -> Any:
    """llama.cpp's function, taking plain numbers: the binding's own checks would cost more than the
    call. Looked up by name, so that the binding's own object stays as it is."""
    function = C._lib["llama_token_to_piece"]
    number, pointer = ctypes.c_int32, ctypes.c_void_p
    function.restype = number
    function.argtypes = [pointer, number, pointer, number, number, ctypes.c_bool]
    return function
