"""The little English that templates need: articles, a capital, slots that are filled."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

_SLOT = re.compile(r"\{(\w+)(?::([aA]))?\}")
# Written with a vowel but not spoken with one first, and the other way round.
_NO_VOWEL = ("uni", "use", "usual", "one", "eu")
_SILENT_H = ("hour", "honest", "heir", "honour")
_STARTED = re.compile(r"(“?)(\w)")


def article(word: str) -> str:
    """ "a" or "an"."""
    lower = word.lower()
    if lower.startswith(_SILENT_H):
        return "an"
    return "an" if lower[0] in "aeiou" and not lower.startswith(_NO_VOWEL) else "a"


def capital(text: str) -> str:
    """A text with its first letter large, behind an opening quote too."""
    return _STARTED.sub(lambda found: found[1] + found[2].upper(), text, count=1)


def fill(template: str, value: Callable[[str], str]) -> str:
    """A template with its slots filled: {x}, {x:a} with an article, {x:A} with a large one."""
    first, *slots = _parts(template)
    found = [first]
    for name, mark, after in zip(slots[::3], slots[1::3], slots[2::3], strict=True):
        word = value(name)
        if mark:
            before = article(word)
            found.append(f"{before if mark == 'a' else before.capitalize()} ")
        found += (word, after)
    return "".join(found)


@cache
def _parts(template: str) -> list[str]:
    """Text, then slot, mark and text again."""
    return _SLOT.split(template)
