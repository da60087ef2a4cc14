"""What a worker does for Encode: short texts in one step, long ones in parts."""

from collections.abc import Generator
from typing import Any

import numpy as np

from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import AnyResult, Nothing
from engine.process.token_messages import Encode, Encoded, EncodedPart
from engine.tokens.long_text import Chunk, chunks
from engine.tokens.packed import array
from engine.tokens.tokenizer import Tokenizer, Tokens

# Code points; a longer text comes in parts.
LONG_TEXT = 1 << 18


def encoded(tokenizer: Tokenizer, request: Encode) -> Encoded:
    """A text's tokens for the wire."""
    tokens = tokenizer.tokens(request.text, special=request.special, inside=request.inside)
    return _result(tokens)


def encode_job(tokenizer: Tokenizer, request: Encode) -> JobGenerator:
    """Tokenise chunk by chunk: between two chunks other jobs have their turn, and a cancel is
    answered. A text that cannot be cut is one call on a thread of its own; there a cancel is
    answered when it ends."""
    if len(request.text) <= LONG_TEXT:
        yield None
        return encoded(tokenizer, request)
    steps = chunks(tokenizer, request.text, special=request.special, inside=request.inside)
    n_tokens, text_ok = 0, True
    while (chunk := (yield from _next(steps, is_slow=not tokenizer.info.cuts))) is not None:
        n_tokens += len(chunk.tokens.ids)
        text_ok = text_ok and chunk.tokens.text_ok
        yield _part(chunk)
    nothing = np.empty(0, np.int32)
    empty = Tokens(nothing, nothing, nothing.astype(np.uint8), text_ok)
    return _result(empty, n_tokens)


def _next(
    steps: Generator[Chunk, None, None], *, is_slow: bool
) -> Generator[Any, None, Chunk | None]:
    """A part of a job: the next chunk, None after the last."""
    if not is_slow:
        return next(steps, None)
    found: list[Chunk | None] = []

    def work(_: object) -> AnyResult:
        found.append(next(steps, None))
        return Nothing()

    yield from in_thread(work)
    return found[0]


def _part(chunk: Chunk) -> EncodedPart:
    return EncodedPart(
        job=0,
        ids=array(chunk.tokens.ids),
        lengths=array(chunk.tokens.lengths),
        special=array(chunk.tokens.special),
        n_done=chunk.n_done,
        n_bytes=chunk.n_bytes,
    )


def _result(tokens: Tokens, n_tokens: int = -1) -> Encoded:
    return Encoded(
        ids=array(tokens.ids),
        lengths=array(tokens.lengths),
        special=array(tokens.special),
        n_tokens=len(tokens.ids) if n_tokens < 0 else n_tokens,
        text_ok=tokens.text_ok,
    )
