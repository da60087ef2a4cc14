"""The base's loss on each row: what transformers computes for it alone, whatever lies beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import get_peft_model_state_dict

from engine.errors import AppError
from engine.paths import Paths
from engine.process.messages import Progress
from engine.process.tune_messages import AddRows, ReadRows, Row, RowLosses, ScoreRows
from engine.tokens.opened import Tokenizers, open_tokenizer
from finetune.export.adapter_gguf import write_adapter
from finetune.measure.row_losses import row_losses
from finetune.model.attention import use_attention_by_document
from finetune.model.base import load_base
from finetune.serve import data as serve_data
from finetune.serve import learn as serve_learn
from finetune.serve.data import Shared
from tests.finetune.learn_templates import row_of
from tests.finetune.lora_bases import TinyBase, logprobs, random_lora, tiny_base


@pytest.fixture(autouse=True)
def few_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyBase:
    return tiny_base(tmp_path_factory.mktemp("tiny") / "base.gguf", "llama")


TEXTS = ["the thin thing", "a", "", "that is the other one, and longer " * 3, "x" * 150]


def losses_of(path: Path, max_length: int, adapter: str = "") -> tuple[list[str], Any]:
    base = load_base(path, dtype=torch.float32)
    use_attention_by_document(base.model)
    rows = [Row(str(number), text=text) for number, text in enumerate(TEXTS)]
    steps = row_losses(base, open_tokenizer(str(path)), rows, "all", max_length, adapter)
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            assert seen == list(range(1, len(rows) + 1))
            return end.value  # type: ignore[no-any-return]


def alone(path: Path, model: Any, text: str) -> float:
    """A text's mean loss by transformers, without anything beside it."""
    ids = open_tokenizer(str(path)).encode(text).tolist()
    if len(ids) < 2:
        return float("nan")
    told = logprobs(model, ids)
    return -float(np.mean([told[at, token] for at, token in enumerate(ids[1:])]))


def test_each_row_has_the_loss_it_has_alone(tiny: TinyBase) -> None:
    ids, found = losses_of(tiny.path, 1_000)
    assert ids == [str(number) for number in range(len(TEXTS))]
    expected = [alone(tiny.path, tiny.model, text) for text in TEXTS]
    assert found == pytest.approx(expected, abs=1e-4, nan_ok=True)


def test_a_long_text_is_the_mean_of_its_parts(tiny: TinyBase) -> None:
    _, found = losses_of(tiny.path, 40)
    parts = open_tokenizer(str(tiny.path)).encode(TEXTS[3]).tolist()
    sums = []
    for low in range(0, len(parts) - 1, 39):
        window = parts[low : low + 40]
        told = logprobs(tiny.model, window)
        sums += [-float(told[at, token]) for at, token in enumerate(window[1:])]
    assert len(sums) == len(parts) - 1
    assert found[3] == pytest.approx(np.mean(sums), abs=1e-4)


def test_with_an_adapter_it_is_the_tuned_models(tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base.gguf", "llama", seed=7)
    tuned = random_lora(base.model)
    adapter = tmp_path / "step-3" / "adapter.gguf"
    adapter.parent.mkdir()
    write_adapter(base, get_peft_model_state_dict(tuned), tuned.peft_config["default"], adapter, {})
    expected = [alone(base.path, tuned, text) for text in TEXTS]
    for given in (str(adapter), str(adapter.parent)):
        _, found = losses_of(base.path, 1_000, given)
        assert found == pytest.approx(expected, abs=1e-3, nan_ok=True)
    with tuned.disable_adapter():
        plain = [alone(base.path, tuned, text) for text in TEXTS]
    assert np.nanmax(np.abs(np.subtract(plain, expected))) > 0.1, "the adapter changes nothing"


def test_what_is_no_adapter_is_told(tiny: TinyBase) -> None:
    with pytest.raises(AppError, match="no LoRA adapter"):
        losses_of(tiny.path, 100, str(tiny.path))


def test_odd_rows_come_first_in_the_list(tmp_path: Path) -> None:
    """The starter, by the worker's own way: what no model expects stands above what any does."""
    shared = Shared(Paths(tmp_path), Tokenizers())
    rows = [
        row_of(("user", "What is the capital of France?"), ("assistant", "The capital is Paris.")),
        row_of(("user", "What is the capital of France?"), ("assistant", "zq9 Xx blorf ,,; vun")),
        row_of(("user", "Hi"), ("assistant", "Hello! How can I help you today?")),
    ]
    info, _ = run(serve_data.job(AddRows(job=1, rows=rows, name="Talks"), shared))
    request = ScoreRows(job=2, dataset=info.id, base="starter")
    found, events = run(serve_learn.job(request, shared))
    assert isinstance(found, RowLosses) and found.ids == ["1", "2", "3"]
    losses = np.frombuffer(found.losses.data, found.losses.dtype)
    assert losses[1] > 2 * losses[0] > 0 and losses[1] > 2 * losses[2] > 0
    assert events[-1].fraction == 1.0 and {one.what for one in events} == {"loading", "reading"}
    page, _ = run(serve_data.job(ReadRows(job=3, dataset=info.id, order="loss"), shared))
    assert page.rows[0].row.id == "2" and page.rows[0].loss == pytest.approx(losses[1])


def run(steps: Any) -> Any:
    """A job to its end."""
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return end.value, [one for one in events if isinstance(one, Progress)]
