"""More than one device or machine: the same RUN.toml under torchrun, a process for each device.

torchrun --nproc-per-node 2 -m finetune.cli sft RUN.toml

Rank 0 is the run as ever: it prepares, writes events and checkpoints, answers, exports, judges. The
others only help to train: they wait for its rows, compute their share of each step (feed.py), and
are told by it when to stop.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import AppError
from finetune.config import RunConfig
from finetune.run.folder import RunFolder


def is_helper() -> bool:
    """Whether torchrun started this process as another than the first."""
    return int(os.environ.get("RANK", "0")) > 0


def folder_of(config: RunConfig) -> RunFolder:
    """Where the run is that this process helps with.

    Raises:
        AppError: RUN.toml leaves it open, so that ranks could not find one another's files.
    """
    if not config.out.dir:
        raise AppError(
            "Under torchrun every process has to know the run's folder.",
            "Name it in RUN.toml: [out] dir.",
        )
    return RunFolder(Path(config.out.dir))


def help_train(config: RunConfig, folder: RunFolder) -> int:
    """Take part in a run's training, from its beginning to its end. Returns the exit code.

    Raises:
        AppError: it cannot go on; torchrun ends the other ranks then.
    """
    from engine.models.library import resolve_model
    from finetune import checkpoint
    from finetune.data.token_set import open_token_set
    from finetune.loop import Hooks
    from finetune.model.base import load_base
    from finetune.sft import base_dtype, make_accelerator, train

    make_accelerator(config)  # waits for rank 0, which comes with its rows
    rows, held_out = (open_token_set(folder.tokens / name) for name in ("train", "validation"))
    base = load_base(resolve_model(config.base.path), dtype=base_dtype(config))
    hooks = Hooks(resume=checkpoint.last_to_resume(folder.checkpoints))
    for _ in train(config, base, rows, held_out, folder, None, hooks):
        pass
    return 0


def leave() -> None:
    """End the ranks' connection, where there is one."""
    import torch.distributed

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
