"""What a run computes on, and in which numbers: the best that this machine has."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from engine.errors import AppError
from finetune.config import Precision


@dataclass(frozen=True)
class Machine:
    """device: torch's name of it; dtype: what activations and frozen weights are held in (an
    adapter is fp32 always)."""

    device: str
    dtype: torch.dtype

    @property
    def precision(self) -> str:
        return "bf16" if self.dtype == torch.bfloat16 else "fp32"


def choose_machine(precision: Precision = "auto") -> Machine:
    """CUDA before MPS before the processor; bf16 where that is quick and was not ruled out.

    Raises:
        AppError: bf16 was asked for and is not to be had.
    """
    device = _device()
    has_bf16 = has_quick_bf16(device)
    if precision == "bf16" and device == "cuda" and not has_bf16:
        raise AppError("This graphics card has no bf16.", "Choose precision fp32, or auto.")
    is_bf16 = precision == "bf16" or (precision == "auto" and has_bf16)
    return Machine(device, torch.bfloat16 if is_bf16 else torch.float32)


def _device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def has_quick_bf16(device: str) -> bool:
    """Whether bf16 is quick there: a processor without its instructions emulates it, some twenty
    times slower than fp32."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device == "mps":
        return True
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
