"""A tiny model with random weights, once in torch and once as a GGUF with the same float32 weights:
what llama.cpp computes of one is to be what torch computes of the other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

N_CTX = 256
N_PIECES = 257  # 256 bytes and one merge, without which llama.cpp takes no BPE vocabulary
END = N_PIECES
BOS = N_PIECES + 1
N_VOCAB = N_PIECES + 2
_LAYERS, _WIDTH, _HEADS, _HIDDEN = 2, 64, 2, 96
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TinyModel:
    """The file, and the same in torch."""

    path: Path
    torch_model: Any

    def logprobs(self, ids: list[int]) -> Floats:
        """Of every token after each of `ids`, shape (len(ids), N_VOCAB)."""
        with torch.inference_mode():
            logits = self.torch_model(torch.tensor([ids])).logits[0]
        found: Floats = torch.log_softmax(logits.double(), dim=-1).numpy().astype(np.float32)
        return found


def tiny_model(path: Path, *, adds_bos: bool) -> TinyModel:
    """Write one: a token for each byte, "th", an end and a BOS; sharp enough to have favourites."""
    torch.manual_seed(5)
    config = Qwen2Config(
        vocab_size=N_VOCAB,
        hidden_size=_WIDTH,
        intermediate_size=_HIDDEN,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS,
        max_position_embeddings=N_CTX,
        tie_word_embeddings=False,
        initializer_range=0.1,
    )
    model = Qwen2ForCausalLM(config)
    _write(path, model, adds_bos)
    return TinyModel(path, model)


def _write(path: Path, model: Any, adds_bos: bool) -> None:
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("tiny")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_HIDDEN)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(float(model.config.rms_norm_eps))
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*byte_tokens(), "th", "<|end|>", "<|begin|>"])
    writer.add_token_types([gguf.TokenType.NORMAL] * N_PIECES + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["t h"])
    writer.add_eos_token_id(END)
    writer.add_bos_token_id(BOS)
    writer.add_add_bos_token(adds_bos)
    for name, tensor in _tensors(model):
        writer.add_tensor(name, tensor.detach().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tensors(model: Any) -> list[tuple[str, Any]]:
    """Weights by their names in a GGUF."""
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, _LAYERS)
    found = []
    for name, tensor in model.state_dict().items():
        ours = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert ours is not None, name
        found.append((ours, tensor))
    return found


def byte_tokens() -> list[str]:
    """Every byte as the letter that stands for it in byte-level BPE: printable ones as themselves,
    the others from U+0100 on."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in shown else chr(next(others)) for byte in range(256)]
