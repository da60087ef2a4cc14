"""A transformer that writes, on a page or two: Qwen3's layout, so that llama.cpp and transformers
run what was raised here unchanged.

Text is a row of tokens; for each place the model says how likely every token is to come next. Read
`GPT.forward` first, then `Block`, `Attention`, `MLP`. Parameters are named as transformers names
Qwen3's. B: rows of a batch, T: tokens of a row, W: width, H: heads, D: numbers of a head, V:
vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

Angles = tuple[Tensor, Tensor]  # cosines and sines, each (T, D / 2)
Kept = tuple[Tensor, Tensor]  # keys and values of the places before, each (B, kv_heads, T, D)

LOGITS_AT_ONCE = 1 << 24  # 64 MB


@dataclass(frozen=True)
class GPTConfig:
    """The model's figures. kv_heads: heads of keys and values, each shared by heads / kv_heads
    heads of queries. hidden: inner width of each MLP. context: places it is trained to look back
    over. rope_theta: the slowest rotation's base. eps: keeps norms from dividing by 0."""

    n_vocab: int
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    context: int
    rope_theta: float = 10_000.0
    eps: float = 1e-6
    dropout: float = 0.0

    def as_qwen3(self) -> dict[str, Any]:
        """The config.json that transformers reads it with."""
        return {
            "architectures": ["Qwen3ForCausalLM"],
            "model_type": "qwen3",
            "vocab_size": self.n_vocab,
            "num_hidden_layers": self.layers,
            "hidden_size": self.width,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "intermediate_size": self.hidden,
            "max_position_embeddings": self.context,
            "rope_theta": self.rope_theta,
            "rms_norm_eps": self.eps,
            "hidden_act": "silu",
            "attention_bias": False,
            "tie_word_embeddings": True,
            "torch_dtype": "float32",
        }


def rotary(config: GPTConfig, start: int, n: int, device: torch.device) -> Angles:
    """By how much each pair of a head's numbers is turned at places start .. start + n: pair i by
    place / theta^(2i / D). A product of two turned vectors depends on their distance alone (Su et
    al. 2021, RoFormer)."""
    place = torch.arange(start, start + n, device=device, dtype=torch.float32)
    pair = torch.arange(0, config.head_dim, 2, device=device, dtype=torch.float32)
    angle = torch.outer(place, config.rope_theta ** (-pair / config.head_dim))
    return angle.cos(), angle.sin()


