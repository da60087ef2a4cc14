"""Tiny random models of several layouts, in torch and as a GGUF of the same float32 weights, and
random LoRAs for them."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import transformers

from engine.models.gguf_header import Header, read_header
from tests.engine.tiny_models import BOS, END, N_CTX, N_PIECES, N_VOCAB, byte_tokens

LAYERS, WIDTH, HEADS, KV_HEADS, HIDDEN = 2, 64, 4, 2, 96
_COMMON = {
    "vocab_size": N_VOCAB,
    "hidden_size": WIDTH,
    "intermediate_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KV_HEADS,
    "max_position_embeddings": N_CTX,
    "initializer_range": 0.1,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
# architecture -> class, what its config has besides.
_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {"tie_word_embeddings": False}),
    "qwen2": ("Qwen2", {"tie_word_embeddings": True}),
    "qwen3": ("Qwen3", {"tie_word_embeddings": False, "head_dim": WIDTH // HEADS}),
    "gemma3": (
        "Gemma3",
        {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 32},
    ),
}


@dataclass(frozen=True)
class TinyBase:
    """path: its GGUF; model: the same in torch; the rest as finetune.model.base.Base."""

    path: Path
    model: Any
    names: Mapping[str, str]
    permuted: Mapping[str, int]
    header: Header


def tiny_torch(architecture: str, seed: int = 5, n_vocab: int = N_VOCAB) -> Any:
    """A model of transformers with random weights, sharp enough to have favourites."""
    name, more = _KINDS[architecture]
    classes = transformers
    config_class = getattr(classes, f"{name}TextConfig" if name == "Gemma3" else f"{name}Config")
    torch.manual_seed(seed)
    model = getattr(classes, f"{name}ForCausalLM")(
        config_class(**{**_COMMON, **more, "vocab_size": n_vocab})
    )
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            if parameter_name.endswith("norm.weight"):
                parameter.add_(0.2 * torch.randn_like(parameter))
    return model.eval()


def tiny_base(path: Path, architecture: str, seed: int = 5) -> TinyBase:
    """Write one, with the tokenizer of tests.engine.tiny_models."""
    model = tiny_torch(architecture, seed)
    number = {name: one for one, name in gguf.MODEL_ARCH_NAMES.items()}[architecture]
    known = gguf.get_tensor_name_map(number, LAYERS)
    names = {}
    for name, _ in model.named_parameters():
        found = known.get_name(name, try_suffixes=(".weight", ".bias"))
        assert found is not None, name
        names[name] = found
    permuted = {"q_proj": HEADS, "k_proj": KV_HEADS} if architecture == "llama" else {}
    _write(path, architecture, model, names, permuted)
    return TinyBase(path, model, names, permuted, read_header(path))


def _write(
    path: Path, architecture: str, model: Any, names: dict[str, str], permuted: dict[str, int]
) -> None:
    config = model.config
    head_dim = getattr(config, "head_dim", None) or WIDTH // HEADS
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("model")
    writer.add_name("tiny")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_layer_norm_rms_eps(float(config.rms_norm_eps))
    if architecture == "gemma3":
        writer.add_rope_freq_base(float(config.rope_parameters["full_attention"]["rope_theta"]))
        writer.add_sliding_window(config.sliding_window)
    else:
        writer.add_rope_freq_base(float(config.rope_parameters["rope_theta"]))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _write_tokenizer(writer)
    for name, parameter in model.named_parameters():
        weights = parameter.detach().float().numpy()
        if heads := permuted.get(name.split(".")[-2], 0):
            weights = in_llama_order(weights, heads)
        if architecture == "gemma3" and name.endswith("norm.weight"):
            weights = weights + 1.0
        writer.add_tensor(names[name], np.ascontiguousarray(weights, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_tokenizer(writer: gguf.GGUFWriter) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*byte_tokens(), "th", "<|end|>", "<|begin|>"])
    writer.add_token_types([gguf.TokenType.NORMAL] * N_PIECES + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["t h"])
    writer.add_eos_token_id(END)
    writer.add_bos_token_id(BOS)
    writer.add_add_bos_token(False)


def in_llama_order(weights: Any, n_heads: int) -> Any:
    """Written by row numbers, apart from the exporter's own way: row 2 i + h of a head is its row
    i of half h."""
    n = len(weights) // n_heads
    order = [
        head * n + (row % 2) * (n // 2) + row // 2 for head in range(n_heads) for row in range(n)
    ]
    return weights[order]


def random_lora(model: Any, rank: int = 4, seed: int = 3, **fields: Any) -> Any:
    """The model with a LoRA on all linear layers whose B is not zero: a peft model."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank, lora_alpha=fields.pop("lora_alpha", 8), target_modules="all-linear", **fields
    )
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        # PEFT asks transformers by a name that is on its way out.
        warnings.simplefilter("ignore", FutureWarning)
        tuned: Any = get_peft_model(model, config)
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter.copy_(0.1 * torch.randn_like(parameter))
    return tuned.eval()


def logprobs(model: Any, ids: list[int]) -> Any:
    """Of every token after each of ids, shape (len(ids), n_vocab), float32."""
    with torch.inference_mode():
        logits = model(torch.tensor([ids]), use_cache=False).logits[0]
    return torch.log_softmax(logits.double(), -1).numpy().astype(np.float32)
