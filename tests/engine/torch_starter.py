"""The starter model's weights in torch: dequantised, in transformers' own llama."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
import torch
from gguf.quants import dequantize
from transformers import LlamaConfig, LlamaForCausalLM


def torch_starter(path: Path) -> Any:
    """The model of a llama GGUF, float32."""
    reader = gguf.GGUFReader(path)

    def number(key: str) -> Any:
        field = reader.get_field(f"llama.{key}")
        assert field is not None, key
        return field.contents()

    tensors = {one.name: _weights(one) for one in reader.tensors}
    n_layers, n_heads = number("block_count"), number("attention.head_count")
    n_kv_heads = number("attention.head_count_kv")
    n_vocab, width = tensors["token_embd.weight"].shape
    config = LlamaConfig(
        vocab_size=n_vocab,
        hidden_size=width,
        intermediate_size=number("feed_forward_length"),
        num_hidden_layers=n_layers,
        num_attention_heads=n_heads,
        num_key_value_heads=n_kv_heads,
        max_position_embeddings=number("context_length"),
        rms_norm_eps=number("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": number("rope.freq_base")},
        tie_word_embeddings="output.weight" not in tensors,
    )
    model = LlamaForCausalLM(config)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, n_layers)
    state = {}
    for name in model.state_dict():
        ours = names.get_name(name, try_suffixes=(".weight",))
        if ours not in tensors and name == "lm_head.weight":
            ours = "token_embd.weight"
        weights = tensors[str(ours)]
        if name.endswith("q_proj.weight"):
            weights = _halves(weights, n_heads)
        if name.endswith("k_proj.weight"):
            weights = _halves(weights, n_kv_heads)
        state[name] = torch.from_numpy(weights.copy())
    model.load_state_dict(state)
    return model


def _weights(tensor: Any) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = dequantize(tensor.data, tensor.tensor_type)
    return found.reshape(tuple(int(n) for n in reversed(tensor.shape)))


def _halves(weights: npt.NDArray[np.float32], n_heads: int) -> npt.NDArray[np.float32]:
    """llama.cpp turns neighbours in a head by one angle, transformers a half's against the other
    half's: rows in the latter's order."""
    rows, columns = weights.shape
    pairs = weights.reshape(n_heads, rows // n_heads // 2, 2, columns)
    return pairs.swapaxes(1, 2).reshape(rows, columns)
