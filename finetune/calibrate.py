"""A few real steps of a run, which leave nothing behind: how quick this machine is with this plan,
and how much memory it takes.

The longest batch is among them, since that is what memory has to hold. Runs in the room's worker;
the weights are let go at its end.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import torch

from engine.models.library import resolve_model
from engine.process.tune_messages import Calibration
from finetune.config import RunConfig
from finetune.data.pack import Batch, packed_batch
from finetune.data.prepare import prepare
from finetune.data.token_set import TokenSet
from finetune.device import choose_machine
from finetune.feed import Feed, validation_batches
from finetune.loop import MemoryGuard, validation_loss
from finetune.loss import Taught
from finetune.sft import base_for, prepare_model
from finetune.work_folder import work_folder

N_BATCHES = 3  # timed, after one that is not
_MOMENT_S = 0.02

Report = Callable[[float, str], bool]


class CalibrationStopped(Exception):
    """Whoever asked wants it no more."""


def calibrate(config: RunConfig, report: Report) -> Calibration:
    """Args:
        report: takes how far it is (0 to 1) and what it does; False ends it.

    Raises:
        AppError: the run could not be done either, with the reason.
        CalibrationStopped: report said so.
    """

    def tell(fraction: float, what: str) -> None:
        if not report(fraction, what):
            raise CalibrationStopped

    began = time.monotonic()
    with work_folder("calibration") as folder, peak_memory() as peak:
        tell(0.0, "preparing")
        rows, held_out = _prepared(config, folder, tell)
        tell(0.2, "loading")
        base = base_for(config, resolve_model(config.base.path))
        machine = choose_machine(config.train.precision)
        trained = prepare_model(config, base)
        taught = Taught(trained.model.to(machine.device))
        load_s = time.monotonic() - began
        found = _measured(config, taught, rows, held_out, machine.device, tell)
        peak_bytes = peak()
    del base, trained, taught
    gc.collect()
    return Calibration(
        tokens_per_s=found[0],
        s_per_step=found[1],
        load_s=load_s,
        peak_bytes=peak_bytes,
        free_bytes=int(psutil.virtual_memory().available),
        precision=machine.precision,
        n_threads=torch.get_num_threads(),
        eval_s=found[2],
    )


def _prepared(
    config: RunConfig, folder: Path, tell: Callable[[float, str], None]
) -> tuple[TokenSet, TokenSet]:
    steps = prepare(config, folder)
    while True:
        try:
            fraction = next(steps)
        except StopIteration as end:
            sets: tuple[TokenSet, TokenSet] = end.value
            return sets
        tell(0.2 * max(0.0, fraction), "preparing")


def _measured(
    config: RunConfig,
    taught: Taught,
    rows: TokenSet,
    held_out: TokenSet,
    device: str,
    tell: Callable[[float, str], None],
) -> tuple[float, float, float]:
    """Tokens/s, seconds of a step, seconds of an evaluation."""
    feed = Feed(rows, config.train)
    n_tokens, seconds = 0, 0.0
    for number, batch in enumerate(_batches(feed, rows)):
        tell(0.3 + 0.6 * number / (N_BATCHES + 1), "training")
        began = time.monotonic()
        taught.train()
        with MemoryGuard():
            loss = taught(batch.to(device))
            (loss / max(1, len(batch.labels))).backward()
        spent = time.monotonic() - began
        if number > 0:  # the first also warms up
            n_tokens, seconds = n_tokens + batch.n_tokens, seconds + spent
    taught.zero_grad()
    speed = n_tokens / max(seconds, 1e-9)
    tell(0.9, "evaluating")
    return speed, _step_tokens(feed, rows) / speed, _evaluation_s(config, taught, held_out, device)


def _batches(feed: Feed, rows: TokenSet) -> Iterator[Batch]:
    """The longest batch of the first epoch, then some as they come."""
    lengths = rows.lengths()
    batches = [one for step in range(feed.n_steps) for one in feed.packs(step)]
    longest = max(batches, key=lambda packs: sum(int(lengths[pack].sum()) for pack in packs))
    yield packed_batch(rows, longest)
    for number in range(N_BATCHES):
        yield packed_batch(rows, batches[number % len(batches)])


def _step_tokens(feed: Feed, rows: TokenSet) -> float:
    """Of a step, by the mean over an epoch."""
    lengths = rows.lengths()
    packs = [pack for step in range(feed.n_steps) for one in feed.packs(step) for pack in one]
    return sum(int(lengths[pack].sum()) for pack in packs) / feed.n_steps


def _evaluation_s(config: RunConfig, taught: Taught, held_out: TokenSet, device: str) -> float:
    """From one batch to all of them."""
    batches = validation_batches(held_out, config.train)
    if not batches:
        return 0.0
    began = time.monotonic()
    validation_loss(taught, batches[:1], device)
    spent = time.monotonic() - began
    return spent * sum(one.n_tokens for one in batches) / max(1, batches[0].n_tokens)


# ---- memory ----


@contextmanager
def peak_memory() -> Iterator[Callable[[], int]]:
    """The most that this process has held since, in bytes; looked at on a thread."""
    process, highest, done = psutil.Process(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(_MOMENT_S):
            highest[0] = max(highest[0], int(process.memory_info().rss))

    def peak() -> int:
        if torch.cuda.is_available():
            return int(torch.cuda.max_memory_reserved())
        return max(highest[0], int(process.memory_info().rss))

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()
