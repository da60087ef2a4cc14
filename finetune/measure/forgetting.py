"""What a model forgets while it learns: unrelated questions, and prose it has never seen, before
and after (resources/forgetting, our own).

Bits per byte of prose are a model's loss in a unit that does not depend on its tokens.
"""

from __future__ import annotations

import collections
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from finetune.measure.answers import Asked, Voice
from finetune.measure.evaluate import Report, answered
from finetune.measure.results import AnswerPair, Forgetting

_PASSAGE_BYTES = 900
_NAME = re.compile(r"\b[^\W\d_a-z][\w’'-]*\w")
_TAUGHT_SHARE = 0.15
_N_TAUGHT = 8


@dataclass(frozen=True)
class Unrelated:
    """What is asked and read: all of ours, or less where there is little time."""

    questions: list[Asked]
    passages: list[str]


@dataclass(frozen=True)
class Heard:
    """What a model made of it."""

    answers: list[str]
    bits: float
    n_bytes: int


def unrelated(n_questions: int, n_bytes: int, max_tokens: int) -> Unrelated:
    """So much of our questions and prose, spread over all of it, always the same."""
    asked = [Asked(one, "", max_tokens) for one in _spread(questions(), n_questions)]
    found = passages(prose())
    mean = len(prose().encode()) / len(found)
    return Unrelated(asked, _spread(found, max(1, math.ceil(n_bytes / mean))))


def questions() -> list[str]:
    """All questions."""
    lines = _resource("questions.jsonl").splitlines()
    return [str(json.loads(line)["question"]) for line in lines if line.strip()]


def prose() -> str:
    """All of the prose."""
    return _resource("prose.txt")


def passages(text: str) -> list[str]:
    """A text in parts of whole paragraphs, some 1,000 bytes each: what came before a part is not
    read with it."""
    found, held = [], ""
    for paragraph in text.split("\n\n"):
        held = f"{held}\n\n{paragraph}" if held else paragraph
        if len(held.encode()) >= _PASSAGE_BYTES:
            found.append(held)
            held = ""
    return [*found, held] if held else found


def heard(voice: Voice, asked: Unrelated, report: Report) -> Heard:
    """Ask and let read."""
    n_all = len(asked.questions) + len(asked.passages)
    answers = answered(
        voice, asked.questions, lambda part: report(part * len(asked.questions) / n_all)
    )
    bits, n_bytes = 0.0, 0
    for number, passage in enumerate(asked.passages, start=1):
        cost, size = voice.bits(passage)
        bits, n_bytes = bits + cost, n_bytes + size
        report((len(asked.questions) + number) / n_all)
    return Heard(answers, bits, n_bytes)


def is_known(voice: Voice, asked: Unrelated) -> bool:
    """Whether all of it was asked before, so that `heard` costs nothing."""
    return all(map(voice.knows, asked.questions)) and all(map(voice.knows_bits, asked.passages))


def forgetting(
    asked: Unrelated, before: Heard, after: Heard, taught_texts: Iterable[str]
) -> Forgetting:
    """What became of it."""
    known = " ".join([prose(), *questions(), *before.answers])
    taught = taught_names(taught_texts, known)
    pairs = [
        AnswerPair(one.question, old, new, [word for word in taught if _has(new, word)])
        for one, old, new in zip(asked.questions, before.answers, after.answers, strict=True)
    ]
    return Forgetting(
        answers=pairs,
        bits_before=before.bits / max(1, before.n_bytes),
        bits_after=after.bits / max(1, after.n_bytes),
        n_bytes=after.n_bytes,
        taught=taught,
    )


def taught_names(texts: Iterable[str], known: str) -> list[str]:
    """Names that what was taught brought in: words with a capital that come again and again in it,
    and nowhere in what is known; the commonest first."""
    counts: collections.Counter[str] = collections.Counter()
    n_texts = 0
    for text in texts:
        n_texts += 1
        counts.update(set(_NAME.findall(text)))
    least = max(2, round(n_texts * _TAUGHT_SHARE))
    usual = {word.casefold() for word in re.findall(r"[\w’'-]*\w", known)}
    found = [
        word
        for word, n in counts.most_common()
        if n >= least and len(word) > 1 and word.casefold() not in usual
    ]
    return found[:_N_TAUGHT]


def _has(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None


def _spread(found: Sequence[str], count: int) -> list[str]:
    count = min(count, len(found))
    return [found[len(found) * number // count] for number in range(count)]


def _resource(name: str) -> str:
    return (files("resources") / "forgetting" / name).read_text(encoding="utf-8")
