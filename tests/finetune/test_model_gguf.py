"""Hugging Face folders as GGUFs: the same ids, the same distributions, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from engine.errors import AppError, JobCancelledError
from engine.models.gguf_header import describe, read_header
from engine.tokens.opened import open_tokenizer
from finetune.export.convert_folder import check_ids, convert_folder
from finetune.export.hf_config import figures_of, llama3_factors
from finetune.export.model_gguf import write_folder
from tests.finetune.hf_folders import SPECIAL, TEMPLATE, byte_level, hf_folder, sentence_pieces
from tests.finetune.llama_logits import in_llama
from tests.finetune.lora_bases import logprobs

IDS = [301, 9, 70, 31, 200, 8, 8, 590, 41, 3, 111, 17, 256, 40, 99, 12, 250, 61] * 2


@pytest.fixture(autouse=True)
def few_threads() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def quiet(_: float, _what: str) -> None:
    """Nobody looks on."""


@pytest.mark.parametrize(
    ("architecture", "pre"),
    [("llama", "smollm"), ("qwen2", "qwen2"), ("qwen3", "gpt-2"), ("gemma3", "llama-bpe")],
)
def test_a_folder_is_the_same_model_as_a_gguf(architecture: str, pre: str, tmp_path: Path) -> None:
    folder = hf_folder(tmp_path / "hf", architecture, byte_level(pre))
    out = tmp_path / "m.gguf"
    done = convert_folder(folder, out, quiet)
    assert [one.form for one in done.parity] == ["converted"]
    assert done.parity[0].top1 >= 0.99, done
    assert done.parity[0].mean_kl < 1e-3
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert np.abs(in_llama(out, tmp_path, [], IDS) - logprobs(model, IDS)).max() < 0.06
    header = read_header(out)
    assert header.text("tokenizer.ggml.pre") == pre
    assert header.text("tokenizer.chat_template") == TEMPLATE
    assert header.number("tokenizer.ggml.eos_token_id") == SPECIAL.index("<|im_end|>")
    assert describe(header, out).quantisation == "F32"
    assert header.text("bathysphere.kind") == "converted"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("adds_space", [True, False])
def test_sentence_pieces_come_as_llama_cpps_own(adds_space: bool, tmp_path: Path) -> None:
    folder = hf_folder(tmp_path / "hf", "llama", sentence_pieces(adds_space=adds_space))
    write_folder(folder, tmp_path / "m.gguf")
    check_ids(folder, tmp_path / "m.gguf")
    header = read_header(tmp_path / "m.gguf")
    assert header.text("tokenizer.ggml.model") == "llama"
    assert header.metadata["tokenizer.ggml.add_space_prefix"] is adds_space


def test_a_bos_that_the_tokenizer_puts_is_put_by_llama_cpp_too(tmp_path: Path) -> None:
    folder = hf_folder(tmp_path / "hf", "llama", byte_level("llama-bpe", adds_bos=True))
    write_folder(folder, tmp_path / "m.gguf")
    ours = open_tokenizer(str(tmp_path / "m.gguf"))
    assert ours.encode("sea", special=True)[0] == SPECIAL.index("<s>")
    written = ours.encode("<|im_start|>sea", special=True).tolist()
    assert written[:2] == [SPECIAL.index("<s>"), SPECIAL.index("<|im_start|>")]


@pytest.mark.parametrize(
    ("dtype", "kind"), [(torch.bfloat16, "BF16"), (torch.float16, "F16"), (torch.float32, "F32")]
)
def test_the_folders_precision_is_kept(dtype: Any, kind: str, tmp_path: Path) -> None:
    folder = hf_folder(tmp_path / "hf", "qwen2", byte_level("qwen2"), dtype)
    write_folder(folder, tmp_path / "m.gguf")
    header = read_header(tmp_path / "m.gguf")
    kinds = {len(one.shape): one.type for one in header.tensors}
    assert kinds == {1: "F32", 2: kind}
    assert describe(header, tmp_path / "m.gguf").quantisation == kind


def changed(folder: Path, name: str, **fields: Any) -> None:
    path = folder / name
    raw = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(raw | fields), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("config.json", {"model_type": "mamba"}, "mamba"),
        ("config.json", {"hidden_act": "relu2"}, "activation"),
        ("config.json", {"num_hidden_layers": -1}, "num_hidden_layers"),
        ("config.json", {"rope_parameters": {"rope_type": "longrope"}}, "positions"),
        ("config.json", {"vocab_size": 100}, "no weights for"),
        ("tokenizer.json", {"normalizer": {"type": "Lowercase"}}, "rewrites texts"),
        ("tokenizer.json", {"pre_tokenizer": {"type": "Whitespace"}}, "cuts texts in a way"),
        (
            "tokenizer.json",
            {
                "pre_tokenizer": {
                    "type": "Split",
                    "pattern": {"Regex": "(.)+"},
                    "behavior": "Isolated",
                    "invert": False,
                }
            },
            "cannot be written|cuts texts in a way",
        ),
        ("tokenizer.json", {"model": {"type": "Unigram", "vocab": [["a", 0.0]]}}, "Unigram"),
    ],
)
def test_what_llama_cpp_would_compute_otherwise_is_refused(
    name: str, fields: dict[str, Any], words: str, tmp_path: Path
) -> None:
    folder = hf_folder(tmp_path / "hf", "llama", byte_level("gpt-2"))
    changed(folder, name, **fields)
    with pytest.raises(AppError, match=words):
        convert_folder(folder, tmp_path / "m.gguf", quiet)
    assert [one.name for one in tmp_path.iterdir()] == ["hf"]


def test_a_tokenizer_that_lies_is_found_by_its_ids(tmp_path: Path) -> None:
    """The pattern is known, yet the merges are in another order than those llama.cpp was given."""
    folder = hf_folder(tmp_path / "hf", "llama", byte_level("gpt-2"))
    write_folder(folder, tmp_path / "m.gguf")
    raw = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    raw["model"]["merges"] = raw["model"]["merges"][::-1]
    (folder / "tokenizer.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(AppError, match="other tokens than"):
        check_ids(folder, tmp_path / "m.gguf")


def test_damaged_and_pickled_weights_are_refused_and_a_cancel_leaves_nothing(
    tmp_path: Path,
) -> None:
    folder = hf_folder(tmp_path / "hf", "llama", byte_level("gpt-2"))

    def cancel(fraction: float, _: str) -> None:
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        convert_folder(folder, tmp_path / "m.gguf", cancel)
    weights = folder / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:5000])
    with pytest.raises(AppError, match="damaged"):
        convert_folder(folder, tmp_path / "m.gguf", quiet)
    weights.rename(folder / "pytorch_model.bin")
    with pytest.raises(AppError, match="safetensors"):
        convert_folder(folder, tmp_path / "m.gguf", quiet)
    assert [one.name for one in tmp_path.iterdir()] == ["hf"]


def test_llama_3s_long_waves_are_stretched_as_transformers_does() -> None:
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    rope = {
        "rope_type": "llama3",
        "rope_theta": 500_000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    config = LlamaConfig(
        hidden_size=512, num_attention_heads=4, max_position_embeddings=65536, rope_parameters=rope
    )
    expected, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    plain = 1.0 / 500_000.0 ** (np.arange(0, 128, 2) / 128)
    assert plain / llama3_factors(rope, 500_000.0, 128) == pytest.approx(expected.numpy(), rel=1e-5)
    figures = figures_of(config.to_dict(), "llama")
    assert figures.rope_factors is not None and figures.rope_factors.shape == (64,)
