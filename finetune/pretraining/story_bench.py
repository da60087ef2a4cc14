"""From an empty folder to an assistant that answers questions about little stories, all by the
processes that the window starts too: text, tokenizer, base, conversations, assistant. Then what it
is worth, held against its base and against answers without understanding.

raise_assistant() makes everything, judge() asks. `bathysphere bench pretrain` calls both.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.process.pretrain_messages import Cleaning, CorpusInfo, CorpusSource, ReportCard
from finetune.config import RunConfig
from finetune.corpus.making import make_corpus
from finetune.corpus.stories.conversations import conversations
from finetune.data.rows import to_line
from finetune.export.chat_base import write_chat_base
from finetune.pretraining.assistant import MOST_LENGTH
from finetune.pretraining.assistant import assistant_config as to_assistant
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import suited_fields
from finetune.pretraining.report_card import make_report_card, n_right
from finetune.run.folder import RunFolder
from finetune.run_toml import RunFile, changed, to_toml

Say = Callable[[str], object]


@dataclass(frozen=True)
class StoryPlan:
    """What goes into it. pretrain_minutes and sft_minutes: of the training alone; the rest of the
    ten minutes is for text, tokenizer, export and checks."""

    seed: int = 0
    n_stories: int = 24_000
    vocab: int = 2048
    depth: int = 4
    context: int = 256
    pretrain_minutes: float = 5.5
    n_rows: int = 8_000
    sft_minutes: float = 2.0
    sft_batch: int = 16
    sft_rate: float = 1.5e-3


@dataclass
class Raised:
    """What was made, and how many seconds each stage took."""

    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def base(self) -> RunFolder:
        return RunFolder(self.folder / "base")

    @property
    def assistant(self) -> RunFolder:
        return RunFolder(self.folder / "assistant")

    @property
    def total_s(self) -> float:
        return sum(self.seconds.values())

    @contextmanager
    def stage(self, name: str, say: Say) -> Iterator[None]:
        say(name)
        began_s = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began_s, 1)


@dataclass(frozen=True)
class StoryNumbers:
    """Shares of held-out questions that were right, 0 to 1: by the assistant in chat, by the base
    few-shot, by the commonest answer, by the nearest sentence that training saw."""

    seconds: dict[str, float]
    total_s: float
    n_questions: int
    assistant: float
    base: float
    majority: float
    nearest: float
    kinds: dict[str, str]


def raise_assistant(folder: Path, plan: StoryPlan, say: Say = lambda words: None) -> Raised:
    """All stages, one after the other.

    Args:
        folder: an empty one.
        say: told the name of each stage as it begins.

    Raises:
        AppError, CalledProcessError: a stage failed; what came before is there.
    """
    raised = Raised(folder)
    with raised.stage("text", say):
        corpus = _corpus(folder, plan)
    with raised.stage("tokenizer, base, export", say):
        _run("pretrain", folder / "base.toml", base_config(raised, corpus, plan))
    with raised.stage("conversations", say):
        write_chat_base(raised.base.model, folder / "chat-base.gguf")
        with (folder / "rows.jsonl").open("wb") as file:
            file.writelines(map(to_line, conversations(plan.n_rows, plan.seed)))
    with raised.stage("assistant, export", say):
        _run("sft", folder / "assistant.toml", assistant_config(raised, plan))
    return raised


def judge(raised: Raised) -> tuple[StoryNumbers, ReportCard]:
    """Ask base and assistant the held-out questions. Raises AppError where they cannot be."""
    card = make_report_card(str(raised.base.path), str(raised.assistant.path))
    right, n = n_right(card.assistant)
    numbers = StoryNumbers(
        seconds=raised.seconds,
        total_s=round(raised.total_s, 1),
        n_questions=n,
        assistant=right / n,
        base=n_right(card.base)[0] / n,
        majority=sum(one.n_majority for one in card.assistant) / n,
        nearest=sum(one.n_nearest for one in card.assistant) / n,
        kinds={
            f"{one.kind}, {'seen' if one.is_seen else 'new'} pairing": f"{one.n_right} of {one.n}"
            for one in card.assistant
        },
    )
    return numbers, card


def base_config(raised: Raised, corpus: CorpusInfo, plan: StoryPlan) -> PretrainConfig:
    """The pretraining's RUN.toml."""
    return changed(
        PretrainConfig(),
        corpus__path=corpus.path,
        corpus__validation=0.01,
        tokenizer__vocab=plan.vocab,
        model__depth=plan.depth,
        model__context=plan.context,
        **{
            **suited_fields(PretrainConfig().train, is_stories=True),
            "train__minutes": plan.pretrain_minutes,
        },
        train__seed=plan.seed,
        out__dir=str(raised.base.path),
        out__name="Story base",
    )


def assistant_config(raised: Raised, plan: StoryPlan) -> RunConfig:
    """The fine-tuning's: the plan that the window makes too, at this one's pace."""
    return changed(
        to_assistant(
            str(raised.folder / "chat-base.gguf"),
            str(raised.folder / "rows.jsonl"),
            "Story assistant",
            context=MOST_LENGTH,
            n_weights=0,
            minutes=plan.sft_minutes,
        ),
        train__batch=plan.sft_batch,
        train__learning_rate=plan.sft_rate,
        train__seed=plan.seed,
        watch__prompts=("Hello!",),
        out__dir=str(raised.assistant.path),
    )


def _corpus(folder: Path, plan: StoryPlan) -> CorpusInfo:
    source = CorpusSource("stories", n_stories=plan.n_stories, seed=plan.seed)
    making = make_corpus(folder / "corpora", [source], Cleaning(), 0.01, "stories")
    while True:
        try:
            next(making)
        except StopIteration as end:
            found: CorpusInfo = end.value
            return found


def _run(command: str, path: Path, config: RunFile) -> None:
    """A run as a person would start it from the command line."""
    path.write_text(to_toml(config), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "gui.main", command, str(path)],
        check=True,
        stdout=sys.stderr,
        cwd=Path(__file__).parents[2],
    )
