"""What a story will tell: its people and their facts, drawn from a world."""

from __future__ import annotations

from collections.abc import Sequence

from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.facts import PASSING, Fact, Passing
from finetune.corpus.stories.lexicon import lexicon
from finetune.corpus.stories.world import World

# Of facts of one relation in a story: with fewer than three a guess would be right too often.
_THREE = 0.75


class Plot:
    """People and facts. Facts of one relation never share what they are about or what they say, and
    no object is in two of them."""

    def __init__(self, world: World, chance: Chance) -> None:
        self.world, self.chance = world, chance
        n_people = 3 if chance.is_so(_THREE) else 2
        self.people = chance.some(lexicon().people, n_people)
        self._objects = chance.some(lexicon().objects, len(lexicon().objects))

    def facts(self, relation: Passing, *, asked_is_new: bool = False) -> list[Fact]:
        """Two or three facts of a relation, one for each of the people. asked_is_new: the first is
        a pairing that is held out (the others never are)."""
        found: list[Fact] = []
        for number, person in enumerate(self.people):
            is_new = asked_is_new and number == 0
            taken = {one.b for one in found} | {one.a for one in found}
            while True:
                fact = self._draw(relation, person)
                is_held_out = self.world.holds_out_pairing(relation, fact.a, fact.b)
                if is_held_out == is_new and not {fact.a, fact.b} & taken:
                    break
            self._objects = [one for one in self._objects if one not in (fact.a, fact.b)]
            found.append(fact)
        return found

    def themes(self, n: int) -> list[Passing]:
        """n different relations."""
        return self.chance.some(PASSING, n)

    def lasting(self, n: int) -> list[Fact]:
        """Up to n facts of these people that are so in every story."""
        known = [fact for person in self.people for fact in self.world.told(person)]
        return self.chance.some(known, n)

    def _draw(self, relation: Passing, person: str) -> Fact:
        words, pick = lexicon(), self.chance.pick
        if relation == "why":
            reason = words.reasons[pick(tuple(words.reasons))]
            return Fact("why", person, reason.key, mood=pick(reason.feelings))
        abouts: dict[str, Sequence[str]] = {
            "where": self._objects,
            "colour": self._objects,
            "count": words.things,
        }
        values = self._objects if relation == "who" else words.keys(relation)
        about = pick(abouts[relation]) if relation in abouts else person
        return Fact(relation, about, pick(values))