def turned(x: Tensor, angles: Angles) -> Tensor:
    """Turn (B, heads, T, D) by its places; number i is paired with number i + D / 2."""
    cos, sin = (one.to(x.dtype) for one in angles)
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class Norm(nn.RMSNorm):
    """Brings vectors to one length, and learns how long each of their numbers should be (RMSNorm,
    Zhang and Sennrich 2019). In fp32, whatever the numbers around it are."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float()).to(x.dtype)


class Attention(nn.Module):
    """Each place looks back at all before it and takes in what fits what it asks for.

    Queries ask, keys answer, values are what is taken. Queries and keys are brought to one length
    first (QK-norm, Henry et al. 2020), so that no product grows beyond reason; groups of heads
    share keys and values (Ainslie et al. 2023).
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        n_query, n_key = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.q_proj = nn.Linear(config.width, n_query, bias=False)
        self.k_proj = nn.Linear(config.width, n_key, bias=False)
        self.v_proj = nn.Linear(config.width, n_key, bias=False)
        self.o_proj = nn.Linear(n_query, config.width, bias=False)
        self.q_norm = Norm(config.head_dim, config.eps)
        self.k_norm = Norm(config.head_dim, config.eps)

    def forward(self, x: Tensor, angles: Angles, kept: Kept | None) -> tuple[Tensor, Kept]:
        config, (B, T, _) = self.config, x.shape
        q, k, v = (
            one(x).view(B, T, -1, config.head_dim).transpose(1, 2)
            for one in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = turned(self.q_norm(q), angles), turned(self.k_norm(k), angles)
        if kept is not None:
            k, v = torch.cat((kept[0], k), dim=2), torch.cat((kept[1], v), dim=2)
        mask = _seen(T, k.shape[2], x.device) if kept is not None and T > 1 else None
        y = F.scaled_dot_product_attention(
            q, k, v, mask, is_causal=kept is None, enable_gqa=config.kv_heads < config.heads
        )
        return self.o_proj(y.transpose(1, 2).reshape(B, T, -1)), (k, v)


def _seen(n_new: int, n_all: int, device: torch.device) -> Tensor:
    """(n_new, n_all): whether the new place may look at that one."""
    return torch.ones(n_new, n_all, dtype=torch.bool, device=device).tril(n_all - n_new)


class MLP(nn.Module):
    """Each place thinks for itself: one half opens and shuts the other (SwiGLU, Shazeer 2020)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.width, config.hidden, bias=False)
        self.up_proj = nn.Linear(config.width, config.hidden, bias=False)
        self.down_proj = nn.Linear(config.hidden, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Block(nn.Module):
    """Look around, then think; what is found is added to what flows through (He et al. 2015)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.input_layernorm = Norm(config.width, config.eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = Norm(config.width, config.eps)
        self.mlp = MLP(config)

    def forward(self, x: Tensor, angles: Angles, kept: Kept | None) -> tuple[Tensor, Kept]:
        found, kept = self.self_attn(self.input_layernorm(x), angles, kept)
        x = x + F.dropout(found, self.dropout, self.training)
        thought = self.mlp(self.post_attention_layernorm(x))
        return x + F.dropout(thought, self.dropout, self.training), kept


class _Trunk(nn.Module):
    """What transformers calls `model`."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.n_vocab, config.width)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = Norm(config.width, config.eps)


class GPT(nn.Module):
    """The whole model. The table that turns tokens into vectors also turns vectors into tokens
    (tied embeddings, Press and Wolf 2017). start.py gives a new one its first weights."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.model = _Trunk(config)

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) tokens to (B, T, V) logits: how much each token is expected after each place."""
        return self.said(self.read(ids)[0])

    def said(self, x: Tensor) -> Tensor:
        """(..., W) of what was read to (..., V) logits."""
        return F.linear(x, self.model.embed_tokens.weight)

    def attention(self, block: int) -> Attention:
        """A block's."""
        found = self.model.layers[block].self_attn
        assert isinstance(found, Attention)
        return found

    def loss(self, ids: Tensor, targets: Tensor) -> Tensor:
        """Mean of -ln p(target) over all places, in nats; ids and targets (B, T)."""
        x, y = self.read(ids)[0].flatten(0, 1), targets.flatten()
        n = max(1, LOGITS_AT_ONCE // self.config.n_vocab)
        if len(y) <= n:
            return self._summed_loss(x, y) / len(y)
        # Logits of a large vocabulary are the largest tensor of all: some places at a time, and
        # computed again on the way back.
        parts = zip(torch.split(x, n), torch.split(y, n), strict=True)
        sums = [checkpoint(self._summed_loss, *part, use_reentrant=False) for part in parts]
        return torch.stack(sums).sum() / len(y)

    def _summed_loss(self, x: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(self.said(x).float(), targets, reduction="sum")

    def read(self, ids: Tensor, kept: list[Kept] | None = None) -> tuple[Tensor, list[Kept]]:
        """What the last block makes of new places, (B, T, W), after those whose keys and values
        are kept; and what to keep."""
        start = kept[0][0].shape[2] if kept else 0
        angles = rotary(self.config, start, ids.shape[1], ids.device)
        x = self.model.embed_tokens(ids)
        now = []
        for number, block in enumerate(self.model.layers):
            x, one = block(x, angles, kept[number] if kept else None)
            now.append(one)
        return self.model.norm(x), now

    @torch.no_grad()
    def generate(
        self,
        ids: Tensor,
        n: int,
        temperature: float = 0.8,
        generator: torch.Generator | None = None,
    ) -> Iterator[int]:
        """Go on after (T,) tokens, n tokens at most, one by one; temperature 0 takes the likeliest.
        What no longer fits the context is forgotten."""
        was_training = self.training
        self.eval()
        seen, kept = ids.tolist(), None
        try:
            for _ in range(n):
                if kept is None or len(seen) > self.config.context:
                    # Half is let go at once, or each token would be a whole reading.
                    seen = seen[-max(1, self.config.context // 2) :] if kept else seen
                    x, kept = self.read(ids.new_tensor([seen[-self.config.context :]]))
                    seen = seen[-self.config.context :]
                else:
                    x, kept = self.read(ids.new_tensor([seen[-1:]]), kept)
                token = drawn(self.said(x[0, -1]).float(), temperature, generator)
                seen.append(token)
                yield token
        finally:
            self.train(was_training)


def drawn(logits: Tensor, temperature: float, generator: torch.Generator | None) -> int:
    """A token by its probability."""
    if temperature <= 0.0:
        return int(logits.argmax())
    return int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator))


def open_gpt(weights: dict[str, Tensor], config: GPTConfig) -> GPT:
    """A model with weights by their names. Raises RuntimeError where they are another model's."""
    model = GPT(config)
    model.load_state_dict(weights)
    return model.eval()


def fields_of(config: GPTConfig) -> dict[str, Any]:
    """For a JSON file; GPTConfig(**fields) is the same again."""
    return asdict(config)
