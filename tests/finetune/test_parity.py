"""torch beside llama.cpp: good figures where both are the same, bad ones where they are not, and
the cause in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import AppError, JobCancelledError
from engine.models.gguf_header import Header, read_header
from engine.tokens.opened import open_tokenizer
from finetune.data.token_set import TokenSet, open_token_set
from finetune.export.adapter_gguf import read_adapter
from finetune.export.convert_folder import PROBES
from finetune.export.merge import merge
from finetune.export.parity import asked_rows, measure
from finetune.export.parity_causes import Measured, causes, text_causes
from finetune.export.quantise import quantise
from finetune.export.torch_lora import laid_over
from finetune.work_folder import common_place
from tests.finetune.lora_bases import logprobs, tiny_base
from tests.finetune.run_folders import MadeRun, made_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return made_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(autouse=True)
def few_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tokens_of(run: MadeRun) -> TokenSet:
    return open_token_set(run.folder.tokens / "validation")


def test_an_exact_base_agrees_in_every_form(run: MadeRun, tmp_path: Path) -> None:
    merge(run.base.path, read_adapter(run.folder.adapter), tmp_path / "m.gguf", "F16", {})
    quantise(tmp_path / "m.gguf", tmp_path / "q.gguf", "Q4_0")
    told: list[float] = []
    adapter, merged, quantised = measure(
        run.tuned,
        tokens_of(run),
        run.base.path,
        adapter=run.folder.adapter,
        merged=tmp_path / "m.gguf",
        quantised=tmp_path / "q.gguf",
        report=told.append,
    )
    assert (adapter.form, merged.form, quantised.form) == ("adapter", "merged", "quantised")
    for one in (adapter, merged):
        assert one.top1 >= 0.99 and one.mean_kl < 1e-3 and one.cause == ""
        assert one.max_kl >= one.mean_kl > 0 and one.n_positions == 6 * 30
    assert quantised.top1 < 0.99
    assert "Q4_0 itself" in quantised.cause and "as F16 agree in" in quantised.cause
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)


def test_another_model_in_torch_is_found(run: MadeRun, tmp_path: Path) -> None:
    with run.tuned.disable_adapter():
        (found,) = measure(run.tuned, tokens_of(run), run.base.path, adapter=run.folder.adapter)
    assert found.top1 < 0.5 and found.mean_kl > 0.1
    assert "the export" in found.cause


def test_a_quantised_base_is_held_against_the_same_weights_in_f16(
    run: MadeRun, tmp_path: Path
) -> None:
    from finetune.model.base import load_base

    quantise(run.base.path, tmp_path / "q.gguf", "Q4_0")
    base = load_base(tmp_path / "q.gguf", dtype=torch.float32)
    with laid_over(base, base.model, read_adapter(run.folder.adapter)):
        adapter, exact = measure(
            base.model, tokens_of(run), tmp_path / "q.gguf", adapter=run.folder.adapter
        )
    assert exact.form == "f16 base" and exact.top1 >= 0.99 and not exact.cause
    assert adapter.mean_kl > 3 * exact.mean_kl


def test_an_adapter_laid_over_in_torch_is_pefts(run: MadeRun) -> None:
    ids = list(range(40, 90))
    with run.tuned.disable_adapter():
        before = logprobs(run.tuned, ids)
    expected = logprobs(run.tuned, ids)
    plain = tiny_base(run.base.path.with_name("again.gguf"), "llama")
    with laid_over(run.base, plain.model, read_adapter(run.folder.adapter)):
        assert np.abs(logprobs(plain.model, ids) - expected).max() < 1e-4
    assert np.abs(logprobs(plain.model, ids) - before).max() < 1e-4


def test_rows_are_asked_about_where_something_is_learned(run: MadeRun) -> None:
    rows = asked_rows(tokens_of(run), 70)
    assert [row.n_last for row in rows] == [30, 30, 10]
    ids, _ = tokens_of(run).row(0)
    assert rows[0].ids == ids[:-1].tolist()  # the last token's own distribution tells nothing
    empty = TokenSet(np.array([3], np.int32), np.zeros(1, np.uint8), np.array([0, 1]), ["a"], {})
    with pytest.raises(AppError, match="no tokens to compare"):
        asked_rows(empty)


def test_a_cancel_leaves_no_worker_and_no_file(run: MadeRun) -> None:
    def report(_: float) -> None:
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        measure(run.tuned, tokens_of(run), run.base.path, adapter=run.folder.adapter, report=report)
    assert list(common_place().iterdir()) == []


def measured(form: str, top1: float, *, is_quantised: bool = False) -> Measured:
    return Measured(form, "Q4_1" if is_quantised else "F16", is_quantised, top1, 0.001, 0.01, 100)


def test_causes_are_told_from_figures(run: MadeRun) -> None:
    def cause(*forms: Measured, precision: str = "torch.float32") -> str:
        return causes(forms, run.base.path, tokens_of(run), precision)[0].cause

    bad = measured("adapter", 0.9, is_quantised=True)
    assert "so the export is right" in cause(bad, measured("f16 base", 0.999))
    assert "so the export is right" not in cause(bad, measured("f16 base", 0.95))
    assert "bf16" in cause(measured("adapter", 0.97), precision="torch.bfloat16")
    assert "the export" in cause(measured("adapter", 0.97))
    assert "rounded to 8 bits" in cause(bad)


def header_with(run: MadeRun, **fields: Any) -> Header:
    header = read_header(run.base.path)
    for key, value in fields.items():
        header.metadata[key.replace("__", ".")] = value
    return header


def rows_of(rows: list[list[int]]) -> TokenSet:
    ids = np.concatenate(rows).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return TokenSet(ids, np.ones(len(ids), np.uint8), starts, [""] * len(rows), {})


def test_bos_and_eos_that_only_one_side_has_are_told(run: MadeRun) -> None:
    asks = header_with(run, tokenizer__ggml__add_bos_token=True, tokenizer__ggml__bos_token_id=1)
    assert "begins every text with a BOS" in text_causes(asks, rows_of([[5, 6], [7, 8]]))[0]
    assert text_causes(asks, rows_of([[1, 6], [1, 8]])) == []
    assert "two BOS" in text_causes(asks, rows_of([[1, 1, 6], [1, 1, 8]]))[0]
    chats = header_with(run, tokenizer__chat_template="{{ x }}", tokenizer__ggml__eos_token_id=9)
    assert "go on for ever" in text_causes(chats, rows_of([[5, 6]]))[0]
    assert text_causes(chats, rows_of([[5, 9]])) == []


def test_the_starters_adapter_is_what_was_trained(starter: Path, tmp_path: Path) -> None:
    """The goal: 99 % of the likeliest tokens on an F16 base; of the quantised base it is shown."""
    from peft import get_peft_model_state_dict

    from finetune.data.token_set import TokenSetWriter
    from finetune.export.adapter_gguf import write_adapter
    from finetune.model.base import load_base
    from tests.finetune.lora_bases import random_lora

    base = load_base(starter, dtype=torch.float32)
    tuned = random_lora(base.model, rank=8)
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter.mul_(0.02)
    lora = tuned.peft_config["default"]
    write_adapter(base, get_peft_model_state_dict(tuned), lora, tmp_path / "a.gguf", {})
    vocab = open_tokenizer(str(starter))
    with TokenSetWriter(tmp_path / "rows") as writer:
        for text in PROBES[:3]:
            ids = vocab.encode(text).astype(np.int32)
            writer.add(text[:9], ids, np.zeros(len(ids), np.uint8))
    tokens = open_token_set(tmp_path / "rows")
    adapter, exact = measure(tuned, tokens, starter, adapter=tmp_path / "a.gguf", n_positions=80)
    assert exact.form == "f16 base" and exact.top1 >= 0.99 and exact.mean_kl < 1e-3
    assert adapter.top1 > 0.85 and "Q4_1 itself" in adapter.cause
