"""Folders of pretrainings as they would be left, without training: for pictures of the room and for
its tests. A small model that learned to tell stories; every line is written by the run's own
writers.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec

from engine.process.pretrain_messages import Merge
from engine.process.tune_messages import Parity
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import plan as derived
from finetune.run.events import (
    AnyRunEvent,
    Began,
    CheckpointSaved,
    Ended,
    MergesTold,
    NextTokens,
    PhaseChanged,
    PretrainEvaluated,
    PretrainStep,
    RaisedFacts,
    Sample,
)
from finetune.run.folder import RunFolder, create_run
from finetune.run_toml import changed
from gui.shots.run_maker import set_alive, write_events, write_samples

N_STEPS, TOKENS_PER_STEP, BYTES_PER_TOKEN = 1_830, 4_096, 3.71
SECONDS_PER_STEP = 0.21
EVALUATED = (0, 20, 100, 200, 400, 600, 900, 1_200, 1_500, 1_830)
PROMPT, TARGET = "Mira put the red ball in the", " box"
SAMPLES = {
    0: " ræ:oq the@ lm pp,, Ot gl— 4 wq thezz",
    20: " the the and a was the. the a the",
    100: " and the dog was a and Mira was the in",
    200: " Mira had a dog. The dog was in the the box.",
    400: " box. Mira looked for the ball. It was in the garden.",
    900: " box. Then she went to the garden, because she was hot.",
    1_830: " box by the door. Later Otto asked where it was. It was in the box.",
}
PLACES = {
    0: ([" qz", "ør", " the", "@", "ll"], [0.0006, 0.0006, 0.0005, 0.0005, 0.0005], 0.0005, 1_204),
    20: ([" the", " a", ".", " and", " was"], [0.11, 0.06, 0.05, 0.04, 0.03], 0.002, 96),
    100: ([" the", " box", " a", " dog", " red"], [0.12, 0.07, 0.06, 0.05, 0.04], 0.07, 2),
    200: ([" box", " garden", " the", " house", " bag"], [0.24, 0.16, 0.08, 0.07, 0.05], 0.24, 1),
    400: ([" box", " basket", " garden", " bag", " red"], [0.43, 0.2, 0.09, 0.04, 0.02], 0.43, 1),
    900: ([" box", " basket", " garden", " bag", " red"], [0.58, 0.18, 0.07, 0.02, 0.01], 0.58, 1),
    1_830: (
        [" box", " basket", " garden", " red", " bag"],
        [0.61, 0.17, 0.06, 0.01, 0.01],
        0.61,
        1,
    ),
}
MERGES = [
    Merge("·t", "he", "·the", 41_220, "the"),
    Merge("a", "nd", "and", 18_034, "and"),
    Merge("·M", "ira", "·Mira", 6_110, "Mira"),
    Merge("·look", "ed", "·looked", 2_904, "looked"),
]


def make_raised(
    runs: Path,
    corpus: str,
    name: str = "tales-2m",
    step: int = N_STEPS,
    *,
    memory_test: int = 4,
    began_s: float | None = None,
) -> RunFolder:
    """A run up to a step; with all of them it is over and has its product."""
    config = changed(
        PretrainConfig(), corpus__path=corpus, corpus__memory_test=memory_test, out__name=name
    )
    folder = create_run(runs, config)
    is_over = step >= N_STEPS
    since_s = step * SECONDS_PER_STEP + (3_600.0 if is_over else 9.0)
    began_s = time.time() - since_s if began_s is None else began_s
    write_events(folder, list(_events(step, began_s)))
    samples = [Sample(1, at, PROMPT, text) for at, text in SAMPLES.items() if at <= step]
    write_samples(folder, samples)
    plan = derived(config, 2_048, 3_180_000)
    (folder.path / "plan.json").write_text(json.dumps(asdict(plan)), encoding="utf-8")
    for at in saved(step):
        checkpoint = folder.checkpoints / f"step-{at}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "model.gguf").write_bytes(b"GGUF")
    folder.log.write_text("reading the text\ntraining\n", encoding="utf-8")
    if is_over:
        folder.product.mkdir(exist_ok=True)
        folder.model.write_bytes(b"GGUF")
        folder.parity.write_bytes(msgspec.json.encode(PARITY))
    set_alive(folder, not is_over)
    return folder


PARITY = [
    Parity("raised", 1.0, 2.1e-9, 512, max_difference=4.1e-4),
    Parity("transformers", 1.0, 1.4e-11, 512, max_difference=2.3e-5),
    Parity("transformers, llama.cpp", 1.0, 2.2e-9, 512, max_difference=4.3e-4),
]


def saved(step: int) -> Sequence[int]:
    """Steps with a checkpoint."""
    return [at for at in EVALUATED if 0 < at <= step]


def _events(step: int, began_s: float) -> Iterator[AnyRunEvent]:
    at_s = began_s + 6.0
    yield Began(1, 0, began_s, pid=1, n_steps=N_STEPS)
    yield PhaseChanged(1, 0, began_s + 1.0, "tokenizer", 0.9)
    yield MergesTold(1, 0, began_s + 2.0, MERGES, n_done=1_784, n_merges=1_784)
    yield PhaseChanged(1, 0, began_s + 4.0, "loading")
    yield _facts(at_s)
    for number in range(step + 1):
        now_s = at_s + number * SECONDS_PER_STEP
        if number:
            yield _step(number, now_s)
        if number in EVALUATED:
            yield from _evaluated(number, now_s)
    if step >= N_STEPS:
        end_s = at_s + step * SECONDS_PER_STEP
        yield PhaseChanged(1, step, end_s + 1.0, "checking", 0.5)
        yield Ended(1, step, end_s + 6.0, "finished", "product/model.gguf", step)


def _facts(at_s: float) -> RaisedFacts:
    return RaisedFacts(
        *(1, 0, at_s),
        n_steps=N_STEPS,
        n_train_tokens=3_180_000,
        n_validation_tokens=160_000,
        bytes_per_token=BYTES_PER_TOKEN,
        n_weights=2_163_000,
        n_vocab=2_048,
        tokens_per_step=TOKENS_PER_STEP,
        n_planned_tokens=N_STEPS * TOKENS_PER_STEP,
        flops=9.9e13,
        precision="fp32",
        device="cpu",
        planned_tokens_per_s=15_900.0,
        planned_bytes=1_100_000_000,
    )


def _step(number: int, now_s: float) -> PretrainStep:
    share = number / N_STEPS
    return PretrainStep(
        *(1, number, now_s),
        loss=nats_at(number) + 0.06 * math.sin(number * 12.9898),
        learning_rate=0.02 * min(1.0, number / 37, (1.0 - share) / 0.6 + 1e-3),
        grad_norm=0.4 + 1.8 * math.exp(-number / 90) + 0.05 * math.sin(number * 1.3),
        n_tokens=TOKENS_PER_STEP,
        tokens_per_s=19_300.0 + 400.0 * math.sin(number * 0.7),
        memory_bytes=940_000_000,
        epoch=number * TOKENS_PER_STEP / 3_180_000,
        time_left_s=(N_STEPS - number) * SECONDS_PER_STEP,
        tokens=number * TOKENS_PER_STEP,
        seconds=number * SECONDS_PER_STEP,
    )


def _evaluated(number: int, now_s: float) -> Iterator[AnyRunEvent]:
    loss = nats_at(number) + 0.12 * (number > 0)
    yield PretrainEvaluated(
        *(1, number, now_s + 0.05),
        loss=loss,
        n_tokens=32_000,
        is_best=True,
        tokens=number * TOKENS_PER_STEP,
        seconds=number * SECONDS_PER_STEP,
        train_loss=nats_at(number),
        val_bpb=loss / (math.log(2) * BYTES_PER_TOKEN),
    )
    if number in PLACES:
        pieces, shares, share, rank = PLACES[number]
        yield NextTokens(
            *(1, number, now_s + 0.1),
            text=PROMPT,
            pieces=pieces,
            probabilities=shares,
            target=TARGET,
            target_probability=share,
            target_rank=rank,
        )
    if number:
        yield CheckpointSaved(1, number, now_s + 0.15, f"step-{number}", is_best=True)


def nats_at(step: int) -> float:
    """Loss of the training, in nats per token: from the logarithm of 2,048 down."""
    return 1.35 + 3.4 * math.exp(-step / 60) + 2.87 * math.exp(-step / 420)
