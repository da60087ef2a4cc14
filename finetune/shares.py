"""Tensors of which each rank holds a share alone (shards.py), beside those that are here whole."""

from __future__ import annotations

from typing import Any, cast

import torch


def is_shared(tensor: torch.Tensor) -> bool:
    """Whether this rank holds a share of it alone."""
    from torch.distributed.tensor import DTensor

    return isinstance(tensor, DTensor)


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor, on every rank; every rank has to ask."""
    return cast("Any", tensor).full_tensor() if is_shared(tensor) else tensor


def shared_as(tensor: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """This rank's share of a whole tensor that all ranks have, where the other is shared."""
    if not is_shared(other):
        return tensor.to(other.device)
    from torch.distributed.tensor import distribute_tensor

    held = cast("Any", other)
    return distribute_tensor(tensor.to(held.device), held.device_mesh, held.placements)
