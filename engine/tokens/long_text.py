"""A text of any length, tokenised chunk by chunk between cuts with the outcome of one call; whoever
takes the chunks may stop between them."""

from collections.abc import Generator
from dataclasses import dataclass

from engine.process.cuts import chunk_ends
from engine.tokens.tokenizer import Tokenizer, Tokens, utf8

# Some 20 ms of work by llama.cpp, 5 by tiktoken.
CHUNK = 1 << 16


@dataclass(frozen=True)
class Chunk:
    """Tokens of the next stretch of a text; n_done of n_bytes of the text are done with it."""

    tokens: Tokens
    n_done: int
    n_bytes: int


def chunks(
    tokenizer: Tokenizer,
    text: str,
    *,
    special: bool = False,
    inside: bool = False,
    size: int = CHUNK,
) -> Generator[Chunk, None, None]:
    """Tokenise a text in stretches of some `size` code points; where the vocabulary permits no cut,
    in one.

    Raises:
        AppError: before the first chunk, where the text holds unpaired surrogates.
    """
    n_bytes = len(utf8(text))
    start = n_done = 0
    for end in chunk_ends(text, tokenizer.info.cuts, size):
        tokens = tokenizer.tokens(text[start:end], special=special, inside=inside or start > 0)
        if special and not inside:
            tokens = _with_added(tokenizer, tokens, is_first=start == 0, is_last=end == len(text))
        start, n_done = end, n_done + int(tokens.lengths.sum())
        yield Chunk(tokens, n_done, n_bytes)


def _with_added(tokenizer: Tokenizer, tokens: Tokens, *, is_first: bool, is_last: bool) -> Tokens:
    """The BOS belongs to the first chunk, the EOS to the last. The first one comes with both, the
    others with none."""
    _, n_after = tokenizer.n_added
    if not n_after or is_first == is_last:
        return tokens
    if is_first:
        return tokens.part(0, len(tokens.ids) - n_after)
    ending = tokenizer.tokens("", special=True)
    return tokens.followed_by(ending.part(len(ending.ids) - n_after, len(ending.ids)))
