"""A base model asked about its story world, by llama.cpp in raw mode: few-shot questions about
stories, and beginnings of sentences that tell what is so in all of them (recall against guess).

Greedy, so the same file gives the same scores. Knows no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from engine.process.messages import Generate, Generated, Sampling
from engine.process.pretrain_messages import QuestionScore
from finetune.corpus.stories.conversations import learned_questions
from finetune.corpus.stories.facts import Question
from finetune.corpus.stories.questions import questions, recall_questions
from finetune.corpus.stories.scoring import Baselines, score_answers
from finetune.corpus.stories.write import write_stories
from finetune.measure.answers import Answerer

Report = Callable[[float], object]
N_QUESTIONS = 280  # ten for each kind, pairing and wording
# More do not change what the baselines say, and only take time.
_MOST_STORIES, _MOST_ROWS = 4000, 4000
_N_SHOTS = 2
ANSWER_TOKENS = 20
_MARKS = 8  # tokens that a template puts around a turn
_GREEDY = Sampling(temperature=0.0, top_k=1, top_p=1.0, min_p=0.0)


@lru_cache(1)
def baselines(seed: int, n_stories: int) -> Baselines:
    """What a world's stories and conversations had in them."""
    stories = write_stories(min(n_stories, _MOST_STORIES), seed)
    return Baselines(stories, learned_questions(_MOST_ROWS, seed))


def held_out_questions(seed: int, n: int = N_QUESTIONS) -> list[Question]:
    """Those of a report card."""
    return list(questions(n, seed))


def fact_scores(
    answerer: Answerer, seed: int, n_stories: int, report: Report
) -> list[QuestionScore]:
    """What a base recalls of the lasting facts that stories told, and how often it guesses right
    those that none did. Raises AppError where it cannot be asked."""
    asked = list(recall_questions(seed))
    prompts = [_begun(answerer, question, asked) for question in asked]
    said = _said(answerer, prompts, [".", "\n"], report)
    return score_answers(asked, said, baselines(seed, n_stories))


def few_shot_scores(
    answerer: Answerer, asked: Sequence[Question], seed: int, n_stories: int, report: Report
) -> list[QuestionScore]:
    """A base asked about stories, after stories with their questions answered; only what fits into
    its context is asked. Raises AppError."""
    asked = fitting(answerer, asked)
    shots = list(learned_questions(200, seed))
    prompts = [few_shot_prompt(answerer, question, shots) for question in asked]
    said = _said(answerer, prompts, ["”", "\n"], report)
    return score_answers(asked, said, baselines(seed, n_stories))


def fitting(answerer: Answerer, asked: Sequence[Question]) -> list[Question]:
    """The questions that a model can see whole, with room for an answer."""
    room = answerer.info.n_ctx - ANSWER_TOKENS - _MARKS
    return [one for one in asked if len(answerer.ids_of(as_asked(one))) <= room]


def few_shot_prompt(answerer: Answerer, question: Question, shots: Sequence[Question]) -> str:
    """As the world's stories ask and answer: as many shots of the question's kind as fit into the
    context, shorter ones first; at most two."""
    like_it = sorted(
        (one for one in shots if one.kind == question.kind and one.story),
        key=lambda one: len(one.prompt),
    )
    room = answerer.info.n_ctx - ANSWER_TOKENS - 2
    prompt = as_asked(question)
    for shot in like_it[:_N_SHOTS]:
        longer = as_example(shot) + prompt
        if len(answerer.ids_of(longer)) > room:
            break
        prompt = longer
    return prompt


def as_example(question: Question) -> str:
    """A question about a story, answered as stories do; another one may follow."""
    return f"{as_asked(question)}{question.answer[:-1]},” said Grandfather.\n\n"


def as_asked(question: Question) -> str:
    """The same up to where its answer begins."""
    assert question.story is not None
    return f"{question.story.text}\n“{question.text}” asked Grandmother. “"


def _begun(answerer: Answerer, question: Question, others: Sequence[Question]) -> str:
    """Two told facts of the kind, whole, and the beginning of this one."""
    shots = [
        one
        for one in others
        if one.kind == question.kind and one != question and not one.is_new_pairing
    ][:_N_SHOTS]
    return "".join(f"{one.text} {one.answer}\n" for one in shots) + question.text


def _said(answerer: Answerer, prompts: Sequence[str], stop: list[str], report: Report) -> list[str]:
    said = []
    for number, prompt in enumerate(prompts, start=1):
        said.append(_ended(answerer, prompt, stop))
        report(number / len(prompts))
    return said


def _ended(answerer: Answerer, prompt: str, stop: list[str]) -> str:
    """How the model goes on, up to where an answer ends."""
    found = answerer.client.ask(
        lambda job: Generate(
            job=job,
            prompt=prompt,
            max_tokens=ANSWER_TOKENS,
            stop=stop,
            sampling=_GREEDY,
            logprobs=False,
            private=True,
        )
    )
    assert isinstance(found, Generated), found
    return found.replies[0].text.strip()
