"""Merged files: what numpy, PEFT and llama.cpp each say they must be, byte-exact metadata, bounded
memory, and what is refused."""

import errno
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from peft import get_peft_model_state_dict

from engine.errors import AppError, JobCancelledError
from engine.models.gguf_header import read_entries, read_header
from engine.process.messages import Adapter
from finetune.export import gguf_stream
from finetune.export.adapter_gguf import read_adapter, write_adapter
from finetune.export.files import sha256_of
from finetune.export.merge import merge, write_full
from finetune.export.provenance import Value
from tests.finetune.llama_logits import IDS, in_llama
from tests.finetune.lora_bases import TinyBase, logprobs, random_lora, tiny_base

ARCHITECTURES = ["llama", "qwen2", "gemma3"]


@pytest.fixture(autouse=True)
def few_threads() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(tmp_path: Path, architecture: str) -> tuple[TinyBase, Any, Path]:
    """A base, the same with a LoRA in torch, and that LoRA's file."""
    base = tiny_base(tmp_path / "base.gguf", architecture)
    tuned = random_lora(base.model)
    adapter = tmp_path / "adapter.gguf"
    write_adapter(base, get_peft_model_state_dict(tuned), tuned.peft_config["default"], adapter, {})
    return base, tuned, adapter


def tensors(path: Path) -> dict[str, Any]:
    return {
        one.name: dequantize(one.data, one.tensor_type).reshape(tuple(reversed(one.shape.tolist())))
        for one in GGUFReader(path).tensors
    }


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_merged_file_is_base_plus_product(architecture: str, tmp_path: Path) -> None:
    base, _, adapter = made(tmp_path, architecture)
    merge(base.path, read_adapter(adapter, 0.7), tmp_path / "m.gguf", "F32", {})
    before, after = tensors(base.path), tensors(tmp_path / "m.gguf")
    assert list(before) == list(after), "the tensors' order"
    halves = tensors(adapter)
    for name, weights in before.items():
        expected = weights
        if f"{name}.lora_a" in halves:
            product = halves[f"{name}.lora_b"] @ halves[f"{name}.lora_a"]
            expected = weights + 0.7 * (8 / 4) * product
            assert np.abs(expected - weights).max() > 0.01
        assert after[name] == pytest.approx(expected, abs=1e-6), name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_llama_cpp_reads_what_peft_merges(architecture: str, tmp_path: Path) -> None:
    base, tuned, adapter = made(tmp_path, architecture)
    merge(base.path, read_adapter(adapter), tmp_path / "m.gguf", "F32", {})
    found = in_llama(tmp_path / "m.gguf", tmp_path, [])
    merged = tuned.merge_and_unload()
    assert np.abs(found - logprobs(merged, IDS)).max() < 0.06


def test_an_adapter_at_a_strength_is_the_merge_at_that_strength(tmp_path: Path) -> None:
    base, _, adapter = made(tmp_path, "llama")
    for scale in (0.5, 1.5):
        merge(base.path, read_adapter(adapter, scale), tmp_path / "m.gguf", "F32", {})
        live = in_llama(base.path, tmp_path, [Adapter(path=str(adapter), scale=scale)])
        assert np.abs(in_llama(tmp_path / "m.gguf", tmp_path, []) - live).max() < 0.06


def test_metadata_and_tokenizer_are_the_bases_to_the_byte(tmp_path: Path) -> None:
    base, _, adapter = made(tmp_path, "llama")
    known: dict[str, Value] = {"base_sha256": sha256_of(base.path), "run": "ann", "seed": 3}
    written = merge(base.path, read_adapter(adapter), tmp_path / "m.gguf", "F16", known)
    before, after = read_entries(base.path), read_entries(tmp_path / "m.gguf")
    assert list(after)[: len(before)] == list(before)
    changed = {key for key, data in before.items() if after[key] != data}
    assert changed == {"general.file_type"}
    header = read_header(tmp_path / "m.gguf")
    assert header.text("bathysphere.base_sha256") == known["base_sha256"]
    assert header.number("bathysphere.seed") == 3
    assert header.number("general.file_type") == 1
    assert written.sha256 == sha256_of(tmp_path / "m.gguf")
    assert written.n_bytes == (tmp_path / "m.gguf").stat().st_size
    kinds = {tensor.name: tensor.type for tensor in header.tensors}
    assert kinds["output_norm.weight"] == "F32"
    assert kinds["blk.0.attn_q.weight"] == kinds["token_embd.weight"] == "F16"
    merge(tmp_path / "m.gguf", {}, tmp_path / "again.gguf", "F16", {"run": "other"})
    again = read_header(tmp_path / "again.gguf")
    assert again.text("bathysphere.run") == "other"
    assert "bathysphere.seed" not in again.metadata


