"""Bases out of GGUF files: the logits of every architecture against transformers' own reader of
GGUF and against llama.cpp; the starter against an independent reader; folders; refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import AppError
from engine.models.gguf_header import read_header
from engine.models.starter import starter_path
from finetune.model.base import Base, load_base, to_gguf
from finetune.model.layouts import LAYOUTS, REFUSED, refusal
from finetune.model.metadata import Metadata
from tests.finetune.llama_logits import in_llama
from tests.finetune.tiny_bases import tiny_torch, write_gguf

IDS = [30, 77, 104, 101, 32, 200, 12, 65, 66, 67, 105, 3, 9, 40, 250, 33, 101, 116, 104, 7]


def logprobs(model: Any) -> Any:
    with torch.inference_mode():
        logits = model(torch.tensor([IDS]), use_cache=False).logits[0]
    return torch.log_softmax(logits.float(), -1).numpy()


def assert_reads_as_written(path: Path, expected: Any, tmp_path: Path) -> Base:
    """Ours has the torch model's own logits, and llama.cpp reads the file so too."""
    base = load_base(path, dtype=torch.float32)
    np.testing.assert_allclose(logprobs(base.model), expected, atol=1e-5)
    theirs = in_llama(path, tmp_path, [], IDS)
    # Tokens of no chance differ by more than float16 can say.
    likely = expected > -12
    np.testing.assert_allclose(theirs[likely], expected[likely], atol=2e-2)
    assert (theirs.argmax(-1) == expected.argmax(-1)).mean() > 0.9
    return base


@pytest.mark.parametrize("architecture", sorted(LAYOUTS))
def test_logits_are_those_of_llama_cpp(architecture: str, tmp_path: Path) -> None:
    model = tiny_torch(architecture)
    path = write_gguf(tmp_path / "tiny.gguf", architecture, model)
    base = assert_reads_as_written(path, logprobs(model), tmp_path)
    tensors = {one.name for one in read_header(path).tensors}
    assert set(base.names.values()) == tensors
    assert not any(one.requires_grad for one in base.model.parameters())


