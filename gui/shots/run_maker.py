"""Run folders as a run would leave them, without training: for pictures of the room and for its
tests. Loss falls as it does in small runs; every line is written by the run's own writers.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from finetune.config import RunConfig, changed
from finetune.run.events import (
    AnyRunEvent,
    Began,
    CheckpointSaved,
    Ended,
    Ending,
    Evaluated,
    Facts,
    PhaseChanged,
    Sample,
    StepDone,
    to_line,
)
from finetune.run.folder import RunFolder, create_run

SECONDS_PER_STEP = 2.0
BEGAN_S = time.time() - 240.0  # step 115 is now
GB = 1_000_000_000
PACE = 4.6


def make_run(
    runs: Path,
    name: str,
    *,
    n_steps: int = 180,
    base: str = "/models/smollm2-135m-instruct-q4_1.gguf",
    data: str = "/datasets/hotel",
    rank: int = 16,
    learning_rate: float = 2e-4,
) -> RunFolder:
    """A run that was never started."""
    config = changed(
        RunConfig(),
        base__path=base,
        data__path=data,
        lora__rank=rank,
        lora__alpha=2.0 * rank,
        train__steps=n_steps,
        train__learning_rate=learning_rate,
        out__name=name,
        out__dir=str(runs),
    )
    return create_run(runs, config)


def write_events(folder: RunFolder, events: Sequence[AnyRunEvent] | Iterator[AnyRunEvent]) -> None:
    """Append events, as the run's process does."""
    with folder.events.open("ab") as file:
        file.writelines(map(to_line, events))


def write_samples(folder: RunFolder, samples: Sequence[Sample]) -> None:
    """Append answers to the fixed prompts."""
    with folder.samples.open("ab") as file:
        file.writelines(map(to_line, samples))


def set_alive(folder: RunFolder, is_alive: bool = True) -> None:
    """Whether a process seems to run it: this one."""
    if is_alive:
        process = psutil.Process()
        who = {"pid": os.getpid(), "created_s": process.create_time()}
        folder.runner.write_text(json.dumps(who), encoding="utf-8")
    else:
        folder.runner.write_text(json.dumps({"pid": 0, "created_s": 0.0}), encoding="utf-8")


def beginning(n_steps: int = 180, attempt: int = 1, began_s: float = BEGAN_S) -> list[AnyRunEvent]:
    """What comes before the first step."""
    return [
        Began(attempt, 0, began_s, pid=os.getpid(), n_steps=n_steps),
        PhaseChanged(attempt, 0, began_s + 0.2, "preparing", 0.5, "240 rows"),
        PhaseChanged(attempt, 0, began_s + 1.0, "loading"),
        Facts(
            *(attempt, 0, began_s + 4.0),
            n_steps=n_steps,
            n_rows=216,
            n_validation=24,
            n_tokens=15_120,
            n_learned=9_840,
            n_cut=0,
            n_trained=4_884_480,
            n_weights=139_400_000,
            precision="bf16",
            device="cpu",
            planned_tokens_per_s=410.0,
            planned_bytes=3 * GB,
        ),
    ]


def steps(
    first: int,
    last: int,
    n_steps: int = 180,
    attempt: int = 1,
    began_s: float = BEGAN_S,
    pace: float = PACE,
) -> Iterator[AnyRunEvent]:
    """StepDone of the steps first..last. pace: how fast its loss falls."""
    for step in range(first, last + 1):
        yield StepDone(
            *(attempt, step, began_s + 5.0 + step * SECONDS_PER_STEP),
            loss=loss_at(step, n_steps, pace),
            learning_rate=rate_at(step, n_steps),
            grad_norm=0.9 + 2.2 * math.exp(-step / 30) + 0.25 * math.sin(step * 1.3),
            n_tokens=880,
            tokens_per_s=438.0 + 9.0 * math.sin(step * 0.7),
            memory_bytes=round(2.1 * GB - 0.3 * GB * math.exp(-step / 4)),
            epoch=step / 27,
            time_left_s=(n_steps - step) * SECONDS_PER_STEP,
        )


def evaluations(
    at: Sequence[int], n_steps: int = 180, attempt: int = 1, began_s: float = BEGAN_S
) -> Iterator[AnyRunEvent]:
    """Evaluated and CheckpointSaved at these steps; the lowest so far is the best."""
    best = math.inf
    for step in at:
        loss, at_s = validation_at(step, n_steps), began_s + 5.5 + step * SECONDS_PER_STEP
        is_best, best = loss < best, min(best, loss)
        yield Evaluated(attempt, step, at_s, loss, n_tokens=1_640, is_best=is_best)
        if step:
            yield CheckpointSaved(attempt, step, at_s + 0.3, f"step-{step}", is_best)


def in_order(*parts: Sequence[AnyRunEvent] | Iterator[AnyRunEvent]) -> list[AnyRunEvent]:
    """Events of several makers as they would come."""
    return sorted((event for part in parts for event in part), key=lambda event: event.time_s)


def ending(
    step: int,
    how: Ending = "finished",
    best_step: int = 0,
    began_s: float = BEGAN_S,
    product: str = "product/adapter.gguf",
) -> list[AnyRunEvent]:
    """What comes after the last step."""
    at_s = began_s + 20.0 + step * SECONDS_PER_STEP
    return [
        PhaseChanged(1, step, at_s, "exporting"),
        PhaseChanged(1, step, at_s + 1.0, "checking", 0.5),
        Ended(1, step, at_s + 9.0, how, product, best_step or step),
    ]


def loss_at(step: int, n_steps: int, pace: float = PACE) -> float:
    share = step / max(1, n_steps)
    wave = 0.10 * math.sin(share * 50) * math.exp(-share)
    return 0.28 + 4.8 * math.exp(-pace * share) + wave + 0.05 * math.sin(step * 12.9898)


def validation_at(step: int, n_steps: int) -> float:
    share = step / max(1, n_steps)
    return 0.52 + 4.5 * math.exp(-4.8 * share) + 0.35 * max(0.0, share - 0.6) ** 2


def rate_at(step: int, n_steps: int) -> float:
    """A warm-up over a twentieth, then a cosine."""
    warm = max(1, n_steps // 20)
    if step <= warm:
        return 2e-4 * step / warm
    return 1e-4 * (1.0 + math.cos(math.pi * (step - warm) / max(1, n_steps - warm)))
