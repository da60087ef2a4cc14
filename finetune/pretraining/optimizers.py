"""The two optimizers of pretraining as one: Muon for the blocks' matrices, AdamW for the rest."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import torch
from torch import Tensor, nn

from finetune.pretraining.dial import RaisingPlan

_WIDE = 384
# Polar Express (Amsel et al. 2025): a polynomial of its own for each step, the quickest way there.
_COEFFICIENTS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)


def orthogonal(update: Tensor, steps: int = 5, dtype: torch.dtype = torch.float32) -> Tensor:
    """Matrices (N, rows, columns) with singular values brought towards 1, by Newton and Schulz's
    iteration: what Muon (Jordan et al. 2024) makes of a gradient.

    Args:
        steps: at most 5; three do for narrow matrices.
    """
    is_tall = update.shape[1] > update.shape[2]
    x = update.to(dtype)
    x = x.mT if is_tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7) / 1.01
    for a, b, c in _COEFFICIENTS[:steps]:
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if is_tall else x


class Muon(torch.optim.Muon):
    """torch's Muon with all matrices of one shape at once, in fp32 where bf16 is slow, and another
    polynomial."""

    dtype: torch.dtype = torch.float32

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            of_shape: dict[torch.Size, list[nn.Parameter]] = {}
            for one in group["params"]:
                if one.grad is not None:
                    of_shape.setdefault(one.shape, []).append(one)
            for matrices in of_shape.values():
                self._step(group, matrices)

    def _step(self, group: dict[str, Any], matrices: list[nn.Parameter]) -> None:
        grads = [one.grad for one in matrices if one.grad is not None]
        moments = [self._moment(one) for one in matrices]
        torch._foreach_lerp_(moments, grads, 1.0 - group["momentum"])
        updates = torch._foreach_lerp(grads, moments, group["momentum"])
        ways = orthogonal(torch.stack(updates), group["ns_steps"], self.dtype)
        rows, columns = matrices[0].shape
        weights: list[Tensor] = list(matrices)
        rate = group["lr"] * max(1.0, rows / columns) ** 0.5
        if group["weight_decay"]:
            torch._foreach_mul_(weights, 1.0 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(weights, list(ways.to(matrices[0].dtype).unbind(0)), alpha=-rate)

    def _moment(self, one: nn.Parameter) -> Tensor:
        state = self.state[one]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(one)
        found: Tensor = state["momentum_buffer"]
        return found


class Optimizers:
    """Both, behaving as one."""

    def __init__(self, muon: Muon, adamw: torch.optim.AdamW, plan: RaisingPlan) -> None:
        self.muon, self.adamw, self._plan = muon, adamw, plan
        self._states = _States(muon, adamw)

    @property
    def state(self) -> MutableMapping[Any, Any]:
        """Of every parameter."""
        return self._states

    def set_rate(self, share: float, momentum: float) -> None:
        """share: of the plan's rates, 0..1; momentum: Muon's."""
        for group in self.muon.param_groups:
            group["lr"], group["momentum"] = share * self._plan.matrix_rate, momentum
        for group in self.adamw.param_groups:
            group["lr"] = share * self._plan.other_rate

    def step(self) -> None:
        self.muon.step()
        self.adamw.step()

    def zero_grad(self) -> None:
        self.muon.zero_grad()
        self.adamw.zero_grad()


class _States(MutableMapping[Any, Any]):
    """Each parameter's state, in the optimizer that has it."""

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self._of = {
            parameter: one
            for one in optimizers
            for group in one.param_groups
            for parameter in group["params"]
        }

    def __getitem__(self, key: Any) -> Any:
        return self._of[key].state[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._of[key].state[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._of[key].state[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)


def make_optimizers(
    model: nn.Module, plan: RaisingPlan, dtype: torch.dtype = torch.float32
) -> Optimizers:
    """For a model of gpt.py. dtype: that Muon computes in."""
    named = list(model.named_parameters())
    is_matrix = [one.ndim == 2 and "embed" not in name for name, one in named]
    matrices = [one for (_, one), yes in zip(named, is_matrix, strict=True) if yes]
    rest = [one for (_, one), yes in zip(named, is_matrix, strict=True) if not yes]
    muon = Muon(
        matrices,
        lr=plan.matrix_rate,
        weight_decay=plan.weight_decay,
        ns_steps=3 if plan.width < _WIDE else 5,
    )
    muon.dtype = dtype
    adamw = torch.optim.AdamW(
        rest, lr=plan.other_rate, betas=(0.8, 0.95), weight_decay=0.0, fused=True
    )
    return Optimizers(muon, adamw, plan)