# For the others transformers' reader takes some figures of published sizes for granted (gemma's
# query scale, the width of qwen3's heads, phi3's ids).
@pytest.mark.parametrize("architecture", ["llama", "qwen2", "starcoder2"])
def test_logits_are_those_of_transformers_reader(architecture: str, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", architecture, tiny_torch(architecture))
    model_class = LAYOUTS[architecture].model_class()
    theirs = model_class.from_pretrained(tmp_path, gguf_file="tiny.gguf", dtype=torch.float32)
    base = load_base(path, dtype=torch.float32)
    np.testing.assert_allclose(logprobs(base.model), logprobs(theirs.eval()), atol=1e-5)


@pytest.mark.parametrize("architecture", sorted(LAYOUTS))
def test_weights_go_back_as_the_file_has_them(architecture: str, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", architecture, tiny_torch(architecture))
    base = load_base(path, dtype=torch.float32)
    header, data = read_header(path), path.read_bytes()
    parameters = dict(base.model.named_parameters())
    stored = {one.name: one for one in header.tensors}
    for name, tensor in base.names.items():
        one = stored[tensor]
        start = header.data_start + one.offset
        kept = np.frombuffer(data[start : start + one.n_bytes], np.float32)
        back = to_gguf(base.layout, base.permuted, name, parameters[name].numpy())
        np.testing.assert_allclose(back.reshape(-1), kept, atol=1e-6, err_msg=name)


def test_the_starter_reads_as_by_an_independent_reader() -> None:
    from tests.engine.torch_starter import torch_starter

    base = load_base(starter_path(), dtype=torch.float32)
    theirs = torch_starter(starter_path())
    assert torch.equal(base.model.lm_head.weight, base.model.model.embed_tokens.weight)
    np.testing.assert_array_equal(logprobs(base.model), logprobs(theirs))
    assert base.names["model.layers.3.self_attn.q_proj.weight"] == "blk.3.attn_q.weight"
    assert base.permuted == {"q_proj": 9, "k_proj": 3}


def test_rotary_factors_of_the_file_are_used(tmp_path: Path) -> None:
    """Llama 3.1 and later carry them."""
    model = tiny_torch("llama")
    plain = logprobs(model)
    factors = np.linspace(1.0, 8.0, 8)
    path = write_gguf(tmp_path / "tiny.gguf", "llama", model, factors=factors)
    rotary = model.model.rotary_emb
    rotary.inv_freq = rotary.inv_freq / torch.tensor(factors, dtype=torch.float32)
    expected = logprobs(model)
    assert np.abs(expected - plain).max() > 1e-2
    assert_reads_as_written(path, expected, tmp_path)


def test_a_window_is_kept_to(tmp_path: Path) -> None:
    """20 tokens, of which gemma 3's local layers see 8: without the window logits are others."""
    model = tiny_torch("gemma3")
    path = write_gguf(tmp_path / "tiny.gguf", "gemma3", model)
    base = load_base(path, dtype=torch.float32)
    wide = load_base(path, dtype=torch.float32)
    wide.model.config.sliding_window = 1000
    for layer in wide.model.model.layers:
        layer.self_attn.sliding_window = None
    assert np.abs(logprobs(base.model) - logprobs(wide.model)).max() > 1e-3


def test_weights_are_held_as_asked(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "qwen3", tiny_torch("qwen3"))
    base = load_base(path, dtype=torch.bfloat16)
    assert {one.dtype for one in base.model.parameters()} == {torch.bfloat16}
    assert base.model.model.rotary_emb.inv_freq.dtype == torch.float32


def tiny_mistral() -> Any:
    from transformers.models.mistral.configuration_mistral import MistralConfig
    from transformers.models.mistral.modeling_mistral import MistralForCausalLM

    like: Any = tiny_torch("llama").config
    names = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")
    sizes: Any = {name: getattr(like, name) for name in names}
    model: Any = MistralForCausalLM(
        MistralConfig(**sizes, num_attention_heads=4, num_key_value_heads=2)
    )
    return model.eval()


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "gemma3"])
def test_a_folder_of_safetensors_is_a_base(kind: str, tmp_path: Path) -> None:
    model = tiny_mistral() if kind == "mistral" else tiny_torch(kind)
    model.save_pretrained(tmp_path)
    base = load_base(tmp_path, dtype=torch.float32)
    np.testing.assert_allclose(logprobs(base.model), logprobs(model), atol=1e-5)
    assert base.header is None
    assert base.names["model.layers.0.mlp.up_proj.weight"] == "blk.0.ffn_up.weight"


def test_what_cannot_be_taught_says_why(tmp_path: Path) -> None:
    import gguf

    path = tmp_path / "other.gguf"
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_tensor("token_embd.weight", np.zeros((4, 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert refusal(Metadata(read_header(path), path)) == REFUSED["mamba"]
    with pytest.raises(AppError, match="no attention"):
        load_base(path, dtype=torch.float32)


def test_a_folder_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"config\.json"):
        load_base(tmp_path, dtype=torch.float32)
    (tmp_path / "config.json").write_text('{"model_type": "falcon"}', encoding="utf-8")
    with pytest.raises(AppError, match="falcon"):
        load_base(tmp_path, dtype=torch.float32)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    with pytest.raises(AppError, match="no \\.safetensors"):
        load_base(tmp_path, dtype=torch.float32)


def test_a_file_without_a_tensor_says_so(tmp_path: Path) -> None:
    model = tiny_torch("llama")
    del model.model.layers[1].mlp.up_proj
    path = write_gguf(tmp_path / "tiny.gguf", "llama", model)
    with pytest.raises(AppError, match="lacks something"):
        load_base(path, dtype=torch.float32)
