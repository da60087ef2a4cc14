"""Run folders of a pretraining as a run would leave them, without training: for pictures of the
room and for its tests. Every line is written by the run's own writers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

from engine.process.pretrain_messages import Merge
from finetune.pretraining.config import PretrainConfig
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
from gui.shots import run_maker

N_STEPS, EVERY, TOKENS_PER_STEP = 1830, 90, 4096
BYTES_PER_TOKEN = 3.9
SECONDS_PER_STEP = 0.2576
BEFORE_S = 6.0  # until the first step
PROMPT, OTHER_PROMPT = "Mira put the red ball in the", "One morning"
TARGET = " box"
# What is said of the place, from noise to knowledge: piece -> probability at the end.
_PLACE = {" box": 0.64, " basket": 0.17, " garden": 0.06, " red": 0.012, "qz": 0.008, " and": 0.004}
_SAID = (
    (0, "ræ:oq the@ lm pp,,"),
    (90, " the the dog and was a and Mira"),
    (450, " dog. The dog was in box. She had a"),
    (900, " box by the door. Mira looked for the red ball."),
    (N_STEPS, " box. Then Tom came in and looked for the ball. It was in the box by the door."),
)
_MERGES = (("·t", "he", 41_220), ("a", "nd", 18_034), ("·M", "ira", 6_110), ("·look", "ed", 2_904))


def make_raised(
    runs: Path, name: str = "tales-2m", upto: int = 750, began_s: float = 0.0
) -> RunFolder:
    """A run at step `upto` of N_STEPS, its process alive; each evaluation left a checkpoint."""
    began_s = began_s or time.time() - BEFORE_S - upto * SECONDS_PER_STEP
    config = changed(PretrainConfig(), corpus__path="/corpora/stories", out__name=name)
    folder = create_run(runs, config)
    run_maker.set_alive(folder)
    parts = (beginning(began_s), list(steps(1, upto, began_s)), list(looks(upto, began_s)))
    run_maker.write_events(folder, run_maker.in_order(*parts))
    write_samples(folder, upto)
    for step in range(0, upto + 1, EVERY):
        checkpoint = folder.checkpoints / f"step-{step}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "model.gguf").write_bytes(b"GGUF")
    return folder


def finish(folder: RunFolder, began_s: float, step: int = N_STEPS) -> None:
    """The run came to its end."""
    at_s = began_s + BEFORE_S + step * SECONDS_PER_STEP
    told: list[AnyRunEvent] = [
        PhaseChanged(1, step, at_s + 1.0, "exporting"),
        PhaseChanged(1, step, at_s + 2.0, "checking"),
        Ended(1, step, at_s + 9.0, "finished", "product/model.gguf", step),
    ]
    run_maker.write_events(folder, told)
    folder.product.mkdir(exist_ok=True)
    folder.model.write_bytes(b"GGUF")
    run_maker.set_alive(folder, False)


def beginning(began_s: float) -> list[AnyRunEvent]:
    """What comes before the first step."""
    merges = [Merge(left, right, left + right, n) for left, right, n in _MERGES]
    return [
        Began(1, 0, began_s, pid=1, n_steps=0),
        PhaseChanged(1, 0, began_s + 0.1, "preparing", words="reading the text"),
        PhaseChanged(1, 0, began_s + 0.5, "tokenizer"),
        MergesTold(1, 0, began_s + 2.0, merges, 1_792, 1_792),
        PhaseChanged(1, 0, began_s + 2.1, "preparing", words="the text as tokens"),
        PhaseChanged(1, 0, began_s + 4.0, "loading"),
        facts(began_s + 5.0),
        PhaseChanged(1, 0, began_s + 5.1, "training"),
    ]


def facts(at_s: float) -> RaisedFacts:
    return RaisedFacts(
        1,
        0,
        at_s,
        n_steps=N_STEPS,
        n_train_tokens=3_000_000,
        n_validation_tokens=160_000,
        bytes_per_token=BYTES_PER_TOKEN,
        n_weights=2_200_000,
        n_vocab=2048,
        tokens_per_step=TOKENS_PER_STEP,
        n_planned_tokens=N_STEPS * TOKENS_PER_STEP,
        flops=9.9e13,
        precision="fp32",
        device="cpu",
        planned_tokens_per_s=15_800.0,
        planned_bytes=900_000_000,
    )


def steps(first: int, last: int, began_s: float, attempt: int = 1) -> Iterator[PretrainStep]:
    """Steps as they would be told."""
    for step in range(first, last + 1):
        speed = 15_900.0 + 300.0 * math.sin(step)
        yield PretrainStep(
            attempt,
            step,
            began_s + BEFORE_S + step * SECONDS_PER_STEP,
            loss=loss_at(step) + 0.06 * math.sin(step * 12.9898),
            learning_rate=0.02 * min(1.0, step / 40, 2.5 * (1.0 - step / N_STEPS)),
            grad_norm=0.4 + 2.0 * math.exp(-step / 60) + 0.05 * math.sin(step * 3.1),
            n_tokens=TOKENS_PER_STEP,
            tokens_per_s=speed,
            memory_bytes=880_000_000,
            epoch=step * TOKENS_PER_STEP / 3_000_000,
            time_left_s=(N_STEPS - step) * SECONDS_PER_STEP,
            tokens=step * TOKENS_PER_STEP,
            seconds=step * SECONDS_PER_STEP,
        )


def looks(upto: int, began_s: float) -> Iterator[AnyRunEvent]:
    """Evaluations, the followed place, checkpoints."""
    for step in range(0, upto + 1, EVERY):
        at_s = began_s + BEFORE_S + (step + 0.4) * SECONDS_PER_STEP
        loss = 1.04 * loss_at(step)
        bits = loss / (math.log(2) * BYTES_PER_TOKEN)
        yield PretrainEvaluated(
            1, step, at_s, loss=loss, n_tokens=9_000, is_best=True, val_bpb=bits, train_loss=loss
        )
        yield place(step, at_s + 0.01)
        yield CheckpointSaved(1, step, at_s + 0.02, f"step-{step}", True)


def place(step: int, at_s: float) -> NextTokens:
    """The followed place: all alike at first, the right one likeliest in the end."""
    share = 1.0 - math.exp(-3.0 * step / N_STEPS)
    now = {piece: (1.0 - share) / 2048 + share * p for piece, p in _PLACE.items()}
    right = now[TARGET]
    return NextTokens(
        1, step, at_s, PROMPT, list(now), list(now.values()), TARGET, right, 1 if step else 900
    )


def write_samples(folder: RunFolder, upto: int) -> None:
    """What was said at each evaluation."""
    samples: list[Sample] = []
    for step in range(0, upto + 1, EVERY):
        said = [words for at, words in _SAID if at <= step][-1]
        samples += [Sample(1, step, prompt, said) for prompt in (PROMPT, OTHER_PROMPT)]
    run_maker.write_samples(folder, samples)


def loss_at(step: int) -> float:
    """Nats per token: that of 2,048 equal tokens at first."""
    return 1.9 + (math.log(2048) - 1.9) * math.exp(-step / 160)
