"""A world of a seed: what is so in all its stories, and what its training never gets to see.

Held out are pairings (the kite is never in the basket, in any story or conversation made to learn
from), wordings (some ways to ask are never used there) and lasting facts (nobody ever tells where
Tom lives: that can only be guessed).
"""

from __future__ import annotations

import hashlib
from functools import cache

from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.facts import LASTING, Fact, Lasting, Relation
from finetune.corpus.stories.lexicon import lexicon

PAIRINGS_HELD_OUT = 0.12
WORDINGS_HELD_OUT = 0.2
LASTING_HELD_OUT = 0.2


class World:
    """Use world_of(seed)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lasting: dict[tuple[str, Lasting], Fact] = {}
        for person in lexicon().people:
            for relation in LASTING:
                self.lasting[person, relation] = self._made(person, relation)

    def _made(self, person: str, relation: Lasting) -> Fact:
        chance = Chance(self.seed, "lasting", relation, person)
        value = chance.pick(lexicon().keys(relation))
        animal = chance.pick(lexicon().animals) if relation == "pet" else ""
        return Fact(relation, person, value, animal=animal)

    def holds_out_pairing(self, relation: Relation, a: str, b: str) -> bool:
        """Whether no training text says b of a."""
        return _share(self.seed, "pairing", relation, a, b) < PAIRINGS_HELD_OUT

    def holds_out_wording(self, kind: Relation, lead: str, asked: str) -> bool:
        """Whether no training text asks in these words: a new pair of parts that are each known."""
        return _share(self.seed, "wording", kind, lead, asked) < WORDINGS_HELD_OUT

    def is_told(self, person: str, relation: Lasting) -> bool:
        """Whether stories ever tell this lasting fact."""
        return _share(self.seed, "told", relation, person) >= LASTING_HELD_OUT

    def told(self, person: str) -> list[Fact]:
        """What stories may tell of somebody."""
        return [self.lasting[person, one] for one in LASTING if self.is_told(person, one)]


@cache
def world_of(seed: int) -> World:
    """The world of a seed."""
    return World(seed)


@cache
def _share(*parts: object) -> float:
    """A number from 0 to 1 that belongs to these parts."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)
