"""What several replies to one question agree on: the runs of words that all of them say. Qt-free.

Words are compared without case and punctuation. A run counts from three words on, wherever it
stands; every reply must have it.
"""

import re
from collections.abc import Sequence

LEAST_WORDS = 3
MOST_WORDS = 20_000
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
Range = tuple[int, int]


def agreed_ranges(texts: Sequence[str], least: int = LEAST_WORDS) -> list[list[Range]]:
    """For each text the parts, as characters from and to, that all texts have.

    Args:
        least: how many words in a row an agreement needs.
    """
    words = [_words(text) for text in texts]
    if len(texts) < 2:
        return [[] for _ in texts]
    grams = [{_gram(one, at, least) for at in range(len(one) - least + 1)} for one in words]
    shared = set.intersection(*grams)
    return [_ranges(one, shared, least) for one in words]


def agreed_share(text: str, ranges: Sequence[Range]) -> float:
    """Which part of a text's words stands within the ranges, 0 to 1."""
    words = _words(text)
    inside = sum(any(a <= start and end <= b for a, b in ranges) for _, start, end in words)
    return inside / len(words) if words else 0.0


def _words(text: str) -> list[tuple[str, int, int]]:
    found = [(hit[0].casefold(), hit.start(), hit.end()) for hit in _WORD.finditer(text)]
    return found[:MOST_WORDS]


def _gram(words: list[tuple[str, int, int]], at: int, n: int) -> tuple[str, ...]:
    return tuple(word for word, _, _ in words[at : at + n])


def _ranges(words: list[tuple[str, int, int]], shared: set[tuple[str, ...]], n: int) -> list[Range]:
    """Runs of a text's words that are covered by shared ones, joined where they overlap."""
    ranges: list[Range] = []
    for at in range(len(words) - n + 1):
        if _gram(words, at, n) in shared:
            start, end = words[at][1], words[at + n - 1][2]
            if ranges and start <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((start, end))
    return ranges
