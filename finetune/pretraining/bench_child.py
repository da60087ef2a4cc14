"""One contestant of the bench of pretraining, alone in its process: python -m
finetune.pretraining.bench_child WHAT ...; prints one line of JSON. bench.py starts it.

The bare loop is what anyone would write: the same model, a batch by chance, AdamW or our
optimizers, nothing told and nothing kept.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from finetune.device import choose_machine
from finetune.model.gpt import GPT, GPTConfig
from finetune.model.start import start
from finetune.pretrain import pretrain
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import RaisingPlan, plan
from finetune.pretraining.optimizers import make_optimizers
from finetune.pretraining.shards import Ids
from finetune.run.events import PretrainStep
from finetune.run.folder import RunFolder
from finetune.run_toml import changed

# About 12 M parameters with a vocabulary of 2,048.
LARGE_DEPTH, LARGE_VOCAB, LARGE_BATCH, LARGE_CONTEXT = 7, 2048, 4, 256
N_STEPS, N_WARM = 12, 2
_ADAM_RATE = 3e-3


@dataclass(frozen=True)
class Held:
    """Tokens in memory."""

    ids: Ids

    @property
    def n_tokens(self) -> int:
        return len(self.ids)

    @property
    def n_bytes(self) -> int:
        return len(self.ids)

    def window(self, start: int, n: int) -> Ids:
        return self.ids[start : start + n]


# ---- throughput ----


def large_config(n_steps: int = N_STEPS) -> PretrainConfig:
    """The model whose throughput is measured."""
    return changed(
        PretrainConfig(),
        corpus__path="x",
        model__depth=LARGE_DEPTH,
        model__context=LARGE_CONTEXT,
        train__batch=LARGE_BATCH,
        train__steps=n_steps,
        train__eval_every=n_steps,
    )


def _chance_ids(n: int) -> Ids:
    return np.random.default_rng(0).integers(0, LARGE_VOCAB, n)


def ours(_: str = "") -> dict[str, Any]:
    """Our loop: tokens/s of its steps from the third on. All stretches are whole."""
    config = changed(large_config(), train__minutes=0.0)
    found = plan(config, LARGE_VOCAB)
    with tempfile.TemporaryDirectory() as folder:
        text = Held(_chance_ids(200_000))
        events = pretrain(config, found, text, Held(text.ids[:8]), RunFolder(Path(folder)))
        steps = [one for one in events if isinstance(one, PretrainStep)]
    # The last third looks as far back as the bare loop does.
    timed = [one for one in steps if one.step > math.ceil(0.65 * N_STEPS) + 1]
    return _said(found, [one.n_tokens / one.tokens_per_s for one in timed])


def bare(_: str = "") -> dict[str, Any]:
    """The same steps in a loop that does nothing else."""
    found = plan(large_config(), LARGE_VOCAB)
    ids = torch.from_numpy(_chance_ids(200_000))
    torch.manual_seed(0)
    device = choose_machine()
    model = GPT(GPTConfig(**found.gpt_fields()))
    start(model)
    model.to(device.device)
    optimizers = make_optimizers(model, found)
    seconds = []
    for step in range(N_STEPS):
        began = time.monotonic()
        x, y = _batch(ids, found)
        with torch.autocast(device.device, torch.bfloat16, enabled=device.precision == "bf16"):
            loss: Any = model.loss(x.to(device.device), y.to(device.device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizers.step()
        optimizers.zero_grad()
        float(loss.detach())
        if step >= math.ceil(0.65 * N_STEPS) + 1:
            seconds.append(time.monotonic() - began)
    return _said(found, seconds)


def _said(found: RaisingPlan, seconds: list[float]) -> dict[str, Any]:
    return {
        "tokens_per_s": found.tokens_per_step * len(seconds) / sum(seconds),
        "n_parameters": found.n_parameters,
        "precision": choose_machine().precision,
    }


def _batch(ids: torch.Tensor, found: RaisingPlan) -> tuple[torch.Tensor, torch.Tensor]:
    starts = torch.randint(len(ids) - found.context - 1, (found.batch,)).tolist()
    rows = torch.stack([ids[start : start + found.context + 1] for start in starts])
    return rows[:, :-1], rows[:, 1:]


# ---- what was learned ----


def adam(run: str, seconds: str) -> dict[str, Any]:
    """The bare loop on a run's own text, model and batch, for so many seconds: AdamW alone, a
    cosine, whole stretches. Its loss on all that was held out."""
    from finetune.pretraining.kept import kept_plan
    from finetune.pretraining.stages import shards_of

    folder, limit = RunFolder(Path(run)), float(seconds)
    found = kept_plan(folder)
    assert found is not None, run
    text = shards_of(folder, "train")
    ids = torch.from_numpy(text.window(0, text.n_tokens))
    torch.manual_seed(0)
    model = GPT(GPTConfig(**found.gpt_fields()))
    start(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_ADAM_RATE, betas=(0.9, 0.95), fused=True)
    began, n_steps = time.monotonic(), 0
    while (done := (time.monotonic() - began) / limit) < 1.0:
        rate = _ADAM_RATE * min(1.0, done / 0.02) * 0.5 * (1.0 + math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = max(rate, 1e-5)
        loss: Any = model.loss(*_batch(ids, found))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        n_steps += 1
    return {"loss": _loss(model, folder, found), "n_steps": n_steps}


def held_out(run: str) -> dict[str, Any]:
    """The loss of a run's product on all that was held out."""
    from finetune.pretraining.kept import kept_plan
    from finetune.pretraining.raised import open_raised
    from finetune.run.trained import read_trained

    folder = RunFolder(Path(run))
    found, trained = kept_plan(folder), read_trained(folder)
    assert found is not None and trained is not None, run
    model = open_raised(folder, folder.checkpoints / trained.best)
    parity = json.loads(folder.parity.read_bytes())
    llama = next(one for one in parity if one["form"] == "raised")
    return {
        "loss": _loss(model, folder, found),
        "n_parameters": found.n_parameters,
        "top1": llama["top1"],
        "max_difference": llama["max_difference"],
    }


def _loss(model: GPT, folder: RunFolder, found: RaisingPlan) -> float:
    from finetune.pretraining.feed import validation_batches
    from finetune.pretraining.raising import held_out_loss
    from finetune.pretraining.stages import shards_of
    from finetune.pretraining.team import Team

    batches = validation_batches(shards_of(folder), found, 1 << 40)
    return held_out_loss(model.eval(), batches, Team("fp32"))


CONTESTANTS: dict[str, Callable[..., dict[str, Any]]] = {
    "ours": ours,
    "bare": bare,
    "adam": adam,
    "held_out": held_out,
}


def main(what: str, *arguments: str) -> int:
    said = CONTESTANTS[what](*arguments)
    sys.stdout.write("\n" + json.dumps(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
