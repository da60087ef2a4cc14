"""The report card: a base model and the assistant that came of it, asked the same held-out
questions about their story world.

The base is asked few-shot in raw mode, the assistant through its chat template, both by llama.cpp,
the likeliest token always: the same files give the same card. Knows no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import AppError
from engine.process.pretrain_messages import CorpusInfo, QuestionScore, ReportCard
from finetune.corpus.made_files import is_corpus, read_info
from finetune.corpus.stories.facts import Question
from finetune.corpus.stories.scoring import score_answers
from finetune.measure.answers import Answerer, Asked, Voice
from finetune.measure.results import read_result
from finetune.pretraining import story_scores
from finetune.run.folder import RunFolder

# How far something is, 0 to 1, and its name; raises to stop.
Tell = Callable[[float, str], object]
_ADAPTER = "adapter.gguf"


def make_report_card(
    run: str,
    tuned: str,
    checkpoint: str = "",
    tell: Tell = lambda share, what: None,
    n_questions: int = story_scores.N_QUESTIONS,
) -> ReportCard:
    """Ask both.

    Args:
        run: the folder of a pretraining; checkpoint: one of its checkpoints, "" for the product.
        tuned: the folder of a fine-tuning that began with it.

    Raises:
        AppError: its text was no story world, or one of the two has no product yet.
    """
    folder = RunFolder(Path(run))
    world = story_world(folder)
    base, made = raised_model(folder, checkpoint), tuned_model(RunFolder(Path(tuned)))
    asked = story_scores.held_out_questions(world.stories_seed, n_questions)
    with Answerer(base, None) as answerer:
        asked = _most(answerer, asked)
        before = story_scores.few_shot_scores(
            answerer,
            asked,
            world.stories_seed,
            world.n_stories,
            lambda share: tell(share / 2, "base"),
        )
    is_adapter = made.name == _ADAPTER
    with Answerer(base if is_adapter else made, None) as answerer:
        voice = answerer.voice(made if is_adapter else None)
        said = ask_assistant(voice, asked, lambda share: tell(0.5 + share / 2, "assistant"))
    known = story_scores.baselines(world.stories_seed, world.n_stories)
    return ReportCard(base=before, assistant=score_answers(asked, said, known))


def ask_assistant(
    voice: Voice, asked: Sequence[Question], report: story_scores.Report
) -> list[str]:
    """What an assistant answers, each question in a chat of its own. Raises AppError."""
    said = []
    for number, question in enumerate(asked, start=1):
        said.append(voice.answer(Asked(question.prompt, "", story_scores.ANSWER_TOKENS)).text)
        report(number / len(asked))
    return said


def _most(answerer: Answerer, asked: Sequence[Question]) -> list[Question]:
    """The questions that a model can see whole.

    Raises:
        AppError: hardly any.
    """
    found = story_scores.fitting(answerer, asked)
    if len(found) < len(asked) / 2:
        raise AppError(
            f"This model sees {answerer.info.n_ctx:,} tokens at once, too few for a story and a "
            "question.",
            "Raise one with a longer context, or with a tokenizer of kind bpe.",
        )
    return found


def story_world(folder: RunFolder) -> CorpusInfo:
    """The corpus of a pretraining, if it is a story world.

    Raises:
        AppError: it is not, or is gone.
    """
    path = Path(folder.pretrain_config().corpus.path)
    if not is_corpus(path):
        raise AppError(
            "This model was not raised on a story world.",
            "Only there can be checked which answers are right.",
            str(path),
        )
    return as_story_world(read_info(path))


def as_story_world(info: CorpusInfo) -> CorpusInfo:
    """A corpus that is a story world. Raises AppError where it is none."""
    if info.stories_seed < 0:
        raise AppError(
            f"“{info.name}” is no story world.",
            "Conversations and questions come from the generator of its stories; choose or make a "
            "text with that source.",
        )
    return info


def raised_model(folder: RunFolder, checkpoint: str = "") -> Path:
    """The GGUF of a pretraining or of one of its checkpoints.

    Raises:
        AppError: there is none.
    """
    path = folder.model
    if checkpoint:
        path = folder.checkpoints / Path(checkpoint).name / "model.gguf"
    return _there(path)


def tuned_model(folder: RunFolder) -> Path:
    """What a fine-tuning made: a whole model, or an adapter.

    Raises:
        AppError: it has no product yet.
    """
    result = read_result(folder)
    return _there(folder.path / result.product if result and result.product else folder.adapter)


def _there(path: Path) -> Path:
    if not path.is_file():
        raise AppError(
            "This run has no model yet.", "Let it come to its end, or resume it.", str(path)
        )
    return path


def n_right(scores: Sequence[QuestionScore]) -> tuple[int, int]:
    """Of all kinds together: how many were right, and of how many."""
    return sum(one.n_right for one in scores), sum(one.n for one in scores)
