"""A few real steps of a pretraining's plan, which leave nothing behind: how quick this machine is
with it, and how much memory it takes. Runs in the room's worker, before Start.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from engine.process.pretrain_messages import PretrainCalibration
from finetune.calibrate import CalibrationStopped, peak_memory
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import n_vocab_of, plan
from finetune.pretraining.feed import Feed
from finetune.pretraining.shards import Ids
from finetune.pretraining.speed import MOST, step_seconds
from finetune.pretraining.team import Team


@dataclass(frozen=True)
class AnyText:
    """Tokens by chance: a step takes as long with them."""

    n_vocab: int
    n_tokens: int

    @property
    def n_bytes(self) -> int:
        return self.n_tokens

    def window(self, start: int, n: int) -> Ids:
        return np.random.default_rng(start).integers(0, self.n_vocab, n)


def calibrate(config: PretrainConfig, report: Callable[[float], bool]) -> PretrainCalibration:
    """Measure a configuration's plan; neither corpus nor tokenizer need be there.

    Args:
        report: takes how far it is, 0 to 1; False ends it.

    Raises:
        AppError: the run could not be done either, with the reason.
        CalibrationStopped: report said so.
    """

    def tell(step: int) -> None:
        if not report(step / (1 + MOST)):
            raise CalibrationStopped

    began = time.monotonic()
    n_vocab = n_vocab_of(config)
    found = plan(config, n_vocab)
    state = torch.get_rng_state()
    try:
        with peak_memory() as peak:
            team = Team(config.train.precision)
            text = AnyText(n_vocab, 64 * found.context)
            load_s = time.monotonic() - began
            seconds = step_seconds(found, Feed(text, found, config.train.seed), team, tell)
            peak_bytes = peak()
    finally:
        torch.set_rng_state(state)
        gc.collect()
    return PretrainCalibration(
        tokens_per_s=found.tokens_per_step / seconds,
        peak_bytes=peak_bytes,
        step_s=seconds,
        load_s=load_s,
        precision=team.precision,
        n_threads=torch.get_num_threads(),
    )
