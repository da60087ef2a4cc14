"""A base in 4 bits: refused in a sentence where it cannot be; where bitsandbytes is installed, what
is packed, and a run on it to the end (on the processor, through a switch of the tests' own)."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.errors import AppError
from finetune.config import LoraTable
from finetune.export.adapter_gguf import read_adapter, write_adapter
from finetune.measure.results import read_result
from finetune.model import four_bits
from finetune.model.base import load_base
from finetune.model.lora import add_lora
from finetune.run.events import Ended, Facts, RunFailed
from finetune.run.folder import EventTail
from tests.finetune.test_run_stages import config_of, rows_of, start
from tests.finetune.tiny_bases import tiny_torch, write_gguf

packed = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"
)


@pytest.fixture(autouse=True)
def _quiet_torch() -> Iterator[None]:
    n_threads, rng = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.set_num_threads(n_threads)
    torch.set_rng_state(rng)


@pytest.fixture
def on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(four_bits, "_can_compute", lambda kind: True)


def tiny(tmp_path: Path, architecture: str) -> Path:
    return write_gguf(tmp_path / f"{architecture}.gguf", architecture, tiny_torch(architecture))


# ---- refused ----


def test_without_cuda_it_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="on CUDA only") as refused:
        load_base(tmp_path / "none.gguf", dtype=torch.float32, in_4_bits=True)
    assert "in_4_bits" in refused.value.hint


def test_without_bitsandbytes_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AppError, match="package bitsandbytes is needed"):
        four_bits.require_four_bits("cuda")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA here")
def test_a_run_is_refused_before_its_rows_are_looked_at(tmp_path: Path) -> None:
    base = tiny(tmp_path, "llama")
    folder, ended = start(config_of(base, tmp_path / "none.jsonl", base__in_4_bits=True))
    assert isinstance(ended, RunFailed) and "on CUDA only" in ended.message
    assert not folder.tokens.exists()


# ---- held ----


@packed
@pytest.mark.usefixtures("on_cpu")
@pytest.mark.parametrize("architecture", ["llama", "gpt2", "qwen3"])
def test_linear_layers_are_packed_and_the_rest_is_as_it_was(
    architecture: str, tmp_path: Path
) -> None:
    import bitsandbytes as bnb  # type: ignore[import-not-found, unused-ignore]

    path = tiny(tmp_path, architecture)
    exact = load_base(path, dtype=torch.float32)
    held = load_base(path, dtype=torch.float32, in_4_bits=True)
    assert held.names == exact.names
    values = dict(exact.model.named_parameters())
    n_packed = 0
    for name, one in held.model.named_parameters():
        if type(one).__name__ != "Params4bit":
            assert torch.equal(one, values[name])
            continue
        n_packed += 1
        weights = values[name].T if architecture == "gpt2" else values[name]
        assert one.numel() * 2 == four_bits.n_values(one) == weights.numel()
        found = bnb.functional.dequantize_4bit(one.data, one.quant_state)
        # NF4 rounds normally distributed weights by a tenth.
        assert (found - weights).norm() < 0.12 * weights.norm()
    assert n_packed == {"llama": 14, "gpt2": 8, "qwen3": 14}[architecture]
    head = held.model.get_output_embeddings()
    assert type(head) is nn.Linear and not any(p.requires_grad for p in held.model.parameters())


@packed
@pytest.mark.usefixtures("on_cpu")
def test_the_quick_way_computes_what_peft_computes(tmp_path: Path) -> None:
    path = tiny(tmp_path, "llama")
    ids = torch.arange(40).reshape(2, 20)
    outs, slopes = [], []
    for is_quick in (True, False):
        torch.manual_seed(3)
        base = load_base(path, dtype=torch.float32, in_4_bits=True)
        model = add_lora(base, LoraTable(rank=4), is_quick=is_quick).train()
        wanted = {n: one for n, one in model.named_parameters() if one.requires_grad}
        with torch.no_grad():
            for one in wanted.values():
                one.normal_(0.0, 0.1)
        out = model(ids).logits
        out.square().mean().backward()
        outs.append(out.detach())
        slopes.append({name: one.grad for name, one in wanted.items()})
    torch.testing.assert_close(outs[0], outs[1], atol=1e-4, rtol=1e-4)
    assert len(slopes[0]) == 28
    for name, slope in slopes[0].items():
        torch.testing.assert_close(slope, slopes[1][name], atol=1e-5, rtol=1e-3)


@packed
@pytest.mark.usefixtures("on_cpu")
@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_its_adapter_is_the_same_file_as_one_of_the_exact_base(
    architecture: str, tmp_path: Path
) -> None:
    from peft import get_peft_model_state_dict

    path = tiny(tmp_path, architecture)
    made = []
    for is_packed in (True, False):
        torch.manual_seed(3)
        base = load_base(path, dtype=torch.float32, in_4_bits=is_packed)
        model = add_lora(base, LoraTable(rank=4))
        with torch.no_grad():
            for name, one in sorted(model.named_parameters()):
                if "lora_" in name:
                    one.normal_(0.0, 0.1)
        out = tmp_path / f"{is_packed}.gguf"
        lora: Any = model.peft_config["default"]
        write_adapter(base, get_peft_model_state_dict(model), lora, out, {})
        made.append(read_adapter(out))
    assert len(made[0]) == len(made[1]) == {"llama": 14, "gpt2": 8}[architecture]
    for tensor, ours in made[0].items():
        theirs = made[1][tensor]
        assert ours.scale == theirs.scale
        assert (ours.a == theirs.a).all() and (ours.b == theirs.b).all()


@packed
@pytest.mark.usefixtures("on_cpu")
def test_a_run_on_it_learns_and_is_held_against_the_files_own_weights(tmp_path: Path) -> None:
    base = tiny(tmp_path, "llama")
    config = config_of(base, rows_of(tmp_path, 30), base__in_4_bits=True, watch__forgetting=False)
    folder, ended = start(config)
    assert isinstance(ended, Ended) and ended.product == "product/adapter.gguf", ended
    assert read_adapter(folder.adapter)
    facts = next(one for one in EventTail(folder).read() if isinstance(one, Facts))
    assert facts.n_weights - facts.n_trained == sum(
        one.numel() for one in load_base(base, dtype=torch.float32).model.parameters()
    )
    result = read_result(folder)
    assert result is not None and result.parity[0].top1 > 0.99 and result.parity[0].mean_kl < 1e-3
    assert result.validation_before and result.validation_after
    assert result.validation_after < result.validation_before
