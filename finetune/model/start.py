"""What a model's weights are before its first step: noise, and two things that reading needs.

A model looks up what came after a word the last time by two heads in a row: one that knows of each
place what stood before it, and one that looks for a place before which stood what stands here
(induction heads: Olsson et al. 2022). Left to noise they take millions of tokens to appear; begun
as they are meant to be (mimetic initialization: Trockman and Kolter 2023) they are there at once,
and training may make of them what it likes. Figures: docs/benchmarks.md.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from finetune.model.gpt import GPT, Attention

WORDS = 1024  # as dial.py has it
_LOOK_BACK = 2.0  # how much longer than noise are queries and keys that ask for a place
_COPY = 2.0  # how loudly what is found is said, in embeddings
_MOST_BACK = 4


class _Scale(NamedTuple):
    """embed_std: of embeddings' numbers; sharp: of queries and keys, so that one place of many can
    be looked at alone. What was best for each."""

    embed_std: float
    sharp: float


_LETTERS, _WORDS = _Scale(0.02, 1.0), _Scale(0.1, 2.0)


def start(model: GPT) -> None:
    """Give all weights their first values. What MLPs and most heads add begins at 0, so that the
    signal passes through all blocks from the first step on."""
    std, scale = model.config.width**-0.5, _scale(model)
    for name, one in model.named_parameters():
        if name.endswith(("q_norm.weight", "k_norm.weight")):
            nn.init.constant_(one, scale.sharp)
        elif one.ndim < 2:
            nn.init.ones_(one)
        elif name.endswith(("o_proj.weight", "down_proj.weight")):
            nn.init.zeros_(one)
        else:
            nn.init.normal_(one, std=scale.embed_std if "embed" in name else std)
    _start_looking_up(model)


@torch.no_grad()
def _start_looking_up(model: GPT) -> None:
    """Heads of the first block say what stood 1, 2, 3 and 4 places back; those of the second look
    for the place that has one more before it, and say what stands there."""
    config, embed_std = model.config, _scale(model).embed_std
    n_back, slow = min(_MOST_BACK, config.kv_heads), _slow(config.head_dim)
    if config.layers < 2 or not len(slow) or config.head_dim > config.width:
        return
    # All embeddings share their first number, which the logits do not feel: something that
    # queries and keys find at every place, whatever stands there.
    model.model.embed_tokens.weight[:, 0] = embed_std * config.width**0.5
    first, second = model.attention(0), model.attention(1)
    here = _directions(model)
    notes = [here]  # by how many places back: where in the signal is said what stood there
    for back in range(1, n_back + 1):
        notes.append(_directions(model))
        _look_back(first, back)
        _say(first, back - 1, here, embed_std * notes[back])
    for back in range(n_back):
        _look_for(second, back, notes[back][: len(slow)], notes[back + 1][: len(slow)], slow)
        found = _directions(model)
        _say(second, back, found, _COPY * embed_std * found)


def _scale(model: GPT) -> _Scale:
    return _WORDS if model.config.n_vocab >= WORDS else _LETTERS


def _look_back(attention: Attention, back: int) -> None:
    """A head that looks so many places back: query and key are the same but for a turn by them."""
    config = attention.config
    pair = torch.arange(config.head_dim // 2)
    angle = back * config.rope_theta ** (-2.0 * pair / config.head_dim)
    quick = _is_quick(config.head_dim).float()
    query = torch.cat((quick * angle.cos(), -quick * angle.sin()))
    key = torch.cat((quick, torch.zeros_like(quick)))
    queries, keys = _rows(attention, back - 1)
    attention.q_proj.weight[queries, 0] = _LOOK_BACK * query
    attention.k_proj.weight[keys, 0] = _LOOK_BACK * key


def _look_for(
    attention: Attention, head: int, asked: Tensor, answered: Tensor, slow: Tensor
) -> None:
    """A head whose queries read one thing (rows of W numbers) and keys another, however far apart:
    by those numbers that hardly turn."""
    for weight, rows, read in zip(
        (attention.q_proj.weight, attention.k_proj.weight),
        _rows(attention, head),
        (asked, answered),
        strict=True,
    ):
        weight[rows] = 0.0
        weight[rows.start + slow] = read


def _say(attention: Attention, head: int, read: Tensor, said: Tensor) -> None:
    """What a head takes from where it looks, and where in the signal it says so: both (D, W)."""
    queries, keys = _rows(attention, head)
    attention.v_proj.weight[keys] = read
    attention.o_proj.weight[:, queries] = said.T


def _rows(attention: Attention, number: int) -> tuple[slice, slice]:
    """A head's rows in the weights of queries, and in those of keys and values: of each group of
    heads the first, so that no two share keys."""
    config = attention.config
    query, key = (
        number * (config.heads // config.kv_heads) * config.head_dim,
        number * config.head_dim,
    )
    return slice(query, query + config.head_dim), slice(key, key + config.head_dim)


def _directions(model: GPT) -> Tensor:
    """As many as a head has numbers, at right angles, (D, W); none feels what all places share."""
    config = model.config
    found, _ = torch.linalg.qr(torch.randn(config.width, config.head_dim))
    found[0] = 0.0
    directions: Tensor = found.T.contiguous()
    return directions


def _is_quick(head_dim: int) -> Tensor:
    """(D / 2): whether a pair turns fast enough to tell neighbours apart."""
    n_pairs = head_dim // 2
    return torch.arange(n_pairs) < max(3, n_pairs // 2)


def _slow(head_dim: int) -> Tensor:
    """The places of the other pairs' numbers in a head's."""
    pairs = torch.nonzero(~_is_quick(head_dim)).flatten()
    return torch.cat((pairs, pairs + head_dim // 2))
