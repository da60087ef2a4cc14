"""How much of a text says itself again: menus, tables of links, spun texts.

The measures and their bounds are those of Gopher's training data: J. Rae et al., "Scaling Language
Models: Methods, Analysis & Insights from Training Gopher" (2021), table A1. We differ in what a
word is (shingles.words_of: of scripts without blanks each character), take no word twice when
n-grams overlap, and leave texts of fewer than 50 words alone, where one refrain is half of it.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from finetune.data.shingles import words_of

FEWEST_WORDS = 50
# Of a text, the share that may lie in its commonest n-gram, and in all that come twice or more.
_COMMONEST = {2: 0.20, 3: 0.18, 4: 0.16}
_REPEATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
_MOST_LINES, _MOST_LINE_LETTERS = 0.30, 0.20
_MOST_PARAGRAPHS, _MOST_PARAGRAPH_LETTERS = 0.30, 0.20


def repetition_of(text: str) -> str:
    """What is said too often, as a sentence; "" where a text says little again."""
    words = words_of(text)
    if len(words) < FEWEST_WORDS:
        return ""
    return _of_parts(text) or _of_grams(words)


def _of_parts(text: str) -> str:
    for name, parts, most, most_letters in (
        ("paragraphs", re.split(r"\n\s*\n", text), _MOST_PARAGRAPHS, _MOST_PARAGRAPH_LETTERS),
        ("lines", text.split("\n"), _MOST_LINES, _MOST_LINE_LETTERS),
    ):
        parts = [part for one in parts if (part := one.strip())]
        share, share_letters = _said_again(parts)
        if share > most:
            return f"{share:.0%} of its {name} stand there before."
        if share_letters > most_letters:
            return f"{share_letters:.0%} of its letters are in {name} that stand there before."
    return ""


def _said_again(parts: Sequence[str]) -> tuple[float, float]:
    """The share of parts that came before, and of letters in them."""
    seen: set[str] = set()
    n = n_letters = 0
    for part in parts:
        if part in seen:
            n, n_letters = n + 1, n_letters + len(part)
        seen.add(part)
    return n / max(1, len(parts)), n_letters / max(1, sum(map(len, parts)))


def _of_grams(words: list[str]) -> str:
    starts = [0, *itertools.accumulate(map(len, words))]
    hashes = list(map(hash, words))
    grams = hashes
    for width in range(2, max(_REPEATED) + 1):
        # One word more on the right: a different number for each different n-gram.
        grams = list(map(hash, zip(grams, hashes[width - 1 :], strict=False)))
        counts = Counter(grams)
        if len(counts) == len(grams) and width >= min(_REPEATED):
            return ""  # nothing comes again, so no longer run does
        if width in _COMMONEST:
            share = _commonest(grams, counts, starts, width) / starts[-1]
            if share > _COMMONEST[width]:
                return f"The same {width} words make up {share:.0%} of it."
        else:
            share = _covered(grams, counts, starts, width) / starts[-1]
            if share > _REPEATED[width]:
                return f"{share:.0%} of it is in runs of {width} words that come again."
    return ""


def _commonest(grams: list[int], counts: Counter[int], starts: list[int], width: int) -> int:
    """Letters in the n-gram that comes most often (at least twice), each time it comes."""
    gram, n = counts.most_common(1)[0]
    at = grams.index(gram)
    return n * (starts[at + width] - starts[at]) if n > 1 else 0


def _covered(grams: list[int], counts: Counter[int], starts: list[int], width: int) -> int:
    """Letters of all words that are in a repeated n-gram."""
    n = end = 0
    for at, gram in enumerate(grams):
        if counts[gram] > 1:
            n += starts[at + width] - starts[max(at, end)]
            end = at + width
    return n
