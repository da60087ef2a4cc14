"""What a pretraining does when its turn has come, from the corpus to the report: read `work` first.

Each stage leaves something whole in the folder and is passed over where that is there already, so
that an attempt goes on where the last one was killed.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.errors import AppError
from engine.process.messages import Progress
from engine.process.pretrain_messages import MergesArrived
from engine.process.tune_messages import Parity
from finetune.corpus.corpus import Corpus, open_corpus
from finetune.corpus.token_shards import TokenShards, open_shards, token_dtype, write_shards
from finetune.export.raised_files import write_raised, write_raised_folder
from finetune.export.raised_parity import measure_raised, rows_of
from finetune.loop import Outcome
from finetune.model.bpe import TrainedTokenizer, open_trained, train_tokenizer
from finetune.model.gpt import GPT
from finetune.pretrain import pretrain
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import plan
from finetune.pretraining.raised import LARGE, gguf_of, open_raised, provenance_of
from finetune.pretraining.report import write_report
from finetune.pretraining.watching import Watcher
from finetune.run.attempt import RaisingAttempt, StoppedError, WorkDone
from finetune.run.events import MergesTold, Warned
from finetune.run.folder import RunFolder, write_whole
from finetune.run.trained import Trained, copy_product, note_trained, read_trained
from finetune.work_folder import work_folder

TRAIN, HELD_OUT = "train", "held_out"
MERGES_EVERY_S, MOST_MERGES = 0.3, 40  # of those that arrive, for who watches


@dataclass(frozen=True)
class Learning:
    """What a model is raised from."""

    corpus: Corpus
    tokenizer: TrainedTokenizer
    train: TokenShards
    held_out: TokenShards


def work(attempt: RaisingAttempt) -> WorkDone:
    """All stages of a pretraining.

    Raises:
        AppError: it cannot go on; what is there stays whole.
    """
    try:
        learning = prepare(attempt)
    except StoppedError:
        return WorkDone("stopped")
    trained = read_trained(attempt.folder) or _train(attempt, learning)
    if not trained.best:
        return WorkDone(trained.how)
    attempt.control.forget_stop()  # heeded; another one is about the checks
    attempt.enter("exporting")
    checkpoint = attempt.folder.checkpoints / trained.best
    product = attempt.folder.model
    copy_product(gguf_of(checkpoint), product)
    attempt.enter("checking")
    parity = check(attempt, learning, checkpoint, product)
    write_report(attempt, trained, parity)
    attempt.leave()
    return WorkDone(trained.how, str(product.relative_to(attempt.folder.path)), trained.best_step)


# ---- before the training ----


def prepare(attempt: RaisingAttempt) -> Learning:
    """Corpus, tokenizer and tokens of a run, made where they are not there yet.

    Raises:
        StoppedError: its end was asked for meanwhile.
        AppError: there is no text, or too little; the disk refuses.
    """
    table = attempt.config.corpus
    attempt.enter("preparing", "reading the text")
    corpus = open_corpus(Path(table.path), table.validation)
    for n_bytes in corpus.surveying():
        _go_on(attempt, -1.0, f"{n_bytes / 1e6:,.1f} MB read")
    tokenizer = tokenizer_of(attempt, corpus)
    attempt.enter("preparing", "the text as tokens")
    train = _shards(attempt, corpus, tokenizer, TRAIN)
    held_out = _shards(attempt, corpus, tokenizer, HELD_OUT)
    return Learning(corpus, tokenizer, train, held_out)


def tokenizer_of(attempt: RaisingAttempt, corpus: Corpus) -> TrainedTokenizer:
    """The run's own tokenizer, in its folder: trained there, or a copy of the chosen one."""
    folder, table = attempt.folder.tokenizer, attempt.config.tokenizer
    with contextlib.suppress(AppError):
        return open_trained(folder)
    attempt.enter("tokenizer")
    found = open_trained(Path(table.path)) if table.path else _trained(attempt, corpus)
    found.save(folder)
    return found


def _trained(attempt: RaisingAttempt, corpus: Corpus) -> TrainedTokenizer:
    table = attempt.config.tokenizer
    n_bytes = max(0, corpus.info.n_bytes - corpus.info.held_out_bytes)
    steps = train_tokenizer(corpus.train, table.kind, table.vocab, corpus.held_out, n_bytes)
    shown_s = 0.0
    while True:
        try:
            told = next(steps)
        except StopIteration as end:
            found: TrainedTokenizer = end.value
            return found
        if isinstance(told, Progress):
            _go_on(attempt, told.fraction, told.what)
        else:
            is_last = told.n_done >= told.n_merges
            if is_last or time.monotonic() - shown_s > MERGES_EVERY_S:
                shown_s = time.monotonic()
                _tell_merges(attempt, told)
            share = told.n_done / max(1, told.n_merges)
            _go_on(attempt, share, f"{told.n_done:,} of {told.n_merges:,} merges")


