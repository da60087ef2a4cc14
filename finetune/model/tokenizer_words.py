"""The words of a corpus with how often each stands there: all that learning byte pairs needs of it.

A word is what GPT-2's pattern cuts off, written in the letters that stand for bytes. Plain ASCII is
cut by Python's own `re`, several times as fast as by the library; everything else is cut by the
library itself, but each stretch between blanks only once, however often it stands in the text.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from engine.tokens.listed import byte_letters
from finetune.model.tokenizer_files import pre_tokenizer

# Merging takes time by the square of a word's length, and such words teach nothing.
LONGEST_WORD = 500
# What both engines take for white space; Python's \s has four signs more.
_WHITE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Nothing joins a visible sign and the white space after it, so texts may be parted there.
_LINES = re.compile(f"(?<=[^{_WHITE}])(?=\n)")
STRETCHES = re.compile(f"[{_WHITE}]*[^{_WHITE}]+|[{_WHITE}]+")
_BEGINS_BLANK = re.compile(f"[{_WHITE}]+[^{_WHITE}]")
_ASCII_WORDS = re.compile(
    r"'(?:[sdmt]|ll|ve|re)| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+", re.ASCII
)
_SPELLED = {value: letter for value, letter in byte_letters().items() if value < 128}
_BATCH = 1 << 20
# Where so much of a text stands in stretches that stand there once, counting them gains nothing:
# scripts without blanks.
_MOST_NEW = 0.5

_PART = 1 << 18
_CUT = re.compile(f"(?<=[^{_WHITE}])(?=[{_WHITE}])")
_GIANT = re.compile(
    "|".join(f"{one}{{{LONGEST_WORD},}}" for one in (r"[^\W\d_]", r"\d", r"(?:[^\w\s]|_)", r"\s"))
)

Words = dict[str, int]


def parts_of(text: str) -> Iterator[str]:
    """A text in parts that are cut into words, and tokenised, as the whole is."""
    start = 0
    while len(text) - start > _PART:
        found = _CUT.search(text, start + _PART)
        if found is None:
            break
        yield text[start : found.start()]
        start = found.start()
    if start < len(text):
        yield text[start:] if start else text


def without_giants(text: str) -> str:
    """A text without unpaired surrogates, and without runs of one kind of signs that are longer
    than a word may be."""
    return _GIANT.sub(" ", text.encode("utf-8", "ignore").decode())


class WordCounts:
    """Counts the words of texts, one after the other; none reaches into the next."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self._plain: Counter[str] = Counter()
        self._others: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count a text's words. Unpaired surrogates are passed over."""
        if text.isascii():
            self.n_bytes += len(text)
            self._plain.update(_ASCII_WORDS.findall(text))
            return
        data = text.encode("utf-8", "ignore")
        self.n_bytes += len(data)
        lines = _LINES.split(data.decode())
        self._plain.update(_ASCII_WORDS.findall("".join(filter(str.isascii, lines))))
        for line in lines:
            if not line.isascii():
                self._others.update(STRETCHES.findall(line))

    @property
    def is_unspaced(self) -> bool:
        """Whether most of the text is in a script without blanks."""
        return sum(map(len, self._others)) > _MOST_NEW * self.n_bytes / 3

    def words(self) -> Words:
        """All words that are short enough, in the letters that stand for bytes."""
        found: Counter[str] = Counter(
            {word.translate(_SPELLED): count for word, count in self._plain.items()}
        )
        for word, count in self._others_cut():
            found[word] += count
        return {word: count for word, count in found.items() if len(word) <= LONGEST_WORD}

    def _others_cut(self) -> list[tuple[str, int]]:
        """The words of the stretches that are not plain. Those that begin with a blank are cut many
        at once, a row of them as one text."""
        found: list[tuple[str, int]] = []
        rows = {one: count for one, count in self._others.items() if _BEGINS_BLANK.match(one)}
        alone = {one: count for one, count in self._others.items() if one not in rows}
        for stretch, count in alone.items():
            found += [(word, count) for word, _ in pre_tokenizer().pre_tokenize_str(stretch)]
        row: dict[str, int] = {}
        n_letters = 0
        for stretch, count in rows.items():
            row[stretch] = count
            n_letters += len(stretch)
            if n_letters > _BATCH:
                found += _row_cut(row)
                row, n_letters = {}, 0
        return found + (_row_cut(row) if row else [])


def _row_cut(row: Mapping[str, int]) -> list[tuple[str, int]]:
    cut = pre_tokenizer().pre_tokenize_str("".join(row))
    starts = np.fromiter((start for _, (start, _) in cut), np.int64, len(cut))
    ends = np.cumsum(np.fromiter(map(len, row), np.int64, len(row)))
    counts = np.fromiter(row.values(), np.int64, len(row))
    each = counts[np.searchsorted(ends, starts, "right")].tolist()
    return [(word, count) for (word, _), count in zip(cut, each, strict=True)]
