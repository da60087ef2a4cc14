"""What a lesson is made of, as its file in resources/lessons has it. Types and their checks only.

Its texts may hold {end}: the token that ends a turn with the tokenizer in use.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Struct

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=600)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]*$")]
GuessKind = Literal["number", "text", "choice"]
N_LOOKS = 3


class Measure(Struct, frozen=True, forbid_unknown_fields=True):
    """What the room finds out, so that the answer is the model's own: the tokens of a text
    ("tokens"), or how many times as many it has as another one ("times").

    text or sample (a file of resources/samples): the text; than, than_sample: the other one.
    """

    kind: Literal["tokens", "times"]
    text: str = ""
    sample: str = ""
    than: str = ""
    than_sample: str = ""

    def __post_init__(self) -> None:
        if bool(self.text) == bool(self.sample):
            raise ValueError("a measure has either a text or a sample")
        has_other = bool(self.than) != bool(self.than_sample)
        if (self.kind == "times") != has_other or (self.than and self.than_sample):
            raise ValueError("“times” has one other text (than, than_sample), “tokens” has none")


class Guess(Struct, frozen=True, forbid_unknown_fields=True):
    """The question before the lesson. kind "choice": options, and answer is one of them; "text":
    answer, and accept, others that are as right; "number": answer, or measure. unit: the words
    behind a number. because: a sentence that is said with the answer."""

    kind: GuessKind
    question: Line
    options: list[Line] = []
    answer: str | int | float | None = None
    accept: list[str] = []
    measure: Measure | None = None
    unit: str = ""
    because: str = ""

    def __post_init__(self) -> None:
        if (self.answer is None) == (self.measure is None):
            raise ValueError("a guess has either an answer or a measure")
        if self.kind != "number" and (self.measure or not isinstance(self.answer, str)):
            raise ValueError("the answer of a choice or a text is written out")
        if self.kind == "number" and isinstance(self.answer, str):
            raise ValueError("the answer of a number is a number")
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("a choice has options, and nothing else has")
        if self.kind == "choice" and (self.answer not in self.options or len(self.options) < 2):
            raise ValueError("a choice has at least two options, and its answer is one of them")


class Setup(Struct, frozen=True, forbid_unknown_fields=True):
    """What a room does at “Show me”. room: its key; page and panel: of that room, "" to stay.

    text or sample: what is shown; tokenizer: "model" for that of the model in use, or a source;
    choose: a part of the text whose first token is chosen, "" for none; special: whether special
    tokens are read in the text, None to leave it.
    """

    room: Name
    page: str = ""
    panel: str = ""
    text: str = ""
    sample: str = ""
    tokenizer: str = "model"
    choose: str = ""
    special: bool | None = None

    def __post_init__(self) -> None:
        if self.text and self.sample:
            raise ValueError("a room is shown either a text or a sample")
        if self.choose and not self.sample and self.choose not in self.text:
            raise ValueError("what is to be chosen is not in the text")


class Lesson(Struct, frozen=True, forbid_unknown_fields=True):
    """A claim, a guess, what to look at, and what it means. stage: an id of stages.toml; place:
    where it stands among the stage's lessons."""

    id: Name
    stage: Name
    place: int
    title: Line
    claim: Line
    guess: Guess
    show: Setup
    look: list[Line]
    meaning: Line

    def __post_init__(self) -> None:
        if len(self.look) != N_LOOKS:
            raise ValueError(f"there are {N_LOOKS} lines of what to look for")


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """A stage in a model's life and what happens there, in a sentence. room: the key of the room
    where it can be done, "" where there is none."""

    id: Name
    title: Line
    words: Line
    room: str = ""
