"""One contestant of the bench of training, alone in its process: python -m finetune.benches.child
WHAT FOLDER ...; prints one line of JSON. bench.py starts it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.models.starter import starter_path
from finetune import sft
from finetune.benches.rows import BATCH, MAX_LENGTH, RANK
from finetune.calibrate import peak_memory
from finetune.config import RunConfig, changed
from finetune.data.pack import packed_batch, padded_batch
from finetune.data.token_set import TokenSet, TokenSetWriter, open_token_set
from finetune.loss import label_losses
from finetune.model.attention import use_attention_by_document
from finetune.model.base import load_base
from finetune.run.events import StepDone
from finetune.run.folder import RunFolder

# The first step also warms up, and is not timed. With three the whole bench takes minutes.
N_STEPS = int(os.environ.get("BATHYSPHERE_BENCH_STEPS", "3"))
LEARNING_RATE = 2e-4


def config_of(precision: str = "auto", batch: int = BATCH) -> RunConfig:
    """Rows by eight, rank 16, a rate that does not change."""
    return changed(
        RunConfig(),
        train__precision=precision,
        train__steps=N_STEPS,
        train__batch=batch,
        train__packing=False,
        train__max_length=MAX_LENGTH,
        train__learning_rate=LEARNING_RATE,
        train__schedule="constant",
        train__warmup=0.0,
        train__eval_every=N_STEPS,
        lora__rank=RANK,
    )


def ours(folder: Path, precision: str = "auto") -> dict[str, Any]:
    """Our loop."""
    config = config_of(precision)
    rows = open_token_set(folder / "rows")
    with peak_memory() as peak, tempfile.TemporaryDirectory() as out:
        steps = _steps(config, rows, Path(out))
        return said_of(config, [one.loss for one in steps], _speed(steps), peak())


def _steps(config: RunConfig, rows: TokenSet, out: Path) -> list[StepDone]:
    base = load_base(starter_path(), dtype=sft.base_dtype(config))
    with TokenSetWriter(out / "nothing"):
        pass
    events = sft.train(config, base, rows, open_token_set(out / "nothing"), RunFolder(out))
    return [one for one in events if isinstance(one, StepDone)]


def _speed(steps: list[StepDone]) -> float:
    timed = steps[1:]
    return sum(one.n_tokens for one in timed) / sum(
        one.n_tokens / one.tokens_per_s for one in timed
    )


def said_of(
    config: RunConfig, losses: list[float], speed: float, peak_bytes: int
) -> dict[str, Any]:
    """What a contestant that trained says."""
    from finetune.device import choose_machine

    return {
        "precision": choose_machine(config.train.precision).precision,
        "losses": losses,
        "tokens_per_s": speed,
        "peak_bytes": peak_bytes,
    }


def trl(folder: Path, precision: str = "auto", order: str = "its own") -> dict[str, Any]:
    """TRL's: benches/trl.py."""
    from finetune.benches.trl import trl as contestant

    return contestant(folder, precision, order)


def packing(folder: Path) -> dict[str, Any]:
    """The mean loss of some rows in one line, and each in its own."""
    rows = open_token_set(folder / "rows")
    base = load_base(starter_path(), dtype=torch.float32)
    use_attention_by_document(base.model)
    packs = [[row] for row in range(BATCH)]
    packed = label_losses(base.model, packed_batch(rows, packs)).double().mean()
    padded = label_losses(base.model, padded_batch(rows, packs)).double().mean()
    return {"apart": abs(float(packed - padded))}


def ranks(folder: Path, batch: str) -> dict[str, Any]:
    """A rank's losses."""
    config = config_of("fp32", int(batch))
    rows = open_token_set(folder / "rows")
    with tempfile.TemporaryDirectory() as out:
        steps = _steps(config, rows, Path(out))
    world = int(sft.make_accelerator(config).num_processes)
    return {"world": world, "losses": [one.loss for one in steps]}


def main(what: str, folder: str, *arguments: str) -> int:
    from finetune import ranks as world

    warnings.simplefilter("ignore")
    said = CONTESTANTS[what](Path(folder), *arguments)
    if not world.is_helper():
        sys.stdout.write("\n" + json.dumps(said) + "\n")
    world.leave()
    return 0


CONTESTANTS: dict[str, Callable[..., dict[str, Any]]] = {
    "ours": ours,
    "trl": trl,
    "packing": packing,
    "ranks": ranks,
}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
