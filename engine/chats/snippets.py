"""A few words around the place where a search met a message, and which of them it met.

Letters are compared as the index compares them: without case and accents.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

BEFORE = 40
AFTER = 140
# Beyond this many letters no place is looked for; the message is shown from its beginning.
MAX_LOOKED_AT = 200_000
# Stands for an accent that is a letter of its own, so that places stay what they are.
_ACCENT = "\u02d1"
_SPACE = re.compile(r"\s")
_NOTHING = re.compile(r"(?!)")
# How a phrase is met: where a word begins with it, as whole words, or anywhere letter by letter.
How = Literal["beginning", "whole", "letters"]


class Words:
    """The phrases of a search and how each is met."""

    def __init__(self, phrases: Sequence[tuple[str, How]]) -> None:
        self._phrases = phrases

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Meets any of them in a folded text."""
        parts = [_phrase(folded(text), how) for text, how in self._phrases]
        return re.compile("|".join(parts)) if parts else _NOTHING


def folded(text: str) -> str:
    """The text without case and accents, letter for letter."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def marks_in(text: str, words: Words) -> list[tuple[int, int]]:
    """Where the words stand in a short text."""
    return [match.span() for match in words.pattern.finditer(folded(text))]


def snippet_of(text: str, words: Words) -> str:
    """One line of the text around the first place that the words meet."""
    looked_at = text[:MAX_LOOKED_AT]
    found = words.pattern.search(folded(looked_at))
    place = found.start() if found else 0
    start = _word_start(looked_at, max(place - BEFORE, 0), place)
    end = place + AFTER
    line = " ".join(text[start:end].split())
    return ("…" if start else "") + line + ("…" if end < len(text) else "")


def _word_start(text: str, start: int, place: int) -> int:
    """The first beginning of a word from `start` on, or `start` where there is none."""
    if start == 0:
        return 0
    space = _SPACE.search(text, start, place)
    return space.end() if space else start


def _phrase(text: str, how: How) -> str:
    if how == "letters":
        return re.escape(text)
    words = (f"{_ACCENT}*".join(word) for word in re.findall(r"[^\W_]+", text))
    # A word begins where no letter stands before, and its accents belong to it.
    start, end = r"(?<![^\W_])", rf"{_ACCENT}*(?![^\W_])" if how == "whole" else f"{_ACCENT}*"
    return start + rf"{_ACCENT}*[\W_]+".join(words) + end


class _Folds(dict[int, int]):
    """Letter -> the letter it is compared as; worked out once each."""

    def __missing__(self, code: int) -> int:
        letter = chr(code)
        if unicodedata.combining(letter):
            plain = _ACCENT
        else:
            plain = unicodedata.normalize("NFD", letter)[0].lower()[:1]
        self[code] = ord(plain)
        return self[code]


_FOLD = _Folds()
