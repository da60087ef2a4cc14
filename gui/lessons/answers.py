"""Reading what a person guesses, and saying how near it is. Never scolds. Qt-free."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Literal

from msgspec import Struct

from gui.lessons.lesson import Guess
from gui.lessons.words import tr

Nearness = Literal["right", "near", "off"]

LARGEST = 1e15  # nobody means more, and it can be written out
NEAR_SHARE = 0.25  # of the answer
NEAR_TEXT = 0.75  # how alike two words are, from 0 to 1
# 1,234,567 or 1 234 567 or 3.5 or 3,5 or ½-less plain digits; a sign before it.
_NUMBER = re.compile(
    r"(?P<sign>[-−+]?)(?P<whole>\d{1,3}(?:[,'’_\s]\d{3})+(?!\d)|\d+)?(?:[.,](?P<part>\d+))?"
)
_WORDS = (
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    ("none", "once", "twice"),
)


class Verdict(Struct, frozen=True):
    """How near a guess is, and the sentence for it."""

    nearness: Nearness
    words: str


def read_number(text: str) -> float | None:
    """The number that is meant: "3", "about 1,234", "2.5 times", "three"; None where there is
    none. A comma before three digits divides thousands, any other one a fraction."""
    for found in _NUMBER.finditer(text):
        whole, part = found["whole"], found["part"]
        if whole is None and part is None:
            continue
        digits = re.sub(r"[,'’_\s]", "", whole or "0")
        value = float(f"{_ascii(digits)}.{_ascii(part or '0')}")
        return min(-value if found["sign"] in ("-", "−") else value, LARGEST)
    return _read_words(text)


def _ascii(digits: str) -> str:
    """Digits of any script as 0 to 9."""
    return "".join(str(unicodedata.digit(one)) for one in digits)


def _read_words(text: str) -> float | None:
    for word in re.findall(r"[a-z]+", text.casefold()):
        for words in _WORDS:
            if word in words:
                return float(words.index(word))
    return None


def number_text(value: float) -> str:
    """As a person writes it: 1,234 or 4.8."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def check(guess: Guess, said: str, answer: str | float) -> Verdict:
    """How near a guess is to the answer (a number, or the words).

    Raises:
        ValueError: the guess is of a number and `said` holds none.
    """
    if guess.kind == "number":
        value = read_number(said)
        if value is None:
            raise ValueError(f"no number: {said!r}")
        return _check_number(value, float(answer), guess.unit)
    return _check_words(guess, said, str(answer))


def _check_number(said: float, answer: float, unit: str) -> Verdict:
    its = f"{number_text(answer)} {unit}".strip()
    # What is shown with one digit behind the point is guessed to one digit.
    if abs(said - answer) <= (0.0 if answer.is_integer() else 0.05 + 1e-9):
        return Verdict("right", tr("{answer}: just as you guessed.").format(answer=its))
    if abs(said - answer) <= max(1.0, NEAR_SHARE * abs(answer)):
        words = tr("{answer}. You guessed {said}: very near.")
    elif answer > 0 and 0.5 <= said / answer <= 2:
        words = tr("{answer}. You guessed {said}: the right size.")
    elif said < answer:
        words = tr("{answer}. You guessed {said}: it is more. Now see where that comes from.")
    else:
        words = tr("{answer}. You guessed {said}: it is less. Now see why.")
    is_near = abs(said - answer) <= max(1.0, NEAR_SHARE * abs(answer))
    filled = words.format(answer=its, said=number_text(said))
    return Verdict("near" if is_near else "off", filled)


def _check_words(guess: Guess, said: str, answer: str) -> Verdict:
    wanted = [_plain(one) for one in (answer, *guess.accept)]
    if _plain(said) in wanted:
        return Verdict("right", tr("“{answer}”: just as you guessed.").format(answer=answer))
    likeness = max(SequenceMatcher(None, _plain(said), one).ratio() for one in wanted)
    if guess.kind == "text" and likeness >= NEAR_TEXT:
        words = tr("“{answer}”. You guessed “{said}”: very near.")
        return Verdict("near", words.format(answer=answer, said=said.strip()))
    return Verdict("off", tr("It is this: “{answer}”.").format(answer=answer))


def _plain(text: str) -> str:
    """Words without case, signs and runs of blanks."""
    kept = (one if one.isalnum() else " " for one in unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(kept).split())
