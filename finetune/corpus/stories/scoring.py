"""Whether an answer is right, and what answers without understanding would come to.

An answer is right if it says the key and no other word that could have been one. Two baselines are
really worked out: the commonest answer to questions of the kind, and the answer that stands in the
sentence of the training text that is nearest to the question.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from engine.process.pretrain_messages import QuestionScore
from finetune.corpus.stories import telling
from finetune.corpus.stories.facts import Fact, Question, Relation, Story
from finetune.corpus.stories.lexicon import lexicon

_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
_N_EXAMPLES = 4


def words_of(text: str) -> list[str]:
    """A text's words, in small letters, without marks."""
    return _WORD.findall(text.lower())


def is_right(question: Question, said: str) -> bool:
    """Whether what was said says the key and no other candidate of its kind."""
    keys = {one.lower() for one in lexicon().keys(question.kind)}
    return keys & set(words_of(said)) == {question.key.lower()}


def score_answers(
    questions: Sequence[Question], said: Sequence[str], seen: Baselines
) -> list[QuestionScore]:
    """What was said, counted by kind and by whether training saw the very pairing.

    Args:
        said: an answer for each question, in their order.
        seen: what training had in it.
    """
    groups: dict[tuple[Relation, bool], list[tuple[Question, str]]] = defaultdict(list)
    for question, one in zip(questions, said, strict=True):
        groups[question.kind, not question.is_new_pairing].append((question, one))
    return [
        QuestionScore(
            kind=kind,
            is_seen=is_seen,
            n=len(asked),
            n_right=sum(is_right(question, one) for question, one in asked),
            n_majority=_n_right(asked, seen.majority),
            n_nearest=_n_right(asked, seen.nearest),
            examples=[
                (question.text, question.answer, one) for question, one in asked[:_N_EXAMPLES]
            ],
        )
        for (kind, is_seen), asked in groups.items()
    ]


def _n_right(asked: Iterable[tuple[Question, str]], guess: Callable[[Question], str]) -> int:
    return sum(is_right(question, guess(question)) for question, _ in asked)


class Baselines:
    """Answers from what training had in it, without reading the story that is asked about.

    Args:
        stories: that were learned from.
        asked: questions that were learned from.
    """

    def __init__(self, stories: Iterable[Story], asked: Iterable[Question]) -> None:
        self._told: dict[Relation, _Sentences] = defaultdict(_Sentences)
        answers: dict[Relation, Counter[str]] = defaultdict(Counter)
        for story in stories:
            for fact in story.facts:
                self._told[fact.relation].add(fact, fact.sentence)
                answers[fact.relation][fact.b] += 1
        for question in asked:
            self._told[question.fact.relation].add(
                question.fact, f"{question.text} {question.answer}"
            )
            answers[question.kind][question.key] += 1
        # Alphabetical among equals, so that it is the same on every machine.
        self._common = {
            kind: min(counts, key=lambda one: (-counts[one], one))
            for kind, counts in answers.items()
        }

    def majority(self, question: Question) -> str:
        """What is the answer most often to questions of the kind; "" where none was seen."""
        return self._common.get(question.kind, "")

    def nearest(self, question: Question) -> str:
        """What the nearest seen sentence says: the one that shares most of the question's words,
        rare ones counting more, and among equals most of its story's."""
        fact = self._told[question.fact.relation].nearest(question)
        return telling.answer(fact) if fact else ""


class _Sentences:
    """Sentences that tell facts of one relation, found by their words (tf-idf without the tf)."""

    def __init__(self) -> None:
        self._known: set[tuple[str, Fact]] = set()
        self._told: list[tuple[frozenset[str], Fact]] = []
        self._with: dict[str, list[int]] = defaultdict(list)

    def add(self, fact: Fact, sentence: str) -> None:
        if (sentence, fact) in self._known:
            return
        self._known.add((sentence, fact))
        words = frozenset(words_of(sentence))
        for word in words:
            self._with[word].append(len(self._told))
        self._told.append((words, fact))

    def nearest(self, question: Question) -> Fact | None:
        """The fact of the sentence that is nearest to a question, None where there are none."""
        if not self._told:
            return None
        asked = set(words_of(question.text))
        near: dict[int, float] = defaultdict(float)
        for word in sorted(asked):
            for one in self._with.get(word, ()):
                near[one] += self._weight(word)
        best = max(near.values(), default=0.0)
        among = [one for one, weight in near.items() if weight > best - 1e-9]
        around = sorted(set(words_of(question.prompt)) - asked)
        found = max(
            sorted(among) or [0],
            key=lambda one: math.fsum(
                self._weight(word) for word in around if word in self._told[one][0]
            ),
        )
        return self._told[found][1]

    def _weight(self, word: str) -> float:
        return math.log(1 + len(self._told) / (1 + len(self._with.get(word, ()))))
