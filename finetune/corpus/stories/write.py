"""Stories: a plot told in sentences, with something around it. Read write_stories first.

A story of a seed and number is always the same, whichever are made before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from finetune.corpus.stories import telling
from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.english import capital
from finetune.corpus.stories.facts import PASSING, Fact, Passing, Story
from finetune.corpus.stories.games import echo, quiz
from finetune.corpus.stories.lexicon import lexicon
from finetune.corpus.stories.lines import line, sentence
from finetune.corpus.stories.plot import BESIDE, Plot
from finetune.corpus.stories.world import World, world_of

FEWEST_WORDS, MOST_WORDS = 40, 150
_WORD_FOR_WORD = 0.6
_QUIZZES, _ECHOES = 50, 20  # of a hundred stories; the others are tales


@dataclass(frozen=True)
class _Size:
    """How many of each; talks: questions that people of the story ask each other."""

    themes: int
    lasting: int
    around: int
    again: int
    talks: int


def write_stories(n: int, seed: int, first: int = 0) -> Iterator[Story]:
    """Stories to learn from: nothing in them is held out.

    Args:
        n: how many.
        seed: of their world.
        first: the number of the first.
    """
    for number in range(first, first + n):
        yield story(world_of(seed), number)


def story(world: World, number: int) -> Story:
    """The story of a number: a tale, or a game."""
    for attempt in range(1000):
        plot = Plot(world, Chance(world.seed, "story", number, attempt))
        found = _of_some_form(plot)
        if FEWEST_WORDS <= found.n_words <= MOST_WORDS:
            return found
    raise AssertionError((world.seed, number))


def _of_some_form(plot: Plot) -> Story:
    drawn = plot.chance.below(100)
    if drawn < _ECHOES:
        return echo(plot)
    return quiz(plot) if drawn < _ECHOES + _QUIZZES else _tale(plot)


def _tale(plot: Plot) -> Story:
    chance = plot.chance
    size = _Size(
        themes=1 + chance.is_so(0.35),
        lasting=chance.below(3),
        around=chance.below(3),
        again=1 + chance.below(2),
        talks=2 + chance.below(2),
    )
    facts = [fact for theme in plot.themes(size.themes) for fact in plot.facts(theme)]
    return _told(plot, facts, size)


def short_story(
    world: World, chance: Chance, theme: Passing, *, asked_is_new: bool = False
) -> tuple[Story, Fact]:
    """A story to be asked about, and the fact of the theme that is asked for.

    Args:
        asked_is_new: whether that fact is a pairing that is held out.
    """
    while True:
        plot = Plot(world, chance)
        same = plot.facts(theme, asked_is_new=asked_is_new)
        if not same:
            continue
        asked, *others = same
        for other in plot.themes(2):
            if other != theme and {other, theme} != BESIDE and chance.is_so(0.4):
                others += plot.facts(other)
        size = _Size(0, lasting=chance.below(2), around=chance.below(3), again=0, talks=0)
        found = _told(plot, [asked, *others], size)
        if FEWEST_WORDS <= found.n_words <= MOST_WORDS:
            return found, next(
                one for one in found.facts if (one.relation, one.a) == (theme, asked.a)
            )


def _told(plot: Plot, facts: list[Fact], size: _Size) -> Story:
    """A plot as a story."""
    chance = plot.chance
    facts = [*plot.lasting(size.lasting), *chance.some(facts, len(facts))]
    told = [replace(one, sentence=sentence(one, plot)) for one in facts]
    sentences = [one.sentence for one in told]
    for _ in range(size.around):
        sentences.insert(chance.below(len(sentences) + 1), line("around", plot))
    sentences.insert(0, line("opening", plot))
    passing = [one for one in told if one.relation in PASSING]
    for one in chance.some(passing, size.again):
        sentences.append(_again(one, plot))
    parts = [" ".join(sentences)]
    parts += [_talk(one, plot) for one in chance.some(passing, size.talks)]
    if size.talks:
        parts.append(line("ending", plot))
    return Story("\n".join(parts), tuple(told), tuple(plot.people))


def _again(fact: Fact, plot: Plot) -> str:
    """The end comes back to a fact: in other words, or word for word, as who tells to children
    does."""
    chance = plot.chance
    if chance.is_so(_WORD_FOR_WORD):
        return f"{chance.pick(lexicon().scenery['refrain'])} {fact.sentence}"
    return telling.tell_again(fact, chance.pick(plot.people), chance)


def _talk(fact: Fact, plot: Plot) -> str:
    """Somebody asks, and is answered."""
    chance = plot.chance
    asked, said = telling.ask_aloud(fact, chance), telling.answer(fact)
    asker, answerer = line("asker", plot), line("answerer", plot)
    return f"“{capital(asked)}” {asker}. “{capital(said[:-1])},” {answerer}."
