"""A Hugging Face config.json as a GGUF's figures: llama, mistral, qwen2, qwen3 and gemma3.

Known keys alone are read; what they mean for llama.cpp is checked, and what llama.cpp would compute
otherwise is refused in words. No code comes with a folder.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from finetune.export.gguf_entries import entry

Floats = npt.NDArray[np.float32]
Values = dict[str, int | float | str]
_ACTIVATIONS = {"gemma3": ("gelu_pytorch_tanh",)}
_GEMMA3_PERIOD, _GEMMA3_27B_LAYERS = 6, 62


@dataclass(frozen=True)
class Figures:
    """entries: the architecture's metadata; heads, kv_heads: for the order of rows; rope_factors:
    what each rotary frequency is divided by, shape (head_dim / 2,), None where nothing is."""

    architecture: str
    entries: list[bytes]
    n_layers: int
    heads: int
    kv_heads: int
    n_vocab: int
    is_tied: bool
    rope_factors: Floats | None = None
    words: str = ""


def figures_of(config: Mapping[str, Any], architecture: str) -> Figures:
    """Raises AppError where a figure is missing, absurd, or of a kind llama.cpp computes
    otherwise."""
    read = _Reader(config)
    heads = read.whole("num_attention_heads")
    kv_heads = read.whole("num_key_value_heads", heads)
    width = read.whole("hidden_size")
    head_dim = read.whole("head_dim", width // heads)
    values: Values = {
        "context_length": read.whole("max_position_embeddings"),
        "embedding_length": width,
        "block_count": read.whole("num_hidden_layers"),
        "feed_forward_length": read.whole("intermediate_size"),
        "attention.head_count": heads,
        "attention.head_count_kv": kv_heads,
        "attention.key_length": head_dim,
        "attention.value_length": head_dim,
        "rope.dimension_count": head_dim,
        "attention.layer_norm_rms_epsilon": read.real("rms_norm_eps", 1e-6),
        "vocab_size": read.whole("vocab_size"),
    }
    if architecture == "gemma3":
        values |= _gemma3(read, head_dim, width // heads)
    _check_computed(read, architecture)
    rope, factors = _rope(read, head_dim, architecture)
    return Figures(
        architecture=architecture,
        entries=[
            entry(f"{architecture}.{key}", value, is_u32=True)
            for key, value in (values | rope).items()
        ],
        n_layers=read.whole("num_hidden_layers"),
        heads=heads,
        kv_heads=kv_heads,
        n_vocab=read.whole("vocab_size"),
        is_tied=bool(config.get("tie_word_embeddings", architecture == "gemma3")),
        rope_factors=factors,
        words=_window_words(config, architecture),
    )


class _Reader:
    """Checked values of config.json."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    def whole(self, key: str, default: int | None = None) -> int:
        found = self.config.get(key)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, int) or not 0 < found < 1 << 24:
            raise AppError(
                f"config.json says nothing sensible of “{key}”.",
                "Download the folder again.",
                repr(found)[:200],
            )
        return found

    def real(self, key: str, default: float) -> float:
        found = self.config.get(key)
        if found is None:
            return default
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise AppError(f"config.json's “{key}” is no number.", "Download the folder again.")
        return float(found)


def _unlike(what: str) -> AppError:
    return AppError(
        f"This model {what}, which llama.cpp would compute otherwise.", "Choose another model."
    )


def _check_computed(read: _Reader, architecture: str) -> None:
    config = read.config
    wanted = _ACTIVATIONS.get(architecture, ("silu",))
    given = config.get("hidden_activation") or config.get("hidden_act") or wanted[0]
    if given not in wanted:
        raise _unlike(f"uses the activation “{given}”")
    if config.get("use_bidirectional_attention"):
        raise _unlike("looks ahead")
    if architecture == "qwen2" and config.get("use_sliding_window"):
        raise _unlike("sees its past through a window")


def _gemma3(read: _Reader, head_dim: int, width_per_head: int) -> Values:
    n_layers = read.whole("num_hidden_layers")
    kinds = read.config.get("layer_types")
    period = [
        "full_attention" if (one + 1) % _GEMMA3_PERIOD == 0 else "sliding_attention"
        for one in range(n_layers)
    ]
    if kinds is not None and list(kinds) != period:
        raise _unlike("has its windows in other layers than Gemma 3")
    scale = width_per_head if n_layers == _GEMMA3_27B_LAYERS else head_dim
    if read.real("query_pre_attn_scalar", 256.0) != scale:
        raise _unlike("scales its queries in its own way")
    if read.config.get("attn_logit_softcapping") or read.config.get("final_logit_softcapping"):
        raise _unlike("caps its logits")
    local = _rope_part(read.config, "sliding_attention")
    theta = local.get("rope_theta") or read.real("rope_local_base_freq", 10_000.0)
    return {
        "attention.sliding_window": read.whole("sliding_window", 4096),
        "rope.freq_base_swa": float(theta),
    }


def _rope_part(config: Mapping[str, Any], layers: str) -> Mapping[str, Any]:
    """Rotary settings: newer configs have them by kind of layer, or in one table."""
    found = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if isinstance(found, Mapping) and isinstance(found.get(layers), Mapping):
        found = found[layers]
    return found if isinstance(found, Mapping) else {}


def _rope(read: _Reader, head_dim: int, architecture: str) -> tuple[Values, Floats | None]:
    rope = _rope_part(read.config, "full_attention")
    default = 1_000_000.0 if architecture == "gemma3" else 10_000.0
    theta = float(rope.get("rope_theta") or read.real("rope_theta", default))
    values: Values = {"rope.freq_base": theta}
    kind = str(rope.get("rope_type") or rope.get("type") or "default")
    if float(rope.get("partial_rotary_factor", 1.0)) != 1.0:
        raise _unlike("turns only a part of each head by position")
    if kind == "default":
        return values, None
    factor = float(rope.get("factor", 1.0))
    if kind == "linear":
        return values | {"rope.scaling.type": "linear", "rope.scaling.factor": factor}, None
    if kind == "yarn":
        original = int(rope.get("original_max_position_embeddings", 0))
        yarn: Values = {"type": "yarn", "factor": factor, "original_context_length": original}
        return values | {f"rope.scaling.{key}": one for key, one in yarn.items()}, None
    if kind == "llama3":
        return values, llama3_factors(rope, theta, head_dim)
    raise _unlike(f"scales its positions in a way (“{kind}”)")


def llama3_factors(rope: Mapping[str, Any], theta: float, head_dim: int) -> Floats:
    """Llama 3.1's scaling as a divisor of each frequency: none for short waves, all of the factor
    for long ones, a smooth way between. shape (head_dim / 2,)."""
    factor, low, high = (
        float(rope[key]) for key in ("factor", "low_freq_factor", "high_freq_factor")
    )
    original = float(rope["original_max_position_embeddings"])
    found = []
    for index in range(0, head_dim, 2):
        wave = 2 * math.pi * theta ** (index / head_dim)
        if wave < original / high:
            found.append(1.0)
        elif wave > original / low:
            found.append(factor)
        else:
            smooth = (original / wave - low) / (high - low)
            found.append(1.0 / ((1.0 - smooth) / factor + smooth))
    return np.array(found, np.float32)


def _window_words(config: Mapping[str, Any], architecture: str) -> str:
    window = config.get("sliding_window")
    if architecture != "llama" or not window:
        return ""
    return (
        f"It was trained to see {window:,} tokens back; llama.cpp lets it see all, which differs "
        "in longer texts."
    )
