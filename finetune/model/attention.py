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
    n_shared: int = 0,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Args:
        query: shape (B, H, T, D); key, value: (B, fewer H, T, D).
        documents: lengths of the rows in the one line; None: each line is a row.
        n_shared: tokens before them, which all of them look at; with them the sum is T.

    Returns:
        Shape (B, T, H, D).
    """
    n_tokens = query.shape[2]
    lengths = [n_tokens] if documents is None else [n_shared, *documents]
    assert attention_mask is None, "masks are not looked at"
    assert sum(lengths) == n_tokens == key.shape[2], (lengths, query.shape, key.shape)
    # Split, not slices: the gradient of a split is one concatenation.
    queries, keys, values = (torch.split(one, lengths, dim=2) for one in (query, key, value))
    first = [keys[0], values[0]]
    parts = []
    for number, (q, k, v) in enumerate(zip(queries, keys, values, strict=True)):
        if q.shape[2] == 0:
            continue
        if number > 0 and n_shared:
            k, v = (torch.cat(both, dim=2) for both in zip(first, (k, v), strict=True))
        parts.append(_within(q, k, v, dropout, scaling, softcap, sliding_window))
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
    """Causal attention of one row (or a batch of rows of one length); the queries are of its last
    tokens."""
    if softcap is not None:
        return _softcapped(query, key, value, scaling, softcap, window)
    n, n_all = query.shape[2], key.shape[2]
    is_plain = n == n_all and (window is None or n <= window)
    return F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=None if is_plain else _seen(n, n_all, window, query.device),
        dropout_p=dropout,
        is_causal=is_plain,
        scale=scaling,
        enable_gqa=query.shape[1] != key.shape[1],
    )


def _seen(n: int, n_all: int, window: int | None, device: torch.device) -> torch.Tensor:
    """True where one of the last n tokens of n_all looks: not ahead, and no further back than the
    window."""
    before = n_all - n
    seen = torch.ones((n, n_all), dtype=torch.bool, device=device).tril(before)
    return seen if window is None else seen.triu(before + 1 - window)


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
    seen = _seen(query.shape[2], key.shape[2], window, query.device)
    weights = scores.float().masked_fill(~seen, -torch.inf).softmax(dim=-1).to(query.dtype)
    return weights @ value
