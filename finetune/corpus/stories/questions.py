"""Questions to a story world: held-out ones to examine a model with, and ones it may learn from.

A question asks for one fact of a short story that has others like it, so it is answered by reading
and not by guessing; or for a lasting fact of the world, which is in no story that goes with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from finetune.corpus.stories import telling
from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.facts import (
    LASTING,
    PASSING,
    Fact,
    Passing,
    Question,
    Story,
)
from finetune.corpus.stories.lexicon import lexicon
from finetune.corpus.stories.world import World, world_of
from finetune.corpus.stories.write import short_story


def questions(n: int, seed: int) -> Iterator[Question]:
    """Held-out questions about stories, of all kinds in turn. Half of them ask for a pairing that
    training never saw; of these, one in two is in words that it never saw, as are all the others.

    Args:
        n: how many.
        seed: of their world.
    """
    world = world_of(seed)
    for number in range(n):
        kind = PASSING[number % len(PASSING)]
        turn = number // len(PASSING) % 4
        chance = Chance(seed, "question", number)
        is_new_pairing, is_new_wording = turn % 2 == 0, turn != 0
        yield about_story(world, kind, chance, is_new_pairing, is_new_wording)


def lasting_questions(seed: int) -> Iterator[Question]:
    """A question about every lasting fact of a world, in words that training never saw: is_new_
    pairing where no story tells it, so that it can only be guessed."""
    world = world_of(seed)
    for (person, relation), fact in world.lasting.items():
        chance = Chance(seed, "lasting question", person, relation)
        is_new = not world.is_told(person, relation)
        yield question(world, None, fact, chance, is_new, is_new_wording=True)


def recall_questions(seed: int) -> Iterator[Question]:
    """The same facts as beginnings of sentences that stories have; a base model ends them."""
    world = world_of(seed)
    for (person, relation), fact in world.lasting.items():
        beginning, end = telling.recall(fact)
        is_new = not world.is_told(person, relation)
        yield Question(relation, None, fact, beginning, end, fact.b, is_new, is_new_wording=False)


def about_story(
    world: World, kind: Passing, chance: Chance, is_new_pairing: bool, is_new_wording: bool
) -> Question:
    """A question of a kind about a short story of its own."""
    story, fact = short_story(world, chance, kind, asked_is_new=is_new_pairing)
    return question(world, story, fact, chance, is_new_pairing, is_new_wording)


def question(
    world: World,
    story: Story | None,
    fact: Fact,
    chance: Chance,
    is_new_pairing: bool = False,
    is_new_wording: bool = False,
) -> Question:
    """A question for a fact, in words of which training has seen this very choice or not."""
    while True:
        lead, asked = (
            chance.pick(lexicon().leads),
            chance.pick(lexicon().tellings[fact.relation].asked),
        )
        if world.holds_out_wording(fact.relation, lead, asked) == is_new_wording:
            break
    return Question(
        fact.relation,
        story,
        fact,
        telling.ask(lead, asked, fact),
        telling.answer(fact),
        fact.b,
        is_new_pairing,
        is_new_wording,
    )


def told_lasting(world: World, chance: Chance) -> Question:
    """A question about a lasting fact that stories tell, in words that may be learned from."""
    while True:
        person, relation = chance.pick(lexicon().people), chance.pick(LASTING)
        if world.is_told(person, relation):
            return question(world, None, world.lasting[person, relation], chance)
