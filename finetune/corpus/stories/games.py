"""Stories of people at games: facts are told and asked for at once, or words are said again.

Children play so with stories; and a model meets much that can be looked up in little text.
"""

from __future__ import annotations

from dataclasses import replace

from finetune.corpus.stories import telling
from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.english import capital
from finetune.corpus.stories.facts import Relation, Story
from finetune.corpus.stories.lexicon import lexicon
from finetune.corpus.stories.lines import line, sentence
from finetune.corpus.stories.plot import Plot

_ECHOED: tuple[Relation, ...] = ("where", "went", "who", "what", "count", "colour")


def quiz(plot: Plot) -> Story:
    """Two or three rounds: some facts are told, and each is asked for. Sometimes one that is so in
    all stories goes before."""
    chance = plot.chance
    told = [replace(one, sentence=sentence(one, plot)) for one in plot.lasting(chance.below(2))]
    lines = [" ".join([line("quiz", plot), *(one.sentence for one in told)])]
    for theme in plot.themes(2 + chance.below(2)):
        facts = [replace(one, sentence=sentence(one, plot)) for one in plot.facts(theme)]
        lines.append(" ".join(one.sentence for one in facts))
        for one in chance.some(facts, len(facts)):
            question = capital(telling.ask_aloud(one, chance))
            lines.append(f"“{question}” “{capital(telling.answer(one))}”")
        told += facts
    return Story("\n".join([*lines, line("ending", plot)]), tuple(told), tuple(plot.people))


def echo(plot: Plot) -> Story:
    """Two or three rounds: one says a row of words, the others say it after them. Words of the
    world in no order, so that all but the first saying can be looked up and nothing be guessed."""
    chance = plot.chance
    lines = [line("echo", plot)]
    for _ in range(2 + chance.below(2)):
        row = ", ".join(_word(chance) for _ in range(4 + chance.below(5)))
        speakers = chance.some(plot.people, 2)
        lines += [f"{who} said: {row}." for who in speakers]
    return Story("\n".join([*lines, line("ending", plot)]), (), tuple(plot.people))


def _word(chance: Chance) -> str:
    return chance.pick(lexicon().keys(chance.pick(_ECHOED)))
