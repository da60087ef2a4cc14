"""Which language a text is in: by its script; where several share one, by their commonest words.

A small method, and honest about it: it knows some thirty languages, needs a few sentences, and says
"" where it cannot tell (verse, lists, code, names). After W. Cavnar and J. Trenkle, "N-Gram-Based
Text Categorization" (1994), which notes that the commonest words alone do nearly as well; we count
those instead of n-grams.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache
from importlib import resources
from typing import NamedTuple

# Looked at of a text: more does not change the answer.
_N_LETTERS = 20_000
_FEWEST_WORDS = 20
# Of a text's words, so many are among a language's commonest (usually a third or more), and so many
# times as many as of the next one.
_LEAST_SHARE = 0.12
_FEWEST_KINDS = 3  # different ones of two letters or more: "y" and "a" are names in code too
_LEAST_LEAD = 1.25

# Languages that have a script of their own; the others are told apart by their words.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff\u3400-\u4dbf]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
)
_WORD = re.compile(r"[^\W\d_]+(?:[\u0900-\u097f]+)?")


class Language(NamedTuple):
    """code: ISO 639-1, "" where it cannot be told; share: of the words (or letters) that say so."""

    code: str
    share: float


UNKNOWN = Language("", 0.0)


def language_of(text: str) -> Language:
    """The language of a text's beginning."""
    text = text[:_N_LETTERS].lower()
    n_letters = sum(map(str.isalpha, text))
    if not n_letters:
        return UNKNOWN
    if not text.isascii():
        by_script = _by_script(text, n_letters)
        if by_script.code:
            return by_script
    words = _WORD.findall(text)
    return _by_words(words) if len(words) >= _FEWEST_WORDS else UNKNOWN


def _by_script(text: str, n_letters: int) -> Language:
    """A script that makes up most of the text. Japanese has Han too, so kana in a fifth is
    enough."""
    for code, letters in _SCRIPTS:
        share = len(letters.findall(text)) / n_letters
        if share > (0.2 if code == "ja" else 0.6):
            return Language(code, min(1.0, share))
    return UNKNOWN


def _by_words(words: list[str]) -> Language:
    codes_of = _codes_of_words()
    found: Counter[str] = Counter()
    n_kinds: Counter[str] = Counter()
    for word, n in Counter(words).items():
        for code in codes_of.get(word, ()):
            found[code] += n
            n_kinds[code] += len(word) > 1
    (code, most), (_, second) = [*found.most_common(2), ("", 0), ("", 0)][:2]
    share = most / len(words)
    is_clear = most >= _LEAST_LEAD * second and n_kinds[code] >= _FEWEST_KINDS
    return Language(code, share) if is_clear and share >= _LEAST_SHARE else UNKNOWN


def languages() -> list[str]:
    """Codes of all that are known."""
    by_words = {code for codes in _codes_of_words().values() for code in codes}
    return sorted({*by_words, *(code for code, _ in _SCRIPTS)})


@cache
def _codes_of_words() -> dict[str, tuple[str, ...]]:
    path = resources.files("resources") / "languages" / "common_words.toml"
    codes: dict[str, tuple[str, ...]] = {}
    for code, words in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for word in words.split():
            codes[word] = (*codes.get(word, ()), code)
    return codes
