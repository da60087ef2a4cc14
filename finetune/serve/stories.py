"""Requests about story worlds: conversations as a dataset, and the report card."""

from __future__ import annotations

from pathlib import Path

from engine.errors import AppError
from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import AnyRequest, AnyResult, Progress
from engine.process.pretrain_messages import (
    CorpusInfo,
    ListStoryShots,
    MakeReportCard,
    MakeStoryRows,
    ReportCard,
    StoryShot,
    StoryShots,
)
from finetune.corpus.made_files import is_corpus, read_info
from finetune.corpus.stories.conversations import conversations, learned_questions
from finetune.corpus.stories.facts import Question
from finetune.corpus.stories.questions import questions
from finetune.data.dataset_files import About
from finetune.data.dataset_info import info_of
from finetune.data.datasets import NewDataset
from finetune.pretraining.assistant import write_card
from finetune.pretraining.report_card import as_story_world, make_report_card
from finetune.pretraining.story_scores import as_asked, as_example
from finetune.run.folder import RunFolder
from finetune.serve.data import Shared, open_dataset
from finetune.serve.result import Report, telling

MOST_ROWS = 100_000
_ROWS_AT_ONCE = 64


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    if isinstance(request, ListStoryShots):
        return _shots(request, shared)
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    if isinstance(request, MakeStoryRows):
        return _make_rows(request, shared)
    if isinstance(request, MakeReportCard):
        return in_thread(lambda report: _make_card(request, report))
    return None


def _make_card(request: MakeReportCard, report: Report) -> ReportCard:
    card = make_report_card(request.run, request.tuned, request.checkpoint, telling(report))
    write_card(RunFolder(Path(request.run)), Path(request.tuned), card)
    return card


def _make_rows(request: MakeStoryRows, shared: Shared) -> JobGenerator:
    if not 1 <= request.n <= MOST_ROWS:
        raise AppError(
            f"{request.n:,} conversations cannot be written.", f"Ask for 1 to {MOST_ROWS:,}."
        )
    world = as_story_world(_corpus(shared, request.corpus))
    name = request.name or f"Conversations about {world.name}"
    about = About(name, sources=(f"stories of seed {world.stories_seed}",))
    with NewDataset(shared.paths.datasets, about) as new:
        for number, row in enumerate(conversations(request.n, world.stories_seed)):
            new.writer.add(row)
            if number % _ROWS_AT_ONCE == 0:
                yield Progress(job=0, fraction=number / request.n, what="writing")
        folder = new.keep("messages")
    return info_of((yield from open_dataset(shared, folder.name)))


def _shots(request: ListStoryShots, shared: Shared) -> StoryShots:
    seed = as_story_world(_corpus(shared, request.corpus)).stories_seed
    learned = (one for one in learned_questions(request.n_shots, seed) if one.story)
    return StoryShots(
        shots=[_shot(one) for one in learned],
        asked=[_shot(one) for one in questions(request.n_asked, seed)],
    )


def _shot(question: Question) -> StoryShot:
    return StoryShot(question.kind, as_asked(question), question.answer, as_example(question))


def _corpus(shared: Shared, corpus: str) -> CorpusInfo:
    """By its id, or by the path of its folder. Raises AppError where it is not there."""
    path = Path(corpus)
    is_name = corpus not in ("", ".", "..") and (path.is_absolute() or len(path.parts) == 1)
    folder = path if path.is_absolute() else shared.paths.corpora / path
    if not is_name or not is_corpus(folder):
        raise AppError(
            "This text is not there any more.", "It was deleted, perhaps in another window."
        )
    return read_info(folder)
