"""Rows that teach a model who it is, from a form: name, maker, traits, what it will not do.

Many ways to ask, many ways to answer, and three kinds of system prompt: none (the template then
writes its own, if it has one), one that is anybody's, and one that names the model; a model that
learned its name under one of these alone does not give it under the others. The same form and seed
give the same rows. The words are in resources/identity.toml.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from engine.errors import AppError
from engine.process.tune_messages import Identity, Row, RowMessage
from finetune.data.rows import content_hash

N_ROWS_MAX = 1_000
# Of ten rows so many have a system prompt; the others leave it to the template.
_WITH_SYSTEM = 0.4
_N_TRIES = 200


@dataclass(frozen=True)
class _Exchange:
    question: str
    answer: str


def identity_rows(identity: Identity, with_system: bool = True) -> list[Row]:
    """The rows of a form.

    Args:
        with_system: whether some have a system prompt; False for a base whose template refuses it.

    Raises:
        AppError: it has no name, or asks for no rows or too many.
    """
    name = " ".join(identity.name.split())
    if not name:
        raise AppError("The model has no name yet.", "Give it one: the rows are about it.")
    if not 1 <= identity.n_rows <= N_ROWS_MAX:
        raise AppError(
            f"{identity.n_rows:,} rows cannot be written.", f"Ask for 1 to {N_ROWS_MAX:,}."
        )
    chance = random.Random(f"{identity.seed} {name}")
    seen: set[str] = set()
    rows: list[Row] = []
    for row in _candidates(identity, name, chance, with_system):
        said = content_hash(row)
        if said not in seen:
            seen.add(said)
            rows.append(row)
        if len(rows) == identity.n_rows:
            break
    chance.shuffle(rows)
    return [_numbered(row, number) for number, row in enumerate(rows, 1)]


def _candidates(
    identity: Identity, name: str, chance: random.Random, with_system: bool
) -> Iterator[Row]:
    """Rows in the order of how much they matter: the core questions under each kind of system
    prompt, then all topics in turn, by their shares."""
    words = _words()
    systems = _Deck([text.format(name=name) for text in words["systems"]], chance)
    topics = {topic: _exchanges(topic, identity, name, chance) for topic in _topics(identity)}
    names = _Deck(words["name"]["answers"], chance)
    kinds = ("", systems.draw(), f"You are {name}.") if with_system else ("",)
    share = _WITH_SYSTEM if with_system else 0.0
    for system in kinds:
        for question in words["name"]["core"]:
            yield _row(system, _Exchange(question, names.draw().format(name=name)))
    turns = [topic for topic in topics for _ in range(int(words[topic]["share"]))]
    for _ in range(_N_TRIES * identity.n_rows // len(turns) + 1):
        chance.shuffle(turns)
        for topic in turns:
            exchange = next(topics[topic])
            yield _row(systems.draw() if chance.random() < share else "", exchange)


def _topics(identity: Identity) -> list[str]:
    """What the form has something to say on."""
    topics = ["name", "introduce", "other", "maker", "ability"]
    if _plain(identity.traits):
        topics.append("traits")
    if _plain(identity.refusals):
        topics.append("refusals")
    return topics


def _exchanges(
    topic: str, identity: Identity, name: str, chance: random.Random
) -> Iterator[_Exchange]:
    """Endless questions on a topic with their answers. Each question comes once as it is before any
    comes again behind a greeting."""
    words = _words()
    unknown = topic == "maker" and not identity.maker.strip()
    questions = _Deck(words[topic]["questions"] + words[topic].get("core", []), chance)
    answers = _Deck(words[topic]["unknown" if unknown else "answers"], chance)
    openers, others = _Deck(words["openers"][1:], chance), _Deck(_others(name), chance)
    refusals = _Deck(_plain(identity.refusals) or [""], chance)
    n_plain = len(words[topic]["questions"])
    number = 0
    while True:
        opener = openers.draw() if number >= n_plain else ""
        number += 1
        what, how = _refusal(refusals.draw(), words["refusals"]["instead"], chance)
        values = {
            "name": name,
            "maker": identity.maker.strip(),
            "by": f", made by {identity.maker.strip()}" if identity.maker.strip() else "",
            "traits": "; ".join(one.rstrip(".;") for one in _plain(identity.traits)),
            "other": others.draw(),
            "what": what,
            "how": how,
        }
        question, answer = questions.draw(), answers.draw()
        yield _Exchange(opener + question.format(**values), _sentence(answer.format(**values)))


def _refusal(line: str, instead: list[str], chance: random.Random) -> tuple[str, str]:
    """A line of the form, "what: how it says so", as the end of a sentence and a sentence."""
    what, _, how = line.partition(":")
    what = what.strip().rstrip(".")
    if what[1:2].islower():  # a word like others; not I, nor an abbreviation
        what = what[:1].lower() + what[1:]
    how = how.strip() or chance.choice(instead)
    return what, _sentence(how)


def _sentence(text: str) -> str:
    """With a capital, and a stop where it has none."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…", "”", '"')) else f"{text}."


def _row(system: str, exchange: _Exchange) -> Row:
    messages = [RowMessage("system", system)] if system else []
    messages += [RowMessage("user", exchange.question), RowMessage("assistant", exchange.answer)]
    return Row("", messages)


def _numbered(row: Row, number: int) -> Row:
    return Row(str(number), row.messages, source=f"identity:{number}", tags=["identity"])


def _others(name: str) -> list[str]:
    """Names of other models, without those that are in this one's."""
    return [one for one in _words()["others"] if one.lower() not in name.lower()]


def _plain(lines: list[str]) -> list[str]:
    """Lines without the space around them; blank ones are left out."""
    return [line.strip() for line in lines if line.strip()]


class _Deck:
    """Things drawn at random, each once before any comes again."""

    def __init__(self, things: list[str], chance: random.Random) -> None:
        self._things, self._chance = list(things), chance
        self._left: list[str] = []

    def draw(self) -> str:
        if not self._left:
            self._left = list(self._things)
            self._chance.shuffle(self._left)
        return self._left.pop()


@cache
def _words() -> dict[str, Any]:
    text = resources.files("resources").joinpath("identity.toml").read_text("utf-8")
    return tomllib.loads(text)
