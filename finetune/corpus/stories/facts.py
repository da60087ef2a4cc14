"""What the story world knows: facts, and questions about them. Names only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

# What a story itself tells: it is so in this story and no other.
Passing = Literal["where", "went", "who", "what", "count", "colour", "why"]
# What is so in all stories of a world.
Lasting = Literal["home", "pet", "food", "trade"]
Relation = Passing | Lasting

PASSING: tuple[Passing, ...] = get_args(Passing)
LASTING: tuple[Lasting, ...] = get_args(Lasting)


@dataclass(frozen=True)
class Fact:
    """`b` is what is said about `a`: where the kite was, whose it was, what Mira had, how many
    shells there were, why Mira was sad (the reason's word). mood: of a why; animal: of a pet;
    sentence: how its story tells it, "" where it is not told."""

    relation: Relation
    a: str
    b: str
    mood: str = ""
    animal: str = ""
    sentence: str = ""


@dataclass(frozen=True)
class Story:
    """A text, and all that it tells in order. people: who is in it."""

    text: str
    facts: tuple[Fact, ...]
    people: tuple[str, ...]

    @property
    def n_words(self) -> int:
        return len(self.text.split())


@dataclass(frozen=True)
class Question:
    """A question about a story (None: about what is so in the whole world).

    key: the word that a right answer says; answer: how it is said. is_new_pairing: training never
    saw that b with that a; is_new_wording: nor a question in these words.
    """

    kind: Relation
    story: Story | None
    fact: Fact
    text: str
    answer: str
    key: str
    is_new_pairing: bool
    is_new_wording: bool

    @property
    def prompt(self) -> str:
        """As it is put to an assistant."""
        return f"{self.story.text}\n\n{self.text}" if self.story else self.text
