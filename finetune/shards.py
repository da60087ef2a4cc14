"""A base too large for one device: each rank holds a share of its weights, and of a layer the whole
only while it computes (fully sharded data parallel; Zhao et al. 2023, arXiv:2304.11277; torch's
fully_shard). The steps are those of ranks that each hold everything; docs/training.md tells when to
use it.

Only the adapter is ever gathered: for a checkpoint, on rank 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from finetune.checkpoint import Trained
from finetune.loss import Taught, causal_of
from finetune.shares import is_shared, whole


def spread(model: Any, device: torch.device, world: int) -> Taught:
    """Share a model among all ranks, in place, layer by layer; it comes to the device meanwhile, of
    which no more than the shares and one layer are there at a time. Its parameters are others then:
    an optimizer is made afterwards.

    Args:
        model: the same on every rank.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

    mesh = init_device_mesh(device.type, (world,))
    taught = Taught(model)
    for layer in layers_of(causal_of(model)):
        fully_shard(layer, mesh=mesh)
    fully_shard(taught, mesh=mesh)
    # Whoever asks for it needs embedding and output layer whole, as forward does.
    register_fsdp_forward_method(taught, "losses")
    return taught


def layers_of(causal: Any) -> list[nn.Module]:
    """The blocks of a transformers model, in order."""
    lists = [list(one) for one in causal.modules() if isinstance(one, nn.ModuleList)]
    return max(lists, key=lambda one: sum(p.numel() for part in one for p in part.parameters()))


@dataclass(frozen=True)
class Gathered(Trained):
    """What is trained, with all of it here; found: Trained.weights()."""

    found: dict[str, torch.Tensor]

    def weights(self) -> dict[str, torch.Tensor]:
        return self.found


def gathered(trained: Trained) -> Trained:
    """To be saved: weights and moments whole. Every rank has to ask, where they are shared."""
    if not any(is_shared(one) for one in trained.parameters().values()):
        return trained
    moments = {
        parameter: {key: whole(torch.as_tensor(one)) for key, one in state.items()}
        for parameter, state in trained.optimizer.state.items()
    }
    weights = {name: whole(one) for name, one in trained.weights().items()}
    return Gathered(trained.model, SimpleNamespace(state=moments), trained.is_lora, weights)
