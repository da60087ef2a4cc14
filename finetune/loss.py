"""The loss of a batch: negative log-likelihood of its labels, with logits only where a label is.

The body of a transformers model gives hidden states; the output layer is applied to the labelled
ones alone, a chunk at a time, in fp32 from the logits on. The gradient of a chunk is made
while its logits are there (as in Liger Kernel, arXiv:2410.10989), so that never more than one
chunk x n_vocab exists, and prompt tokens have no logits at all.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from finetune.data.pack import Batch
from finetune.memory import LOGITS_AT_ONCE


def chunk_labels(n_vocab: int) -> int:
    """How many labels have logits at a time."""
    return max(8, LOGITS_AT_ONCE // n_vocab)


class Taught(nn.Module):
    """A causal language model whose forward is the sum of a batch's losses, in nats, fp32."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> torch.Tensor:
        causal = causal_of(self.model)
        hidden = labelled_states(causal, batch)
        head = causal.get_output_embeddings()
        return summed_loss(hidden, head.weight, head.bias, batch.labels, softcap_of(causal))

    def losses(self, batch: Batch) -> torch.Tensor:
        """The loss of each label by itself, without gradients: see label_losses."""
        return label_losses(self.model, batch)


def causal_of(model: Any) -> Any:
    """The transformers model within a PEFT model, or itself."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def softcap_of(causal: Any) -> float | None:
    """Gemma 2 bends its logits by tanh."""
    return getattr(causal.config, "final_logit_softcapping", None)


def labelled_states(causal: Any, batch: Batch) -> torch.Tensor:
    """The last hidden states from which a label is predicted, shape (n_labels, width)."""
    states = causal.base_model(
        input_ids=batch.ids,
        position_ids=batch.positions,
        attention_mask=None,
        use_cache=False,
        documents=batch.documents,
        n_shared=batch.n_shared,
    ).last_hidden_state
    labelled: torch.Tensor = states.flatten(0, 1).index_select(0, batch.label_places)
    return labelled


def summed_loss(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    labels: torch.Tensor,
    softcap: float | None = None,
) -> torch.Tensor:
    """Sum of the labels' losses. hidden: shape (n, width), weight (n_vocab, width), labels (n,)."""
    apply: Any = _SummedLoss.apply
    total: torch.Tensor = apply(hidden, weight, bias, labels, softcap)
    return total


@torch.no_grad()
def label_losses(model: Any, batch: Batch) -> torch.Tensor:
    """The loss of each label by itself, fp32, shape (n_labels,), in the batch's order."""
    causal = causal_of(model)
    hidden = labelled_states(causal, batch)
    head, softcap = causal.get_output_embeddings(), softcap_of(causal)
    parts = []
    step = chunk_labels(head.weight.shape[0])
    for start in range(0, len(hidden), step):
        states, labels = hidden[start : start + step], batch.labels[start : start + step]
        logits, _ = _logits(states, head.weight, head.bias, softcap)
        parts.append(logits.logsumexp(1) - logits.gather(1, labels[:, None])[:, 0])
    return torch.cat(parts) if parts else hidden.new_zeros(0, dtype=torch.float32)


def _logits(
    states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, softcap: float | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """fp32 logits, and the slope of their softcap where they have one."""
    logits = nn.functional.linear(states, weight, bias).float()
    if softcap is None:
        return logits, None
    bent = torch.tanh(logits / softcap)
    return bent * softcap, 1.0 - bent * bent


class _SummedLoss(torch.autograd.Function):
    """Sum over labels of logsumexp(logits) - logit of the label; gradients are made going forward,
    chunk by chunk."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        labels: torch.Tensor,
        softcap: float | None,
    ) -> torch.Tensor:
        wants = ctx.needs_input_grad
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        slopes = torch.zeros_like(hidden) if wants[0] else None
        weight_slopes = torch.zeros_like(weight) if wants[1] else None
        bias_slopes = torch.zeros_like(bias) if bias is not None and wants[2] else None
        # Under autocast the matrices stay fp32 and only their product is bf16.
        step = chunk_labels(weight.shape[0])
        for start in range(0, len(labels), step):
            part = slice(start, start + step)
            states, target = hidden[part], labels[part, None]
            logits, bend = _logits(states, weight, bias, softcap)
            highest = logits.logsumexp(1, keepdim=True)
            total += (highest - logits.gather(1, target)).sum()
            if not any(wants):
                continue
            slope = logits.sub_(highest).exp_()
            slope.scatter_add_(1, target, torch.full_like(highest, -1.0))
            slope = (slope if bend is None else slope * bend).to(states.dtype)
            if slopes is not None:
                slopes[part] = slope @ weight.to(slope.dtype)
            if weight_slopes is not None:
                weight_slopes += slope.T @ states
            if bias_slopes is not None:
                bias_slopes += slope.sum(0)
        ctx.save_for_backward(slopes, weight_slopes, bias_slopes)
        return total

    @staticmethod
    def backward(ctx: Any, *above: torch.Tensor) -> Any:
        scaled = [None if one is None else one * above[0] for one in ctx.saved_tensors]
        return (*scaled, None, None)
