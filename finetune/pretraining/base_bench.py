"""What a base model can do at a checkpoint: bits per byte of text it never learned from, what it
knows by heart (after Carlini et al. 2023, "Quantifying memorization"), and, where its text was a
story world, what it answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from engine.process.pretrain_messages import BaseBench, QuestionScore, Recited
from finetune.checkpoint import step_of
from finetune.corpus.made_files import is_corpus, read_info
from finetune.corpus.token_shards import TokenShards
from finetune.measure.answers import Answerer
from finetune.model.bpe import TrainedTokenizer
from finetune.model.gpt import GPT
from finetune.pretraining.bench_file import write_bench
from finetune.pretraining.dial import RaisingPlan
from finetune.pretraining.kept import kept_plan
from finetune.pretraining.planted import Planted
from finetune.pretraining.raised import checkpoint_of, gguf_of, open_raised, tokenizer_in
from finetune.pretraining.stages import shards_of
from finetune.pretraining.story_scores import fact_scores, few_shot_scores, held_out_questions
from finetune.run.folder import RunFolder

Tell = Callable[[float, str], None]
MOST_TOKENS = 1 << 19
_ROWS_AT_ONCE, _N_WORST, _EXCERPT = 16, 8, 160
_N_UNSEEN = 4  # passages that were never seen, beside those that were


@dataclass(frozen=True)
class _Bits:
    """Of stretches of held-out text: bits and bytes of each, and where it begins."""

    bits: list[float]
    n_bytes: list[int]
    starts: list[int]

    @property
    def per_byte(self) -> float:
        return sum(self.bits) / max(1, sum(self.n_bytes))


def run_base_bench(run: RunFolder, name: str, tell: Tell) -> BaseBench:
    """Measure a checkpoint ("" for the product's), and keep what came of it.

    Raises:
        AppError: it is not there, or its text is gone.
    """
    checkpoint = checkpoint_of(run, name)
    model, tokenizer = open_raised(run, checkpoint), tokenizer_in(run)
    held_out, config = shards_of(run), run.pretrain_config()
    plan = kept_plan(run)
    assert plan is not None, run  # open_raised has read it
    planted = None
    if config.corpus.memory_test:
        planted = Planted(held_out, plan, config.corpus.memory_test, config.train.seed)
    n_measured = held_out.n_tokens if planted is None else planted.first
    tell(0.0, "held-out text")
    bits = held_out_bits(model, tokenizer, held_out, n_measured, lambda f: tell(0.3 * f, "text"))
    recited: list[Recited] = []
    if planted is not None:
        recited = recite(
            model,
            tokenizer,
            held_out,
            planted,
            step_of(checkpoint),
            lambda f: tell(0.3 + 0.2 * f, "memory"),
        )
    scores = _scores(run, checkpoint.name, tell)
    found = BaseBench(
        run=str(run.path),
        checkpoint=checkpoint.name,
        bits_per_byte=bits.per_byte,
        n_bytes=sum(bits.n_bytes),
        worst=_worst(bits, tokenizer, held_out, plan),
        recited=recited,
        scores=scores,
    )
    write_bench(run, found)
    return found


@torch.inference_mode()
def held_out_bits(
    model: GPT,
    tokenizer: TrainedTokenizer,
    text: TokenShards,
    n_tokens: int,
    report: Callable[[float], None],
) -> _Bits:
    """Bits and bytes of each stretch of a context's length, evenly spread over the text's first
    n_tokens, MOST_TOKENS at most; the first token of each is given, not measured."""
    context = min(model.config.context, max(2, n_tokens - 1))
    n = max(1, (n_tokens - 1) // context)
    wanted = min(n, max(1, MOST_TOKENS // context))
    starts = [int(one * n / wanted) * context for one in range(wanted)]
    lengths = np.array([len(piece) for piece in tokenizer.pieces()], np.int64)
    lengths[: len(tokenizer.mark_ids)] = 0  # an end token is no byte of the text
    bits: list[float] = []
    n_bytes: list[int] = []
    for first in range(0, wanted, _ROWS_AT_ONCE):
        rows = np.stack([text.window(at, context + 1) for at in starts[first:][:_ROWS_AT_ONCE]])
        ids = torch.from_numpy(rows)
        logits = model(ids[:, :-1]).float()
        nats = F.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none").sum(-1)
        bits += (nats / math.log(2)).tolist()
        n_bytes += lengths[rows[:, 1:]].sum(-1).tolist()
        report(len(bits) / wanted)
    return _Bits(bits, n_bytes, starts)


def _worst(
    bits: _Bits, tokenizer: TrainedTokenizer, text: TokenShards, plan: RaisingPlan
) -> list[tuple[str, float]]:
    """Excerpts of the stretches that surprise most, with their bits per byte."""
    per_byte = [one / max(1, n) for one, n in zip(bits.bits, bits.n_bytes, strict=True)]
    order = sorted(range(len(per_byte)), key=lambda one: -per_byte[one])[:_N_WORST]
    n = min(plan.context, text.n_tokens)
    return [
        (tokenizer.decode(text.window(bits.starts[one], n).tolist())[:_EXCERPT], per_byte[one])
        for one in order
    ]


def recite(
    model: GPT,
    tokenizer: TrainedTokenizer,
    text: TokenShards,
    planted: Planted,
    step: int,
    report: Callable[[float], None],
) -> list[Recited]:
    """Each passage prompted by its first half: how much of the rest is said word for word,
    greedily, before the first other token. Passages never seen are told beside them."""
    times = planted.times_seen(step)
    passages = [(planted.ids(number), seen) for number, seen in enumerate(times)]
    n = model.config.context + 1
    step_over = max(n, planted.first // _N_UNSEEN)
    passages += [(text.window(at, n), 0) for at in range(0, planted.first - n, step_over)]
    found = []
    for number, (ids, seen) in enumerate(passages):
        found.append(_recited(model, tokenizer, ids.tolist(), seen))
        report((number + 1) / len(passages))
    return sorted(found, key=lambda one: one.times_seen)


def _recited(model: GPT, tokenizer: TrainedTokenizer, ids: list[int], seen: int) -> Recited:
    half = len(ids) // 2
    prompt, truth = ids[:half], ids[half:]
    said = list(model.generate(torch.tensor(prompt), len(truth), temperature=0.0))
    n_same = next(
        (n for n, (a, b) in enumerate(zip(said, truth, strict=False)) if a != b), len(said)
    )
    return Recited(
        times_seen=seen,
        prompt=tokenizer.decode(prompt),
        truth=tokenizer.decode(truth),
        said=tokenizer.decode(said),
        share=n_same / max(1, len(truth)),
    )


def _scores(run: RunFolder, checkpoint: str, tell: Tell) -> list[QuestionScore]:
    """What it answers about its story world; nothing where its text is none."""
    path = Path(run.pretrain_config().corpus.path)
    world = read_info(path) if is_corpus(path) else None
    if world is None or world.stories_seed < 0:
        return []
    seed, n = world.stories_seed, world.n_stories
    with Answerer(gguf_of(run.checkpoints / checkpoint), None) as answerer:
        facts = fact_scores(answerer, seed, n, lambda f: tell(0.5 + 0.2 * f, "facts"))
        asked = held_out_questions(seed)
        told = few_shot_scores(answerer, asked, seed, n, lambda f: tell(0.7 + 0.3 * f, "questions"))
    return [*facts, *told]
