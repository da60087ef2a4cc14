"""Requests about bases, as the room's worker serves them: described, listed, calibrated."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import AppError, JobCancelledError
from engine.models.starter import starter_path
from engine.paths import Paths
from engine.process.messages import Progress
from engine.process.tune_messages import (
    BaseInfo,
    BaseList,
    Calibrate,
    Calibration,
    DescribeBase,
    ListBases,
)
from engine.tokens.opened import Tokenizers
from finetune.config import RunConfig, changed, to_toml
from finetune.memory import Figures, training_bytes
from finetune.serve.base import answer, describe_base, job
from finetune.serve.data import Shared
from tests.engine.loading import drain
from tests.finetune.tiny_bases import tiny_torch, write_gguf
from tests.finetune.training import one_thread


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(Paths(tmp_path / "home").ensure(), Tokenizers())


def test_the_starter_can_be_taught(shared: Shared) -> None:
    info = answer(DescribeBase(job=1, path="starter"), shared)
    assert isinstance(info, BaseInfo) and info.path == str(starter_path())
    found = describe_base("starter")
    assert (found.reason, found.architecture, found.n_layer) == ("", "llama", 30)
    assert found.n_params == 134_515_008
    assert "Q4_1" in found.note and "exactly" in found.note
    assert 2e9 < found.lora_bytes < found.full_bytes
    assert found.free_bytes > 0 and found.precision in ("fp32", "bf16")


def test_a_folder_of_safetensors_is_described(tmp_path: Path) -> None:
    tiny_torch("qwen3").save_pretrained(tmp_path)
    found = describe_base(str(tmp_path))
    assert (found.reason, found.architecture, found.n_layer) == ("", "qwen3", 2)
    assert found.n_params == sum(one.numel() for one in set(tiny_torch("qwen3").parameters()))
    (tmp_path / "model.safetensors").write_bytes(b"\x10")
    assert "damaged" in describe_base(str(tmp_path)).reason
    (tmp_path / "config.json").write_text('{"model_type": "falcon"}', encoding="utf-8")
    assert "falcon" in describe_base(str(tmp_path)).reason


def test_all_bases_are_listed_with_their_reasons(tmp_path: Path, shared: Shared) -> None:
    write_gguf(tmp_path / "good.gguf", "qwen2", tiny_torch("qwen2"))
    whole = (tmp_path / "good.gguf").read_bytes()
    (tmp_path / "mixture.gguf").write_bytes(whole.replace(b"qwen2", b"rwkv7"))
    (tmp_path / "cut.gguf").write_bytes(whole[:2000])
    gone = [str(tmp_path / "gone"), str(tmp_path / "gone.gguf")]  # removed since they were set
    steps = job(ListBases(job=1, folders=[str(tmp_path), *gone]), shared)
    assert steps is not None
    events, listed = drain(steps)
    assert isinstance(listed, BaseList)
    names = [Path(one.path).name for one in listed.items]
    assert names[:2] == ["good.gguf", starter_path().name]  # those that can, by name
    reasons = {Path(one.path).name: one.reason for one in listed.items}
    assert reasons["good.gguf"] == reasons[starter_path().name] == ""
    assert "no attention" in reasons["mixture.gguf"]
    assert reasons.get("cut.gguf")
    assert not reasons.keys() & {"gone", "gone.gguf"}  # a folder is no base
    assert all(isinstance(one, Progress) for one in events)


def test_what_is_no_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(AppError):
        describe_base(str(tmp_path / "nothing.gguf"))


# ---- calibration ----


def plan(tmp_path: Path, n_rows: int = 6) -> str:
    rows = tmp_path / "rows.jsonl"
    text = "The keeper of the light went up the stairs. "
    lines = [json.dumps({"text": text * (1 + number % 3)}) for number in range(n_rows)]
    rows.write_text("\n".join(lines), encoding="utf-8")
    base = write_gguf(tmp_path / "tiny.gguf", "llama", tiny_torch("llama"))
    return to_toml(
        changed(
            RunConfig(),
            base__path=str(base),
            data__path=str(rows),
            data__format="text",
            train__steps=4,
            train__batch=2,
            train__max_length=200,
            train__precision="fp32",
        )
    )


def calibrating(tmp_path: Path, shared: Shared, **fields: Any) -> Generator[Any, None, Any]:
    steps = job(Calibrate(job=1, config=plan(tmp_path, **fields)), shared)
    assert steps is not None
    return steps


def test_a_calibration_measures_and_leaves_nothing(tmp_path: Path, shared: Shared) -> None:
    before = set(os.listdir(tmp_path))
    with one_thread():
        events, found = drain(calibrating(tmp_path, shared))
    assert isinstance(found, Calibration)
    assert found.tokens_per_s > 0 and found.s_per_step > 0 and found.load_s > 0
    assert found.peak_bytes > 100e6 and found.precision == "fp32"
    fractions = [one.fraction for one in events]
    assert fractions == sorted(fractions) and fractions[-1] <= 1.0
    assert set(os.listdir(tmp_path)) - before == {"rows.jsonl", "tiny.gguf"}


def test_a_calibration_of_nothing_says_what_is_missing(tmp_path: Path, shared: Shared) -> None:
    with one_thread(), pytest.raises(AppError):
        drain(calibrating(tmp_path, shared, n_rows=0))


def test_a_calibration_can_be_ended(tmp_path: Path, shared: Shared) -> None:
    steps = calibrating(tmp_path, shared)
    with one_thread():
        next(steps)
        steps.throw(JobCancelledError())
        _, result = drain(steps)
    assert not isinstance(result, Calibration)


def test_the_estimate_is_near_what_a_step_takes() -> None:
    """The starter in fp32, batches of some 280 tokens: 1.5 to 1.9 GB were seen."""
    figures = Figures(134_515_008, 30, 576, 1536, 4)
    assert 1.4e9 < training_bytes(figures, n_tokens=280) < 2.0e9
    assert training_bytes(figures, n_tokens=4096, checkpointing=True) < training_bytes(
        figures, n_tokens=2048
    )
