"""Stories of people at a game of remembering: facts are told, and asked for at once.

Children play so with stories; and a model meets many questions in little text.
"""

from __future__ import annotations

from dataclasses import replace

from finetune.corpus.stories import telling
from finetune.corpus.stories.english import capital
from finetune.corpus.stories.facts import Story
from finetune.corpus.stories.lines import line, sentence
from finetune.corpus.stories.plot import Plot


def quiz(plot: Plot) -> Story:
    """Two or three rounds: some facts are told, and each is asked for."""
    chance = plot.chance
    lines, told = [line("quiz", plot)], []
    for theme in plot.themes(2 + chance.below(2)):
        facts = [replace(one, sentence=sentence(one, plot)) for one in plot.facts(theme)]
        lines.append(" ".join(one.sentence for one in facts))
        for one in chance.some(facts, len(facts)):
            question = capital(telling.ask_aloud(one, chance))
            lines.append(f"“{question}” “{capital(telling.answer(one))}”")
        told += facts
    return Story("\n".join([*lines, line("ending", plot)]), tuple(told), tuple(plot.people))
