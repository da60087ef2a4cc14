"""What a story will tell: its people and their facts, drawn from a world."""

from __future__ import annotations

from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.facts import PASSING, Fact, Passing
from finetune.corpus.stories.lexicon import lexicon
from finetune.corpus.stories.world import World

# Of facts of one relation in a story: with fewer than three a guess would be right too often.
_THREE = 0.75
# Whose things are, and what people have: together they would say two things of one person.
BESIDE: set[Passing] = {"who", "what"}
_TRIES = 300


class Plot:
    """People and facts. Facts of one relation never share what they are about or what they say, and
    no object is in two of them."""

    def __init__(self, world: World, chance: Chance) -> None:
        self.world, self.chance = world, chance
        n_people = 3 if chance.is_so(_THREE) else 2
        self.people = chance.some(lexicon().people, n_people)
        self._used: set[str] = set()

    def facts(self, relation: Passing, *, asked_is_new: bool = False) -> list[Fact]:
        """Two or three facts of a relation, one for each of the people. asked_is_new: the first is
        a pairing that is held out (the others never are); none at all where this world has no such
        pairing for that person."""
        found: list[Fact] = []
        for number, person in enumerate(self.people):
            is_new = asked_is_new and number == 0
            taken = {part for one in found for part in (one.a, one.b)} | self._used
            for _ in range(_TRIES):
                fact = self._draw(relation, person)
                is_held_out = self.world.holds_out_pairing(relation, fact.a, fact.b)
                if is_held_out == is_new and fact.a not in taken and fact.b not in taken:
                    found.append(fact)
                    break
            else:
                return []
        self._used.update(
            one for fact in found for one in (fact.a, fact.b) if one in lexicon().objects
        )
        return found

    def themes(self, n: int) -> list[Passing]:
        """n different relations, never both of BESIDE."""
        found = self.chance.some(PASSING, n)
        return self.themes(n) if set(found) >= BESIDE else found

    def lasting(self, n: int) -> list[Fact]:
        """Up to n facts of these people that are so in every story."""
        known = [fact for person in self.people for fact in self.world.told(person)]
        return self.chance.some(known, n)

    def _draw(self, relation: Passing, person: str) -> Fact:
        words, pick = lexicon(), self.chance.pick
        if relation == "why":
            reason = words.reasons[pick(words.keys("why"))]
            return Fact("why", person, reason.key, mood=pick(reason.feelings))
        about = person
        if relation in ("where", "who", "colour"):
            about = pick(words.objects)
        elif relation == "count":
            about = pick(words.things)
        return Fact(relation, about, person if relation == "who" else pick(words.keys(relation)))
