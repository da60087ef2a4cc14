"""LoRAs as GGUF adapters: llama.cpp computes with them what torch does, in every layout."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGUFReader
from peft import LoraConfig, get_peft_model_state_dict

from engine.errors import AppError
from engine.models.gguf_header import describe, read_header
from engine.process.messages import Adapter
from finetune.export.adapter_gguf import check_base, read_adapter, write_adapter
from finetune.export.header_base import header_base
from tests.finetune.llama_logits import IDS, in_llama
from tests.finetune.lora_bases import TinyBase, logprobs, random_lora, tiny_base


@pytest.fixture(autouse=True)
def few_threads() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def exported(base: TinyBase, tuned: Any, target: Path, **fields: Any) -> Path:
    state = get_peft_model_state_dict(tuned)
    write_adapter(base, state, tuned.peft_config["default"], target, {"run": "a run"}, **fields)
    return target


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma3"])
def test_llama_cpp_computes_with_it_what_torch_computes(architecture: str, tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base.gguf", architecture)
    plain = logprobs(base.model, IDS)
    assert np.abs(in_llama(base.path, tmp_path, []) - plain).max() < 0.05, "the base itself"
    tuned = random_lora(base.model)
    adapter = exported(base, tuned, tmp_path / "adapter.gguf")
    expected = logprobs(tuned, IDS)
    assert np.abs(expected - plain).max() > 1.0, "the adapter changes nothing"
    found = in_llama(base.path, tmp_path, [Adapter(path=str(adapter))])
    assert np.abs(found - expected).max() < 0.06
    with tuned.disable_adapter():
        off = in_llama(base.path, tmp_path, [Adapter(path=str(adapter), scale=0.0)])
        assert np.abs(off - logprobs(tuned, IDS)).max() < 0.05


def test_without_the_permutation_llama_layout_models_are_other_models(tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base.gguf", "llama")
    tuned = random_lora(base.model)
    naive = TinyBase(base.path, base.model, base.names, {}, base.header)
    right = exported(base, tuned, tmp_path / "right.gguf")
    wrong = exported(naive, tuned, tmp_path / "wrong.gguf")
    expected = logprobs(tuned, IDS)
    good = in_llama(base.path, tmp_path, [Adapter(path=str(right))])
    bad = in_llama(base.path, tmp_path, [Adapter(path=str(wrong))])
    assert np.abs(good - expected).max() < 0.06
    assert np.abs(bad - expected).max() > 1.0


@pytest.mark.parametrize(
    "fields",
    [
        {"use_rslora": True},
        {"lora_alpha": 3, "rank_pattern": {"q_proj": 2}, "alpha_pattern": {"up_proj": 16}},
        {"use_rslora": True, "rank_pattern": {"k_proj": 9, "layers.1.mlp.down_proj": 1}},
    ],
)
def test_scales_are_folded_into_alpha_and_patterns_into_b(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    base = tiny_base(tmp_path / "base.gguf", "llama")
    tuned = random_lora(base.model, **fields)
    adapter = exported(base, tuned, tmp_path / "adapter.gguf")
    expected = logprobs(tuned, IDS)
    found = in_llama(base.path, tmp_path, [Adapter(path=str(adapter))])
    assert np.abs(found - expected).max() < 0.06
    for pair in read_adapter(adapter).values():
        module = {tensor: name for name, tensor in base.names.items()}[pair.tensor]
        layer = tuned.get_submodule(f"base_model.model.{module.removesuffix('.weight')}")
        assert pair.scale * pair.b @ pair.a == pytest.approx(
            _permuted(base, module, layer.get_delta_weight("default")), abs=1e-5
        )


def _permuted(base: TinyBase, module: str, delta: Any) -> Any:
    from tests.finetune.lora_bases import in_llama_order

    heads = base.permuted.get(module.split(".")[-2], 0)
    return in_llama_order(delta.detach().numpy(), heads) if heads else delta.detach().numpy()


def test_rslora_means_alpha_times_the_root_of_the_rank(tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base.gguf", "qwen2")
    tuned = random_lora(base.model, rank=16, lora_alpha=8, use_rslora=True)
    header = read_header(exported(base, tuned, tmp_path / "a.gguf"))
    assert header.metadata["adapter.lora.alpha"] == 32.0
    plain = random_lora(tiny_base(tmp_path / "c.gguf", "qwen2").model, rank=16, lora_alpha=8)
    header = read_header(exported(base, plain, tmp_path / "b.gguf"))
    assert header.metadata["adapter.lora.alpha"] == 8.0


def test_the_file_says_what_it_is_and_where_it_came_from(tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base.gguf", "llama")
    adapter = exported(base, random_lora(base.model), tmp_path / "adapter.gguf", kind="F16")
    header = read_header(adapter)
    assert describe(header, adapter).kind == "adapter"
    assert header.text("general.architecture") == "llama"
    assert header.text("bathysphere.run") == "a run"
    assert "peft" in header.text("bathysphere.versions")
    assert {tensor.type for tensor in header.tensors} == {"F16"}
    names = [tensor.name for tensor in GGUFReader(adapter).tensors]
    assert names[:2] == ["blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b"]
    assert len(names) == 2 * 7 * 2


def test_names_from_the_header_are_those_of_the_loaded_model(tmp_path: Path) -> None:
    for architecture in ("llama", "qwen2", "qwen3", "gemma3"):
        base = tiny_base(tmp_path / f"{architecture}.gguf", architecture)
        seen = header_base(base.path)
        assert {name: seen.names[name] for name in base.names} == dict(base.names)
        assert seen.permuted == base.permuted
        assert "model.layers.9.mlp.up_proj.weight" not in seen.names


@pytest.mark.parametrize(
    ("config", "state", "words"),
    [
        ({"use_dora": True}, {}, "DoRA"),
        ({"bias": "all"}, {}, "biases"),
        ({"lora_bias": True}, {}, "biases"),
        ({"modules_to_save": ["lm_head"]}, {}, "whole weights"),
        ({"peft_type": "IA3"}, {}, "IA3"),
        ({}, {"base_model.model.model.embed_tokens.lora_embedding_A": 1}, "embeddings"),
        ({}, {"base_model.model.model.norm.weight": 1}, "whole weights"),
        ({}, {"m.q_proj.lora_magnitude_vector.weight": 1}, "DoRA"),
        ({}, {"m.q_proj.lora_A.weight": np.ones((2, 4))}, "Half"),
        ({}, {"m.q_proj.lora_A.weight": np.full((2, 4), np.nan)}, "no numbers"),
        ({}, {}, "no adapter weights"),
    ],
)
def test_what_an_adapter_cannot_hold_is_refused_in_words(
    config: dict[str, Any], state: dict[str, Any], words: str, tmp_path: Path
) -> None:
    base = tiny_base(tmp_path / "base.gguf", "qwen2")
    with pytest.raises(AppError, match=words):
        write_adapter(base, state, config, tmp_path / "a.gguf", {})
    assert not (tmp_path / "a.gguf").exists()


GOOD = {
    "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight": np.ones((2, 64)),
    "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight": np.ones((96, 2)),
}


@pytest.mark.parametrize(
    "state",
    [
        {name.replace("layers.0", "layers.7"): one for name, one in GOOD.items()},
        {name: one[:, :60] for name, one in GOOD.items()},
        {name: one[:60] for name, one in GOOD.items()},
    ],
)
def test_an_adapter_of_another_base_is_refused(state: dict[str, Any], tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base.gguf", "qwen2")
    write_adapter(base, GOOD, {"lora_alpha": 4}, tmp_path / "a.gguf", {})
    with pytest.raises(AppError, match="another model"):
        write_adapter(base, state, {"lora_alpha": 4}, tmp_path / "b.gguf", {})


SLOW_PATTERN = "".join(f"(?P<{one}>.+)" for one in "abcdefghij") + "".join(
    f"(?P={one})" for one in "abcdefghij"
)


@pytest.mark.parametrize("pattern", ["((((", SLOW_PATTERN])
def test_hostile_name_patterns_are_refused_at_once(pattern: str, tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base.gguf", "qwen2")
    config = {"lora_alpha": 4, "alpha_pattern": {"nothing": 2, pattern: 3}}
    with pytest.raises(AppError, match="name pattern"):
        write_adapter(base, GOOD, config, tmp_path / "d.gguf", {})


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tiny_base(tmp_path / "base.gguf", "qwen2")
    tuned = random_lora(base.model)
    target = exported(base, tuned, tmp_path / "adapter.gguf")
    before = target.read_bytes()

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(AppError, match="The disk is full"):
        exported(base, tuned, target)
    assert target.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["adapter.gguf", "base.gguf"]


def test_a_base_that_is_gone_or_changed_is_told(tmp_path: Path) -> None:
    from finetune.export.files import sha256_of

    base = tiny_base(tmp_path / "base.gguf", "qwen2")
    adapter = tmp_path / "adapter.gguf"
    state = get_peft_model_state_dict(random_lora(base.model))
    known = {"base_sha256": sha256_of(base.path)}
    write_adapter(base, state, LoraConfig(r=4), adapter, known)
    assert check_base(adapter, base.path) == known["base_sha256"]
    with base.path.open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\1\2\3\4")
    with pytest.raises(AppError, match="has changed since"):
        check_base(adapter, base.path)
    base.path.unlink()
    with pytest.raises(AppError, match="not there any more"):
        check_base(adapter, base.path)
