"""A rank of a tiny run, started by torchrun: python -m tests.finetune.rank_run FOLDER

Rank 0 trains and writes its losses; the others help as finetune/ranks.py has them.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import torch

from finetune import ranks, sft
from finetune.config import read_draft
from finetune.data.token_set import open_token_set
from finetune.model.base import load_base
from finetune.run.events import StepDone


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    config = read_draft(folder / "RUN.toml")
    run = ranks.folder_of(config)
    if ranks.is_helper():
        ranks.help_train(config, run)
        ranks.leave()
        return
    rows, held_out = (open_token_set(run.tokens / name) for name in ("train", "validation"))
    base = load_base(config.base.path, dtype=torch.float32)
    events = list(sft.train(config, base, rows, held_out, run))
    world = sft.make_accelerator(config).num_processes
    steps = [one for one in events if isinstance(one, StepDone)]
    said = {
        "world": world,
        "losses": [one.loss for one in steps],
        "norms": [one.grad_norm for one in steps],
        "n_tokens": [one.n_tokens for one in steps],
    }
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")
    ranks.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
