"""Tiny models with random weights of each architecture that can be taught: in torch, and as a GGUF
that holds the same float32 weights, written here with its own permutation."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
import torch

from finetune.model.layouts import LAYOUTS
from tests.engine.tiny_models import BOS, END, N_CTX, N_PIECES, N_VOCAB, byte_tokens

WIDTH, INNER, LAYERS, HEADS, KV_HEADS = 64, 96, 2, 4, 2
_COMMON = {
    "vocab_size": N_VOCAB,
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KV_HEADS,
    "max_position_embeddings": N_CTX,
    "initializer_range": 0.1,
    "bos_token_id": BOS,
    "eos_token_id": END,
    "pad_token_id": None,
}
_GEMMA = {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 8}
_MORE: dict[str, dict[str, Any]] = {
    "llama": {"tie_word_embeddings": False},
    "qwen2": {"tie_word_embeddings": False},
    "qwen3": {"head_dim": 32, "tie_word_embeddings": True},
    "gemma": {"head_dim": 32},
    "gemma2": _GEMMA,
    "gemma3": _GEMMA | {"layer_types": ["sliding_attention"] * LAYERS},
    "phi3": {"tie_word_embeddings": False},
    "gpt2": {
        "n_positions": N_CTX,
        "n_embd": WIDTH,
        "n_layer": LAYERS,
        "n_head": HEADS,
        "n_inner": INNER,
    },
    "starcoder2": {"use_bias": True, "tie_word_embeddings": True},
}


def tiny_torch(architecture: str, **more: Any) -> Any:
    """A transformers model with random weights, norms and biases too."""
    torch.manual_seed(11)
    folder, name = LAYOUTS[architecture].classes
    model_class = getattr(importlib.import_module(f"transformers.models.{folder}"), name)
    config = _COMMON | _MORE[architecture] | more
    if architecture == "gpt2":
        for key in ("hidden_size", "intermediate_size", "num_key_value_heads"):
            del config[key]
    model = model_class(model_class.config_class(**config)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def write_gguf(path: Path, architecture: str, model: Any, *, factors: Any = None) -> Path:
    """The model as a GGUF.

    Args:
        factors: rotary frequencies' divisors, as Llama 3's files carry.
    """
    writer = gguf.GGUFWriter(path, architecture)
    config = model.config
    writer.add_name("tiny")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    _add_figures(writer, architecture, config)
    _add_vocabulary(writer)
    for name, values in _tensors(architecture, model):
        writer.add_tensor(name, values)
    if factors is not None:
        writer.add_tensor("rope_freqs.weight", np.asarray(factors, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_figures(writer: gguf.GGUFWriter, architecture: str, config: Any) -> None:
    if architecture == "gpt2":
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        return
    writer.add_head_count_kv(KV_HEADS)
    head = int(getattr(config, "head_dim", None) or WIDTH // HEADS)
    if architecture in ("qwen3", "gemma", "gemma2", "gemma3"):
        writer.add_key_length(head)
        writer.add_value_length(head)
    else:
        writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(10000.0)
    if architecture == "starcoder2":
        writer.add_layer_norm_eps(config.norm_epsilon)
    else:
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if architecture in ("gemma2", "gemma3"):
        writer.add_sliding_window(config.sliding_window)
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)


def _add_vocabulary(writer: gguf.GGUFWriter) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*byte_tokens(), "th", "<|end|>", "<|begin|>"])
    writer.add_token_types([gguf.TokenType.NORMAL] * N_PIECES + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["t h"])
    writer.add_eos_token_id(END)
    writer.add_bos_token_id(BOS)
    writer.add_add_bos_token(False)


def _tensors(architecture: str, model: Any) -> list[tuple[str, npt.NDArray[np.float32]]]:
    numbers = {name: number for number, name in gguf.MODEL_ARCH_NAMES.items()}
    names = gguf.get_tensor_name_map(numbers[architecture], LAYERS)
    found = []
    for name, parameter in model.named_parameters():  # tied weights once
        ours = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert ours is not None, name
        values = parameter.detach().numpy()
        if architecture == "llama" and ("q_proj" in name or "k_proj" in name):
            values = _paired(values, HEADS if "q_proj" in name else KV_HEADS)
        if architecture.startswith("gemma") and "norm" in name:
            values = values + 1
        if architecture == "gpt2" and values.ndim == 2 and ".h." in name:
            values = values.T
        found.append((ours, np.ascontiguousarray(values, np.float32)))
    return found


def _paired(values: npt.NDArray[np.float32], n_heads: int) -> npt.NDArray[np.float32]:
    """Row i of a head's first half and row i of its second become neighbours."""
    out = np.empty_like(values)
    size = len(values) // n_heads
    for head in range(n_heads):
        for i in range(size // 2):
            out[head * size + 2 * i] = values[head * size + i]
            out[head * size + 2 * i + 1] = values[head * size + size // 2 + i]
    return out
