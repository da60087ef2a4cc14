"""Facts as sentences, questions and answers."""

from __future__ import annotations

from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.english import article, capital, fill
from finetune.corpus.stories.facts import Fact
from finetune.corpus.stories.lexicon import lexicon


def slots(fact: Fact, person: str = "") -> dict[str, str]:
    """What a fact puts into templates; person: who does it."""
    words = lexicon()
    b = fact.b
    if fact.relation == "why":
        their, them = ("her", "her") if fact.a in words.girls else ("his", "him")
        b = words.reasons[b].clause.replace("{their}", their).replace("{them}", them)
    before = words.places.get(fact.b, "")
    one = article(fact.b)
    return {
        "a": fact.a,
        "b": b,
        "B": capital(b),
        "N": person,
        "in": before,
        "In": before.capitalize(),
        "one": one,
        "One": one.capitalize(),
        "oneA": article(fact.a),
        "mood": fact.mood,
        "animal": fact.animal,
    }


def tell(fact: Fact, person: str, chance: Chance) -> str:
    """The sentence that tells a fact."""
    return _put(chance.pick(lexicon().tellings[fact.relation].told), fact, person)


def tell_again(fact: Fact, person: str, chance: Chance) -> str:
    """How the end of a story comes back to a fact."""
    return _put(chance.pick(lexicon().tellings[fact.relation].again), fact, person)


def ask_aloud(fact: Fact, chance: Chance) -> str:
    """A question for a fact as somebody in the story asks it."""
    return _put(chance.pick(lexicon().tellings[fact.relation].spoken), fact)


def ask(lead: str, asked: str, fact: Fact) -> str:
    """A question as an assistant is asked it: a lead, and one of the kind's ways to ask."""
    return capital(lead + _put(asked, fact))


def answer(fact: Fact) -> str:
    """The sentence that answers with a fact: what was asked for first, so that what is to be said
    next can be looked up by it."""
    return _put(lexicon().tellings[fact.relation].answers[0], fact)


def recall(fact: Fact) -> tuple[str, str]:
    """How a sentence that tells a lasting fact begins, and how it ends."""
    beginning = _put(lexicon().tellings[fact.relation].recall[0], fact)
    one = f"{article(fact.b)} " if fact.relation == "home" else ""
    return beginning, f"{one}{fact.b}."


def _put(template: str, fact: Fact, person: str = "") -> str:
    return fill(template, slots(fact, person).__getitem__)
