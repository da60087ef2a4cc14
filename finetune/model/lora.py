"""Low-rank adapters (LoRA, arXiv:2106.09685) on a base model: PEFT puts them in, this makes them
quick.

PEFT's own forward casts a layer's input and its product to fp32, once for each of seven matrices a
layer. Here a plain linear layer and its adapter are one autograd step: matrices of rank width are
cast instead, activations stay as they are, and only the input and its rank-wide product are kept.
"""

from __future__ import annotations

import types
import warnings
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn

from engine.errors import AppError
from finetune.config import ALL_LINEAR, LoraTable
from finetune.model.base import Base

ADAPTER = "default"


def add_lora(base: Base, table: LoraTable, *, is_quick: bool = True) -> Any:
    """Put adapters into base.model, in fp32, B at zero; A comes from torch's generator.

    Args:
        is_quick: False leaves PEFT's own forward, for comparison.

    Returns:
        The PEFT model; only the adapter's parameters want gradients.

    Raises:
        AppError: a target is not a layer of this model, or its output layer.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=table.rank,
        # PEFT multiplies by it; that its annotation says int is a narrowness of its own.
        lora_alpha=cast("int", table.alpha),
        target_modules=targets_of(base.model, table.targets),
        use_rslora=table.rslora,
        lora_dropout=table.dropout,
        fan_in_fan_out=bool(base.layout.turned),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # WORKAROUND: peft 0.21 asks transformers 5.23 by a name that is to go in its version 6.
        warnings.simplefilter("ignore", FutureWarning)
        model = get_peft_model(base.model, config)
    if is_quick:
        _quicken(model)
    return model


def targets_of(model: Any, targets: str) -> str | list[str]:
    """As PEFT takes them.

    Raises:
        AppError: see add_lora.
    """
    if targets.strip() == ALL_LINEAR:
        return ALL_LINEAR
    wanted = [one.strip() for one in targets.split(",") if one.strip()]
    known = {name.rpartition(".")[2] for name, one in model.named_modules() if _is_matrix(one)}
    known -= {"lm_head"}
    wrong = [one for one in wanted if one not in known]
    if wrong or not wanted:
        raise AppError(
            f"This model has no layer called {', '.join(wrong) or '…'} that can get an adapter.",
            f"Choose all-linear, or of: {', '.join(sorted(known))}.",
        )
    return wanted


def _is_matrix(module: nn.Module) -> bool:
    # GPT-2's Conv1D is a linear layer with its weight turned over.
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"


# ---- the quick way ----


def _quicken(model: Any) -> None:
    from peft.tuners.lora import Linear

    for module in model.modules():
        if isinstance(module, Linear) and type(module.base_layer) is nn.Linear:
            vars(module)["forward"] = types.MethodType(_forward, module)
        elif type(getattr(module, "base_layer", None)).__name__ == "Linear4bit":
            vars(module)["forward"] = types.MethodType(_forward_beside, module)


def _forward(self: Any, x: torch.Tensor) -> torch.Tensor:
    """In the place of peft.tuners.lora.Linear.forward."""
    linear = self.base_layer
    if self.disable_adapters or self.merged:
        return F.linear(x, linear.weight, linear.bias)
    a, b = self.lora_A[ADAPTER].weight, self.lora_B[ADAPTER].weight
    dropout, scale = self.lora_dropout[ADAPTER], self.scaling[ADAPTER]
    if isinstance(dropout, nn.Identity) or not self.training:
        return adapted(x, linear.weight, linear.bias, a, b, scale)
    return F.linear(x, linear.weight, linear.bias) + adapted(dropout(x), None, None, a, b, scale)


def _forward_beside(self: Any, x: torch.Tensor) -> torch.Tensor:
    """The same where the layer is packed and multiplies for itself (4 bits)."""
    out: torch.Tensor = self.base_layer(x)
    if self.disable_adapters or self.merged:
        return out
    a, b = self.lora_A[ADAPTER].weight, self.lora_B[ADAPTER].weight
    dropped = self.lora_dropout[ADAPTER](x)
    return out + adapted(dropped, None, None, a, b, self.scaling[ADAPTER])


def adapted(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    a: torch.Tensor,
    b: torch.Tensor,
    scale: float,
) -> torch.Tensor:
    """x W' + bias + scale (x A') B', as one autograd step; without the first where W is None."""
    apply: Any = _Adapted.apply
    out: torch.Tensor = apply(x, weight, bias, a, b, scale)
    return out


class _Adapted(torch.autograd.Function):
    """x W' + bias + scale (x A') B', W frozen. Shapes: x (..., in), W (out, in), A (rank, in), B
    (out, rank); A and B are fp32, the others of one type."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor | None,
        bias: torch.Tensor | None,
        a: torch.Tensor,
        b: torch.Tensor,
        scale: float,
    ) -> torch.Tensor:
        flat = x.flatten(0, -2)
        a_cast, b_cast = a.to(x.dtype), (b * scale).to(x.dtype)
        low = flat @ a_cast.T
        if weight is None:
            out = low @ b_cast.T
        else:
            out = F.linear(flat, weight, bias).addmm_(low, b_cast.T)
        ctx.save_for_backward(flat, low, weight, a_cast, b_cast)
        ctx.scale, ctx.dtype = scale, a.dtype
        return out.view(*x.shape[:-1], out.shape[-1])

    @staticmethod
    def backward(ctx: Any, *above: torch.Tensor) -> Any:
        flat, low, weight, a, b = ctx.saved_tensors
        slope = above[0].flatten(0, -2)
        through = slope @ b
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = through @ a if weight is None else (slope @ weight).addmm_(through, a)
            of_x = of_x.view(*above[0].shape[:-1], of_x.shape[-1])
        of_a = (through.T @ flat).to(ctx.dtype)
        of_b = (slope.T @ low).to(ctx.dtype) * ctx.scale
        return of_x, None, None, of_a, of_b, None