def test_only_what_changed_leaves_its_quantisation(tmp_path: Path, starter: Path) -> None:
    name = "blk.3.ffn_up.weight"
    shape = next(one.shape for one in read_header(starter).tensors if one.name == name)
    from finetune.export.lora_pairs import Pair

    rng = np.random.default_rng(0)
    pair = Pair(
        name,
        rng.normal(size=(4, shape[0])).astype(np.float32),
        rng.normal(size=(shape[1], 4)).astype(np.float32),
        0.01,
    )
    merge(starter, {name: pair}, tmp_path / "m.gguf", "part", {})
    before = {one.name: one for one in GGUFReader(starter).tensors}
    for one in GGUFReader(tmp_path / "m.gguf").tensors:
        old = before[one.name]
        if one.name != name:
            assert one.tensor_type == old.tensor_type
            assert np.array_equal(one.data, old.data)
        else:
            expected = dequantize(old.data, old.tensor_type) + 0.01 * pair.b @ pair.a
            assert np.abs(one.data.astype(np.float32) - expected).max() < 1e-3


def test_rows_come_in_pieces_however_large_the_tensor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, _, adapter = made(tmp_path, "llama")
    merge(base.path, read_adapter(adapter), tmp_path / "whole.gguf", "F16", {})
    monkeypatch.setattr(gguf_stream, "PIECE_BYTES", 1000)
    merge(base.path, read_adapter(adapter), tmp_path / "pieces.gguf", "F16", {})
    one, other = (GGUFReader(tmp_path / name).tensors for name in ("whole.gguf", "pieces.gguf"))
    assert all(np.array_equal(a.data, b.data) for a, b in zip(one, other, strict=True))


def test_memory_stays_within_a_few_pieces(tmp_path: Path, starter: Path) -> None:
    tracemalloc.start()
    try:
        merge(starter, {}, tmp_path / "m.gguf", "F16", {})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "m.gguf").stat().st_size > 250e6
    assert peak < 8 * gguf_stream.PIECE_BYTES


def test_a_full_fine_tune_is_a_model_of_its_own(tmp_path: Path) -> None:
    from finetune.model.base import load_base

    path = tiny_base(tmp_path / "base.gguf", "llama").path
    base = load_base(path, dtype=torch.float32)
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in base.model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    write_full(base, tmp_path / "full.gguf", {"run": "r"}, "F32")
    assert (
        np.abs(in_llama(tmp_path / "full.gguf", tmp_path, []) - logprobs(base.model, IDS)).max()
        < 0.05
    )


def test_a_cancel_leaves_nothing(tmp_path: Path) -> None:
    base, _, adapter = made(tmp_path, "llama")

    def report(fraction: float) -> None:
        if fraction > 0.5:
            raise JobCancelledError

    with pytest.raises(JobCancelledError):
        merge(base.path, read_adapter(adapter), tmp_path / "m.gguf", "F16", {}, report)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["adapter.gguf", "base.gguf"]


def test_what_cannot_be_merged_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, _, adapter = made(tmp_path, "llama")
    pairs = read_adapter(adapter)
    (tmp_path / "other").mkdir()
    other = tiny_base(tmp_path / "other" / "o.gguf", "gemma3")
    with pytest.raises(AppError, match="another model than this base"):
        merge(other.path, pairs, tmp_path / "m.gguf", "F16", {})
    with pytest.raises(AppError, match="There is no file"):
        merge(tmp_path / "gone.gguf", pairs, tmp_path / "m.gguf", "F16", {})
    with pytest.raises(AppError, match="no LoRA adapter"):
        read_adapter(base.path)
    for pair in pairs.values():
        pair.b[0, 0] = 1e9
    with pytest.raises(AppError, match="too large for F16"):
        merge(base.path, pairs, tmp_path / "m.gguf", "F16", {})
    for pair in pairs.values():
        pair.b[0, 0] = np.nan
    with pytest.raises(AppError, match="no numbers"):
        merge(base.path, pairs, tmp_path / "m.gguf", "F32", {})
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(AppError, match="GB are free on that disk"):
        merge(base.path, read_adapter(adapter), tmp_path / "m.gguf", "F16", {})
    monkeypatch.undo()

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(AppError, match="The disk is full"):
        merge(base.path, read_adapter(adapter), tmp_path / "m.gguf", "F16", {})
    assert not list(tmp_path.glob("*m.gguf*"))
