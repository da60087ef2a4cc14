"""Vocabularies that are not learned: characters, and bytes.

A character of several bytes is a token of its own, made by merges of its bytes from the left, so
that llama.cpp and `tokenizers` find it as BPE. What a text has that was never seen falls back to
its bytes: nothing is ever dropped.
"""

from collections import Counter
from collections.abc import Iterable

from finetune.model.chat_marks import MARKS
from finetune.model.tokenizer_files import Pair
from finetune.model.tokenizer_trained import TrainedTokenizer

MAX_VOCAB = 65_536
BYTES = [bytes([value]) for value in range(256)]
_MARKS = [mark.encode() for mark in MARKS]


def bytes_tokenizer() -> TrainedTokenizer:
    """The marks and 256 bytes."""
    return TrainedTokenizer("bytes", [*_MARKS, *BYTES], [])


def characters_tokenizer(counts: Counter[str]) -> TrainedTokenizer:
    """The marks, 256 bytes and every character of a text, the commonest where there are too many,
    with a warning. Unpaired surrogates are no characters.

    Args:
        counts: how often each character stands in the text.
    """
    room = MAX_VOCAB - len(_MARKS) - len(BYTES)
    merges: dict[bytes, Pair] = {}
    n_left_out = 0
    for character, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        data = character.encode("utf-8", "ignore")
        new = [one for one in _merges_of(data) if one[0] + one[1] not in merges]
        if len(merges) + len(new) <= room:
            merges.update((left + right, (left, right)) for left, right in new)
        else:
            n_left_out += 1
    warnings = [_too_many(n_left_out)] if n_left_out else []
    pieces = [*_MARKS, *BYTES, *merges]
    return TrainedTokenizer("chars", pieces, list(merges.values()), {"warnings": warnings})


def _too_many(n: int) -> str:
    return (
        f"The {n:,} rarest characters have no token of their own: a vocabulary has {MAX_VOCAB:,} "
        "at most. They are written as their bytes; nothing is lost."
    )


def _merges_of(data: bytes) -> Iterable[Pair]:
    """From its first byte on, a byte more each time."""
    return [(data[:end], data[end : end + 1]) for end in range(1, len(data))]
