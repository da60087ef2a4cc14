"""A base held in 4 bits while an adapter is taught on it (QLoRA, Dettmers et al. 2023,
arXiv:2305.14314): its linear layers in bitsandbytes' NF4 with doubly quantised scales, a quarter of
bf16's memory. Embedding, norms and output layer stay as they are.

The weights are rounded to NF4 from what the GGUF says, so torch trains against something a little
beside the file that is chatted with; how far beside is what parity shows, measured against the
file's own weights.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import torch
from torch import nn

from engine.errors import AppError

_HINT = "Leave [base] in_4_bits out, or run it on a machine with CUDA and bitsandbytes."


def require_four_bits(device: torch.device | str) -> None:
    """Raises AppError, before anything is loaded, where a base cannot be held in 4 bits."""
    if not _can_compute(torch.device(device).type):
        raise AppError("A base is held in 4 bits on CUDA only, and there is none here.", _HINT)
    if importlib.util.find_spec("bitsandbytes") is None:
        raise AppError("To hold a base in 4 bits the package bitsandbytes is needed.", _HINT)


def _can_compute(device_type: str) -> bool:
    """bitsandbytes also computes on processors, slower than without it; tests do."""
    return device_type == "cuda"


def hold_in_4_bits(model: Any, device: torch.device | str, dtype: torch.dtype) -> None:
    """Put NF4 layers in the place of a model's linear layers, on a device, one after the other: the
    whole model is never there unquantised.

    Args:
        dtype: what is computed in.
    """
    bnb: Any = importlib.import_module("bitsandbytes")
    head = model.get_output_embeddings()
    for name, module in list(model.named_modules()):
        if module is head or not (type(module) is nn.Linear or _is_turned(module)):
            continue
        weight = module.weight.data.T if _is_turned(module) else module.weight.data
        n_out, n_in = weight.shape
        with torch.device("meta"):
            held = bnb.nn.Linear4bit(n_in, n_out, module.bias is not None, compute_dtype=dtype)
        held.weight = bnb.nn.Params4bit(
            weight.contiguous(), requires_grad=False, quant_type="nf4", module=held
        ).to(device)
        if module.bias is not None:
            held.bias = nn.Parameter(module.bias.data.to(device), requires_grad=False)
        model.set_submodule(name, held)
        module.weight = None
    model.is_loaded_in_4bit = True  # PEFT asks for it


def n_values(parameter: torch.Tensor) -> int:
    """How many weights a parameter holds, packed or not."""
    state = getattr(parameter, "quant_state", None)
    return int(state.shape.numel()) if state is not None else parameter.numel()


def _is_turned(module: nn.Module) -> bool:
    """GPT-2's Conv1D holds its matrix the other way round."""
    return type(module).__name__ == "Conv1D"
