"""What a pretraining computes on: one device, or under torchrun one for each process (DDP)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from finetune.config import Precision
from finetune.device import choose_machine
from finetune.loop import MemoryGuard
from finetune.model.gpt import GPT

# Ranks wait for one another while rank 0 prepares a corpus, or while a person pauses it.
_PATIENCE = timedelta(days=30)


class _Loss(nn.Module):
    """What DDP wraps: a forward that gives the loss."""

    def __init__(self, model: GPT, team: Team) -> None:
        super().__init__()
        self.gpt, self._team = model, team

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        with self._team.numbers():
            return self.gpt.loss(ids, targets)


class Team:
    """This process and those that share each step with it. precision: as RUN.toml has it."""

    def __init__(self, precision: Precision) -> None:
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        machine = choose_machine(precision)
        local = int(os.environ.get("LOCAL_RANK", "0"))
        self.device = torch.device(
            f"cuda:{local}" if machine.device == "cuda" and self.world > 1 else machine.device
        )
        self.precision, self.dtype = machine.precision, machine.dtype
        if self.world > 1 and not dist.is_initialized():
            backend = "nccl" if machine.device == "cuda" else "gloo"
            dist.init_process_group(backend, timeout=_PATIENCE)

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def shared(self, model: GPT) -> nn.Module:
        """Gradients of its backward are the mean over all ranks."""
        taught = _Loss(model, self)
        if self.world == 1:
            return taught
        return nn.parallel.DistributedDataParallel(taught)

    @contextlib.contextmanager
    def computing(self, taught: nn.Module, is_last: bool = True) -> Iterator[None]:
        """Forward and backward: ranks exchange gradients with the last micro-batch of a step only.
        Says in a sentence that memory was too small."""
        waits = self.world > 1 and not is_last
        apart: Any = taught.no_sync() if waits else contextlib.nullcontext()  # type: ignore[operator]
        with MemoryGuard(), apart:
            yield

    def numbers(self) -> Any:
        """Matrices are multiplied in bf16 where that is meant."""
        is_bf16 = self.dtype == torch.bfloat16
        return torch.autocast(self.device.type, torch.bfloat16, enabled=is_bf16)

    def mean(self, value: Tensor) -> float:
        """Over all ranks."""
        if self.world == 1:
            return float(value)
        total = value.double().to(self.device)
        dist.all_reduce(total)
        return float(total) / self.world

    def from_first(self, value: Any) -> Any:
        """What rank 0 has, for all."""
        if self.world == 1:
            return value
        held = [value]
        dist.broadcast_object_list(held)
        return held[0]

    def wait(self) -> None:
        """Until all are here."""
        if self.world > 1:
            dist.barrier()