def _tell_merges(attempt: RaisingAttempt, told: MergesArrived) -> None:
    newest = told.merges[-MOST_MERGES:]
    attempt.log.say(MergesTold, merges=newest, n_done=told.n_done, n_merges=told.n_merges)


def _shards(
    attempt: RaisingAttempt, corpus: Corpus, tokenizer: TrainedTokenizer, side: str
) -> TokenShards:
    """A side of the corpus as tokens; once written, a run keeps to them."""
    is_held, fingerprint = side == HELD_OUT, corpus.fingerprint()
    kept = open_shards(attempt.folder.tokens / side)
    if kept is not None:
        if kept.manifest.fingerprint != fingerprint:
            attempt.log.say(
                Warned,
                message="The text changed since this run began.",
                hint="It goes on with what it began with; begin another to learn from the new one.",
            )
        return kept
    steps = write_shards(
        attempt.folder.tokens / side,
        corpus.held_out() if is_held else corpus.train(),
        tokenizer.encode,
        None if corpus.is_one_text else tokenizer.end_id,
        token_dtype(tokenizer.n_vocab),
        fingerprint=fingerprint,
        n_bytes=0 if is_held else max(0, corpus.info.n_bytes - corpus.info.held_out_bytes),
    )
    while True:
        try:
            fraction = next(steps)
        except StopIteration as end:
            found: TokenShards = end.value
            return found
        _go_on(attempt, -1.0 if fraction is None else fraction, "the text as tokens")


def _go_on(attempt: RaisingAttempt, fraction: float, words: str) -> None:
    attempt.tell(fraction, words)
    if attempt.control.is_stopping:
        raise StoppedError


# ---- the training ----


class _Hooks:
    """What goes on beside the loop (hooks.py)."""

    def __init__(self, attempt: RaisingAttempt, learning: Learning) -> None:
        self._attempt, self._tokenizer = attempt, learning.tokenizer
        self.watcher = Watcher(attempt, learning.tokenizer, learning.corpus.held_out())

    def at_evaluation(self, step: int, model: GPT) -> None:
        self.watcher.look(step, model)

    def also_write(self, checkpoint: Path, model: GPT) -> None:
        step = int(checkpoint.name.strip(".").split(".")[0].rpartition("-")[2])
        n_weights = sum(one.numel() for one in model.parameters())
        write_raised(
            gguf_of(checkpoint),
            model.config,
            self._tokenizer,
            model.state_dict(),
            f"{name_of(self._attempt)}, step {step:,}",
            provenance_of(self._attempt.folder, self._attempt.config, step),
            "F16" if n_weights > LARGE else "F32",
        )


def name_of(attempt: RaisingAttempt) -> str:
    """What people call the model."""
    return attempt.config.out.name or attempt.folder.path.name


def help_work(config: PretrainConfig, folder: RunFolder) -> None:
    """What torchrun's other processes do once rank 0 has prepared everything: their share of each
    step. Raises AppError."""
    train, held_out = shards_of(folder, TRAIN), shards_of(folder, HELD_OUT)
    n_vocab = open_trained(folder.tokenizer).n_vocab
    for _ in pretrain(config, plan(config, n_vocab, train.n_tokens), train, held_out, folder):
        pass


def _train(attempt: RaisingAttempt, learning: Learning) -> Trained:
    attempt.enter("loading")
    config, tokenizer = attempt.config, learning.tokenizer
    steps = pretrain(
        config,
        plan(config, tokenizer.n_vocab, learning.train.n_tokens),
        learning.train,
        learning.held_out,
        attempt.folder,
        attempt.control,
        _Hooks(attempt, learning),
        attempt.number,
    )
    outcome: Outcome | None = None
    while outcome is None:
        try:
            attempt.log.write(next(steps))
        except StopIteration as end:
            outcome = end.value
    best = outcome.best.name if outcome.best is not None else ""
    trained = Trained(outcome.how, outcome.step, outcome.best_step, best)
    note_trained(attempt.folder, trained)
    return trained


# ---- after it ----


def check(
    attempt: RaisingAttempt, learning: Learning, checkpoint: Path, product: Path
) -> list[Parity]:
    """torch, transformers and llama.cpp on the same held-out tokens; parity.json."""
    model = open_raised(attempt.folder, checkpoint)
    shards = learning.held_out if learning.held_out.n_tokens > 1 else learning.train
    rows = rows_of(shards, model.config.context)
    with work_folder("raised") as work:
        write_raised_folder(work / "hf", model.config, learning.tokenizer, model.state_dict(), {})
        found = measure_raised(model, rows, product, folder=work / "hf")
    write_whole(attempt.folder.parity, msgspec.json.encode(found))
    return found


def shards_of(folder: RunFolder, side: str = HELD_OUT) -> TokenShards:
    """A run's tokens, as they were written.

    Raises:
        AppError: they are not there any more.
    """
    found = open_shards(folder.tokens / side)
    if found is None:
        raise AppError(
            "The run's text is not there any more.", "Raise the model again to measure it."
        )
    return found
