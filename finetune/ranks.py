"""More than one device or machine: the same RUN.toml under torchrun, a process for each device.

torchrun --nproc-per-node 2 -m finetune.cli sft RUN.toml

Rank 0 is the run as ever: it prepares, writes events and checkpoints, answers, exports, judges. The
others only help to train: they wait for its rows, compute their share of each step (feed.py), and
are told by it when to stop. docs/training.md tells how to use it. Light until it helps.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

import psutil

from engine.errors import AppError
from finetune.config import RunConfig
from finetune.pretraining.config import PretrainConfig
from finetune.run.folder import RunFolder
from finetune.torch_import import import_torch

SHARD = "BATHYSPHERE_SHARD"  # how the command line tells what is deep below it


def is_helper() -> bool:
    """Whether torchrun started this process as another than the first."""
    return int(os.environ.get("RANK", "0")) > 0


def world() -> int:
    """How many processes share each step."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_sharded() -> bool:
    """Whether each of them is to hold a share of the base's weights (--shard, shards.py)."""
    return world() > 1 and os.environ.get(SHARD) == "1"


def require(config: RunConfig) -> None:
    """Raises AppError where a run's base cannot be shared among ranks as was asked for."""
    if world() > 1 and os.environ.get("ACCELERATE_USE_FSDP", "").lower() in ("1", "true"):
        raise AppError(
            "accelerate's settings for FSDP are not used here.",
            "Unset ACCELERATE_USE_FSDP, and give --shard for a base in shares.",
        )
    if is_sharded() and config.train.method == "full":
        raise AppError(
            "Only an adapter can be taught on a base in shares.", "Choose method lora in [train]."
        )
    if is_sharded() and config.base.in_4_bits:
        raise AppError(
            "A base in shares cannot be held in 4 bits too.",
            "Leave out --shard, or [base] in_4_bits.",
        )


def folder_of(config: RunConfig | PretrainConfig) -> RunFolder:
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

    Args:
        config: as RUN.toml has it; what rank 0 made of it is read from the run's folder.

    Raises:
        AppError: it cannot go on; torchrun ends the other ranks then.
    """
    if folder.trained.exists():  # rank 0 has only checks to do
        return 0
    _follow_rank_0()
    from engine.models.library import resolve_model
    from finetune import checkpoint
    from finetune.data.token_set import open_token_set
    from finetune.loop import Hooks
    from finetune.sft import base_for, make_accelerator, train

    make_accelerator(config)  # waits for rank 0, which comes with its rows
    config = folder.config()  # where a folder was the base, rank 0 has made it a GGUF
    rows, held_out = (open_token_set(folder.tokens / name) for name in ("train", "validation"))
    base = base_for(config, resolve_model(config.base.path))
    hooks = Hooks(resume=checkpoint.last_to_resume(folder.checkpoints))
    for _ in train(config, base, rows, held_out, folder, None, hooks):
        pass
    return 0


def help_raise(config: PretrainConfig, folder: RunFolder) -> int:
    """Take part in a pretraining, from its beginning to its end. Returns the exit code.

    Raises:
        AppError: it cannot go on; torchrun ends the other ranks then.
    """
    if folder.trained.exists():  # rank 0 has only checks to do
        return 0
    _follow_rank_0()
    import_torch()
    from finetune.pretraining.stages import help_work
    from finetune.pretraining.team import Team

    Team(config.train.precision)  # waits for rank 0, which comes with the text as tokens
    help_work(config, folder)
    return 0


def leave() -> None:
    """End the ranks' connection, where there is one."""
    if world() == 1:
        return
    import torch.distributed

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _follow_rank_0() -> None:
    """On rank 0's machine: signals are left to it, which ends its step, saves, and tells the others
    to stop; where it is gone itself, this process ends too."""
    first = _first_rank()
    if first is None:
        return  # on another machine: torchrun there hears of the end
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(first,), name="rank-0", daemon=True).start()


def _first_rank() -> psutil.Process | None:
    """The process that torchrun started beside this one as rank 0."""
    for one in psutil.Process(os.getppid()).children():
        with contextlib.suppress(psutil.Error):
            if one.environ().get("RANK") == "0":
                return one
    return None


def _end_with(first: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        first.wait()
    os._exit(1)  # a collective that waits for it cannot be left in any other way
