"""How each architecture of GGUF files is laid out, and which model of transformers it is.

A layout says three things: the transformers classes, their config out of the file's metadata, and
what the file does to weights that torch has otherwise (rows of q and k in another order, norms with
1 added, matrices turned over). An architecture is here only where a test holds its logits against
llama.cpp's. Light until a layout's classes are asked for. base.py reads the weights.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import AppError
from finetune.model.metadata import Metadata

Config = dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """classes: module under transformers.models, and its model's class; config: the arguments of
    its config class. permutes: whether the file has llama's order of rows in q and k; adds_one:
    whether the file's norms are the torch ones plus 1; turned: ends of names of matrices that torch
    holds the other way round (GPT-2's Conv1D)."""

    classes: tuple[str, str]
    config: Callable[[Metadata], Config]
    permutes: bool = False
    adds_one: bool = False
    turned: tuple[str, ...] = ()

    def model_class(self) -> Any:
        """The transformers class; imports its one module."""
        folder, name = self.classes
        return getattr(importlib.import_module(f"transformers.models.{folder}"), name)


def layout_of(architecture: str) -> Layout:
    """Raises AppError, with the reason, where an architecture cannot be taught."""
    found = LAYOUTS.get(architecture)
    if found is None:
        raise AppError(
            REFUSED.get(architecture, f"Models of the kind “{architecture}” cannot be taught yet."),
            "Choose another base.",
        )
    return found


def refusal(metadata: Metadata) -> str:
    """Why a model cannot be taught, in a sentence; "" where it can. Reads the header alone."""
    try:
        layout = layout_of(metadata.architecture)
        if metadata.whole("expert_count", 0) > 0:
            return REFUSED["mixture"]
        layout.config(metadata)
    except AppError as error:
        return error.message
    return ""


# ---- parts of configs ----


def _common(of: Metadata) -> Config:
    """What nearly all have."""
    heads = of.whole("attention.head_count")
    width = of.whole("embedding_length")
    n_vocab = of.shape("token_embd.weight")[0]
    return {
        "vocab_size": n_vocab,
        "hidden_size": width,
        "intermediate_size": of.whole("feed_forward_length"),
        "num_hidden_layers": of.whole("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": of.whole("attention.head_count_kv", heads),
        "head_dim": of.whole("attention.key_length", width // heads),
        "max_position_embeddings": of.whole("context_length"),
        "tie_word_embeddings": not of.has("output.weight"),
        "rope_parameters": _rope(of),
        # The default ids of some configs lie beyond a small vocabulary.
        "pad_token_id": None,
        "bos_token_id": None,
        "eos_token_id": None,
    }


def _rms(of: Metadata) -> Config:
    return {"rms_norm_eps": of.real("attention.layer_norm_rms_epsilon", 1e-6)}


def _rope(of: Metadata) -> Config:
    """Rotary positions. llama.cpp's linear and YaRN scaling are transformers' own."""
    rope: Config = {"rope_type": "default", "rope_theta": of.real("rope.freq_base", 10_000.0)}
    factor = of.real("rope.scaling.factor", of.real("rope.scale_linear", 1.0))
    kind = of.text("rope.scaling.type") or ("linear" if factor not in (0.0, 1.0) else "none")
    if kind == "linear" and factor not in (0.0, 1.0):
        rope |= {"rope_type": "linear", "factor": factor}
    elif kind == "yarn":
        original = of.whole("rope.scaling.original_context_length", of.whole("context_length"))
        rope |= {
            "rope_type": "yarn",
            "factor": factor,
            "original_max_position_embeddings": original,
        }
    elif kind not in ("none", "linear", "longrope"):
        raise AppError(
            f"This model’s positions are scaled in a way (“{kind}”) that cannot be taught yet.",
            "Choose another base.",
        )
    return rope


def _partial_rotary(of: Metadata, config: Config) -> None:
    """Heads of which only a part is turned."""
    turned = of.whole("rope.dimension_count", config["head_dim"])
    if turned != config["head_dim"]:
        config["rope_parameters"]["partial_rotary_factor"] = turned / config["head_dim"]


def _whole_rotary(of: Metadata, config: Config) -> None:
    turned = of.whole("rope.dimension_count", config["head_dim"])
    if turned != config["head_dim"]:
        raise AppError(
            "This model turns only a part of each head by position, which cannot be taught yet.",
            "Choose another base.",
            f"{turned} of {config['head_dim']}",
        )


# ---- one function for each architecture ----


def _llama(of: Metadata) -> Config:
    config = _common(of) | _rms(of)
    _whole_rotary(of, config)
    config["attention_bias"] = of.has("blk.0.attn_q.bias")
    config["mlp_bias"] = of.has("blk.0.ffn_gate.bias")
    return config


def _qwen2(of: Metadata) -> Config:
    return _common(of) | _rms(of) | {"use_sliding_window": False}


def _qwen3(of: Metadata) -> Config:
    bias = of.has("blk.0.attn_q.bias")
    return _common(of) | _rms(of) | {"use_sliding_window": False, "attention_bias": bias}


def _gemma(of: Metadata) -> Config:
    return _common(of) | _rms(of) | {"hidden_activation": "gelu_pytorch_tanh"}


def _query_scale(config: Config, n_layers_of_27b: int) -> int:
    """Gemma's queries are scaled by the width of a head; the 27B models by that of the model over
    its heads."""
    if config["num_hidden_layers"] == n_layers_of_27b:
        return int(config["hidden_size"] // config["num_attention_heads"])
    return int(config["head_dim"])


def _gemma2(of: Metadata) -> Config:
    config = _gemma(of)
    n_layers = config["num_hidden_layers"]
    return config | {
        "query_pre_attn_scalar": _query_scale(config, 46),
        "sliding_window": of.whole("attention.sliding_window", 4096),
        "attn_logit_softcapping": of.real("attn_logit_softcapping", 50.0),
        "final_logit_softcapping": of.real("final_logit_softcapping", 30.0),
        "layer_types": _window_every(2, n_layers),
    }


def _gemma3(of: Metadata) -> Config:
    config = _gemma(of)
    n_layers = config["num_hidden_layers"]
    local = {"rope_type": "default", "rope_theta": of.real("rope.freq_base_swa", 10_000.0)}
    return config | {
        "query_pre_attn_scalar": _query_scale(config, 62),
        "sliding_window": of.whole("attention.sliding_window", 4096),
        "final_logit_softcapping": of.value("final_logit_softcapping"),
        "attn_logit_softcapping": None,
        "layer_types": _window_every(6, n_layers),
        "rope_parameters": {"full_attention": _rope(of), "sliding_attention": local},
    }


def _window_every(period: int, n_layers: int) -> list[str]:
    """Of each period's layers the last sees everything, the others a window."""
    return [
        "full_attention" if (i + 1) % period == 0 else "sliding_attention" for i in range(n_layers)
    ]


def _phi3(of: Metadata) -> Config:
    config = _common(of) | _rms(of)
    # llama.cpp computes these models without their window; so do we.
    config["sliding_window"] = None
    config["original_max_position_embeddings"] = of.whole(
        "rope.scaling.original_context_length", config["max_position_embeddings"]
    )
    _partial_rotary(of, config)
    return config


def _gpt2(of: Metadata) -> Config:
    return {
        "vocab_size": of.shape("token_embd.weight")[0],
        "n_positions": of.shape("position_embd.weight")[0],
        "n_embd": of.whole("embedding_length"),
        "n_layer": of.whole("block_count"),
        "n_head": of.whole("attention.head_count"),
        "n_inner": of.whole("feed_forward_length"),
        "layer_norm_epsilon": of.real("attention.layer_norm_epsilon", 1e-5),
        "tie_word_embeddings": not of.has("output.weight"),
        "bos_token_id": None,
        "eos_token_id": None,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
    }


def _starcoder2(of: Metadata) -> Config:
    config = _common(of)
    _whole_rotary(of, config)
    return config | {
        "norm_epsilon": of.real("attention.layer_norm_epsilon", 1e-5),
        "use_bias": of.has("blk.0.attn_q.bias"),
        "sliding_window": None,
        "attention_dropout": 0.0,
        "residual_dropout": 0.0,
        "embedding_dropout": 0.0,
    }


LAYOUTS: dict[str, Layout] = {
    "llama": Layout(("llama.modeling_llama", "LlamaForCausalLM"), _llama, permutes=True),
    "qwen2": Layout(("qwen2.modeling_qwen2", "Qwen2ForCausalLM"), _qwen2),
    "qwen3": Layout(("qwen3.modeling_qwen3", "Qwen3ForCausalLM"), _qwen3),
    "gemma": Layout(("gemma.modeling_gemma", "GemmaForCausalLM"), _gemma, adds_one=True),
    "gemma2": Layout(("gemma2.modeling_gemma2", "Gemma2ForCausalLM"), _gemma2, adds_one=True),
    "gemma3": Layout(("gemma3.modeling_gemma3", "Gemma3ForCausalLM"), _gemma3, adds_one=True),
    "phi3": Layout(("phi3.modeling_phi3", "Phi3ForCausalLM"), _phi3),
    "gpt2": Layout(
        ("gpt2.modeling_gpt2", "GPT2LMHeadModel"),
        _gpt2,
        turned=("c_attn.weight", "c_proj.weight", "c_fc.weight"),
    ),
    "starcoder2": Layout(("starcoder2.modeling_starcoder2", "Starcoder2ForCausalLM"), _starcoder2),
}

# Why others cannot; what is not listed is not known here at all.
REFUSED: dict[str, str] = {
    "mixture": "Models of many experts cannot be taught yet: an adapter would have to reach each.",
    "clip": "This file only sees pictures; it has no words to be taught.",
    "mamba": "Mamba has no attention layers, which adapters are made for; it cannot be taught yet.",
    "bert": "This model turns texts into vectors; it does not write, so there is nothing to teach.",
    "stablelm": "transformers’ StableLM cannot keep packed rows apart; it cannot be taught yet.",
    "t5": "This model has an encoder and a decoder; only models that write on can be taught.",
}
for _name in ("mamba2", "rwkv6", "rwkv7"):
    REFUSED[_name] = REFUSED["mamba"].replace("Mamba", "This model")
for _name in ("nomic-bert", "nomic-bert-moe", "jina-bert-v2", "modern-bert", "gemma-embedding"):
    REFUSED[_name] = REFUSED["bert"]
for _name in ("qwen2moe", "qwen3moe", "gpt-oss", "minimax-m2", "dbrx", "deepseek2", "llama4"):
    REFUSED[_name] = REFUSED["mixture"]
REFUSED["t5encoder"] = REFUSED["t5"]
