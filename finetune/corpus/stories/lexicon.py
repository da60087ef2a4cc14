"""The words of the story world, from resources/stories/*.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

from finetune.corpus.stories.facts import Relation


@dataclass(frozen=True)
class Reason:
    """Why somebody feels so: a clause with {their} and {them}, known by one word of it."""

    key: str
    clause: str
    feelings: tuple[str, ...]


@dataclass(frozen=True)
class Telling:
    """How facts of a kind are told (at a story's end again), asked and answered; recall: how a
    sentence begins that ends with what is to be known."""

    told: tuple[str, ...]
    again: tuple[str, ...]
    spoken: tuple[str, ...]
    asked: tuple[str, ...]
    answers: tuple[str, ...]
    recall: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """places: with the word that goes before each; things: plurals; scenery: rules by name."""

    girls: tuple[str, ...]
    boys: tuple[str, ...]
    objects: tuple[str, ...]
    places: dict[str, str]
    landmarks: tuple[str, ...]
    things: tuple[str, ...]
    numbers: tuple[str, ...]
    colours: tuple[str, ...]
    reasons: dict[str, Reason]
    homes: tuple[str, ...]
    animals: tuple[str, ...]
    pets: tuple[str, ...]
    foods: tuple[str, ...]
    trades: tuple[str, ...]
    leads: tuple[str, ...]
    tellings: dict[str, Telling]
    scenery: dict[str, tuple[str, ...]]

    @cached_property
    def people(self) -> tuple[str, ...]:
        return (*self.girls, *self.boys)

    def keys(self, kind: Relation) -> tuple[str, ...]:
        """All words that can answer questions of a kind."""
        return self._keys[kind]

    @cached_property
    def _keys(self) -> dict[Relation, tuple[str, ...]]:
        return {
            "where": tuple(self.places),
            "went": self.landmarks,
            "who": self.people,
            "what": self.objects,
            "count": self.numbers,
            "colour": self.colours,
            "why": tuple(self.reasons),
            "home": self.homes,
            "pet": self.pets,
            "food": self.foods,
            "trade": self.trades,
        }


@cache
def lexicon() -> Lexicon:
    """Read once."""
    world, telling, scenery = (_read(name) for name in ("world", "telling", "scenery"))
    lasting = world["lasting"]
    return Lexicon(
        girls=_words(world["people"]["girls"]),
        boys=_words(world["people"]["boys"]),
        objects=_words(world["objects"]["words"]),
        places={one: name for name, text in world["places"].items() for one in _words(text)},
        landmarks=_words(world["landmarks"]["words"]),
        things=tuple(world["things"].values()),
        numbers=_words(world["numbers"]["words"]),
        colours=_words(world["colours"]["words"]),
        reasons={one.key: one for mood in world["moods"].values() for one in _reasons(mood)},
        homes=_words(lasting["homes"]["words"]),
        animals=_words(lasting["pets"]["kinds"]),
        pets=_words(lasting["pets"]["names"]),
        foods=_words(lasting["foods"]["words"]),
        trades=_words(lasting["trades"]["words"]),
        leads=tuple(telling.pop("leads")["words"]),
        tellings={kind: _telling(table) for kind, table in telling.items()},
        scenery={
            name: _words(value) if isinstance(value, str) else tuple(value)
            for table in scenery.values()
            for name, value in table.items()
        },
    )


def _read(name: str) -> dict[str, Any]:
    file = resources.files("resources") / "stories" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _reasons(mood: dict[str, Any]) -> list[Reason]:
    feelings = _words(mood["feelings"])
    return [Reason(key, clause, feelings) for key, clause in mood["reasons"].items()]


def _telling(table: dict[str, list[str]]) -> Telling:
    names = ("told", "again", "spoken", "asked", "answers", "recall")
    return Telling(*(tuple(table.get(name, ())) for name in names))
