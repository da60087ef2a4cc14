"""Single lines of a story: facts told, and the scenery around them."""

from __future__ import annotations

from finetune.corpus.stories import telling
from finetune.corpus.stories.english import capital, fill
from finetune.corpus.stories.facts import Fact
from finetune.corpus.stories.lexicon import lexicon
from finetune.corpus.stories.plot import Plot


def sentence(fact: Fact, plot: Plot) -> str:
    """A fact as one of its people does it."""
    return capital(telling.tell(fact, plot.chance.pick(plot.people), plot.chance))


def line(rule: str, plot: Plot) -> str:
    """A line of the scenery: a template of that name, its slots filled with others."""
    scenery, chance = lexicon().scenery, plot.chance
    bound = dict(zip("NM", chance.some(plot.people, 2), strict=True))

    def value(name: str) -> str:
        if name in bound:
            return bound[name]
        return fill(chance.early(scenery[name]), value)

    return fill(chance.pick(scenery[rule]), value)
