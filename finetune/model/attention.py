"""Attention that stays within each row of a batch, however rows are laid out.

Registered with transformers as "by_document", so that every model class uses it. A line that holds
several rows is cut at their borders and each is attended to alone: no mask of T x T is built, and
cost grows with the rows' lengths, not with the line's. Lines of one row each are causal as they
are: padding stands at their end, where no real token looks.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

NAME = "by_document"


def use_attention_by_document(model: Any) -> None:
    """Let a transformers model attend by document; its body then takes `documents`, as Batch has
    them."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    model.set_attn_implementation(NAME)


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    softcap: float | None = None,
    sliding_window: int | None = None,
    documents: list[int] | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Args:
        query: shape (B, H, T, D); key, value: (B, fewer H, T, D).
        documents: lengths of the rows in the one line, their sum T; None: each line is a row.

    Returns:
        Shape (B, T, H, D).
    """
    n_tokens = query.shape[2]
    lengths = documents if documents is not None else [n_tokens]
    assert attention_mask is None, "masks are not looked at"
    assert sum(lengths) == n_tokens == key.shape[2], (lengths, query.shape, key.shape)
    # Split, not slices: the gradient of a split is one concatenation.
    rows = zip(*(torch.split(one, lengths, dim=2) for one in (query, key, value)), strict=True)
    parts = [_within(q, k, v, dropout, scaling, softcap, sliding_window) for q, k, v in rows]
    whole = parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)
    return whole.transpose(1, 2), None


def _within(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    dropout: float,
    scaling: float | None,
    softcap: float | None,
    window: int | None,
) -> torch.Tensor:
    """Causal attention of one row (or a batch of rows of one length)."""
    if softcap is not None:
        return _softcapped(query, key, value, scaling, softcap, window)
    n = query.shape[2]
    mask = _window_mask(n, window, query.device) if window is not None and n > window else None
    return F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        dropout_p=dropout,
        is_causal=mask is None,
        scale=scaling,
        enable_gqa=query.shape[1] != key.shape[1],
    )


def _window_mask(n: int, window: int | None, device: torch.device) -> torch.Tensor:
    """True where a token looks: not ahead, and no further back than the window."""
    seen = torch.ones((n, n), dtype=torch.bool, device=device).tril()
    return seen if window is None else seen.triu(1 - window)


def _softcapped(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scaling: float | None,
    softcap: float,
    window: int | None,
) -> torch.Tensor:
    """Gemma 2 bends its scores by tanh, which the library's kernel cannot."""
    groups = query.shape[1] // key.shape[1]
    key, value = (one.repeat_interleave(groups, dim=1) for one in (key, value))
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = softcap * torch.tanh((query @ key.transpose(2, 3)) * scale / softcap)
    seen = _window_mask(query.shape[2], window, query.device)
    weights = scores.float().masked_fill(~seen, -torch.inf).softmax(dim=-1).to(query.dtype)
    return weights @ value
