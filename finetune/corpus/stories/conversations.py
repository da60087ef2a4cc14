"""Conversations about a story world, to make a base model into an assistant: rows for Fine-tune.

Most put a story and a question; some go on with a second one, ask about what is so in all stories,
want a story told, or say hello. None asks what is held out: no such pairing, no such wording.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from engine.process.tune_messages import Row, RowMessage
from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.facts import PASSING, Passing, Question
from finetune.corpus.stories.questions import about_story, question, told_lasting
from finetune.corpus.stories.world import World, world_of
from finetune.corpus.stories.write import short_story

# Of a hundred conversations; the others are a story and one question.
_TWO_QUESTIONS, _LASTING, _TOLD, _SMALL_TALK = 0.08, 0.12, 0.02, 0.04
_WITH_SYSTEM = 0.15
_Said = list[tuple[str, str]]  # role and text


def conversations(n: int, seed: int) -> Iterator[Row]:
    """Rows to learn from.

    Args:
        n: how many.
        seed: of their world, as write_stories'.
    """
    for row, _ in _conversations(n, seed):
        yield row


def learned_questions(n: int, seed: int) -> Iterator[Question]:
    """What is asked first in these conversations, where something is."""
    for _, asked in _conversations(n, seed):
        if asked is not None:
            yield asked


def _conversations(n: int, seed: int) -> Iterator[tuple[Row, Question | None]]:
    for number in range(n):
        chance = Chance(seed, "conversation", number)
        kind = PASSING[number % len(PASSING)]
        tag, said, asked = _exchanges(world_of(seed), kind, chance)
        messages = [RowMessage(role, text) for role, text in said]
        if chance.is_so(_WITH_SYSTEM):
            messages.insert(0, RowMessage("system", chance.pick(_talk()["systems"])))
        yield Row(f"story-{number + 1}", messages, source=f"stories:{seed}", tags=[tag]), asked


def _exchanges(world: World, kind: Passing, chance: Chance) -> tuple[str, _Said, Question | None]:
    """What a row is about, what is said in it, and the first question."""
    if chance.is_so(_SMALL_TALK):
        one = chance.pick(_talk()["small_talk"])
        return "talk", _said(chance.pick(one["asked"]), chance.pick(one["answers"])), None
    if chance.is_so(_TOLD):
        return "told", _told(world, chance), None
    if chance.is_so(_LASTING):
        found = told_lasting(world, chance)
        return found.kind, _said(found.text, found.answer), found
    first = about_story(world, kind, chance, False, False)
    said = _said(first.prompt, first.answer)
    if chance.is_so(_TWO_QUESTIONS):
        said += _second(world, first, chance)
    return kind, said, first


def _second(world: World, first: Question, chance: Chance) -> _Said:
    """Another question about the same story."""
    assert first.story is not None
    others = [one for one in first.story.facts if one != first.fact and one.relation in PASSING]
    fact = chance.pick(others)
    found = question(world, first.story, fact, chance)
    return _said(found.text, found.answer)


def _told(world: World, chance: Chance) -> _Said:
    """A story on request."""
    story, _ = short_story(world, chance, chance.pick(PASSING))
    wish: str = chance.pick(_talk()["tell_me"])
    return _said(wish.replace("{N}", chance.pick(story.people[:2])), story.text)


def _said(asked: str, answer: str) -> _Said:
    return [("user", asked), ("assistant", answer)]


@cache
def _talk() -> dict[str, Any]:
    file = resources.files("resources") / "stories" / "talk.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
