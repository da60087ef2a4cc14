"""What is measured and made of a model that was raised: the memory test, the base-model bench,
exports held against torch, the requests that ask for them."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.errors import AppError
from engine.models.gguf_header import describe, read_header
from engine.paths import user_paths
from engine.process.pretrain_messages import (
    BaseBench,
    Exported,
    ExportRaised,
    LookAhead,
    MakeChatBase,
    RunBaseBench,
    TokenTable,
)
from engine.tokens.opened import Tokenizers
from finetune.model.chat_marks import CHAT_TEMPLATE
from finetune.pretraining.base_bench import held_out_bits
from finetune.pretraining.bench_file import read_bench
from finetune.pretraining.raised import checkpoint_of, open_raised, tokenizer_in
from finetune.pretraining.stages import shards_of
from finetune.run.events import Ended, PretrainEvaluated
from finetune.run.folder import EventTail, RunFolder
from finetune.runner import run
from finetune.serve import raised as serve
from finetune.serve.data import Shared
from tests.finetune.test_pretrain_stages import written
from tests.finetune.training import one_thread


@pytest.fixture(scope="module", name="folder")
def raised_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with a memory test, at its end."""
    place = tmp_path_factory.mktemp("raised")
    path = written(place, train__steps=40, train__eval_every=20, corpus__memory_test=1)
    folder = RunFolder(place / "run")
    folder.path.mkdir()
    text = path.read_text(encoding="utf-8")
    for name in ("text.txt", "run"):
        text = text.replace(f'"{name}"', f'"{place / name}"')
    folder.run_toml.write_text(text, encoding="utf-8")
    with one_thread():
        ended = run(folder, asked_s=time.time())
    assert isinstance(ended, Ended), ended
    return folder


def asked(request: Any) -> Any:
    """What the worker's file answers."""
    steps = serve.job(request, Shared(user_paths(), Tokenizers()))
    assert steps is not None
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_bits_per_byte_are_those_of_the_held_out_text(folder: RunFolder) -> None:
    model = open_raised(folder, checkpoint_of(folder))
    tokenizer, text = tokenizer_in(folder), shards_of(folder)
    found = held_out_bits(model, tokenizer, text, text.n_tokens, lambda _: None)
    ids = torch.from_numpy(text.window(found.starts[0], model.config.context + 1))
    with torch.inference_mode():
        likely = model(ids[None, :-1]).log_softmax(-1)[0]
    bits = -sum(float(likely[at, token]) for at, token in enumerate(ids[1:])) / np.log(2)
    assert found.bits[0] == pytest.approx(bits, rel=1e-4)
    assert found.n_bytes[0] == len(tokenizer.decode(ids[1:].tolist()).encode())


def test_the_bench_tells_memory_and_text_and_is_kept(folder: RunFolder) -> None:
    found = asked(RunBaseBench(job=1, run=str(folder.path)))
    assert isinstance(found, BaseBench)
    assert read_bench(folder, found.checkpoint) == found
    told = [one for one in EventTail(folder).read() if isinstance(one, PretrainEvaluated)]
    assert found.bits_per_byte == pytest.approx(told[-1].val_bpb, rel=0.15)
    assert found.n_bytes > 500
    assert found.worst == sorted(found.worst, key=lambda one: -one[1])
    times = [one.times_seen for one in found.recited]
    assert times == sorted(times)
    assert {0, 1} <= set(times)
    assert max(times) > 1
    assert all(0.0 <= one.share <= 1.0 and one.truth for one in found.recited)
    assert found.scores == []  # no story world


def test_a_checkpoint_that_is_not_there_is_told(folder: RunFolder) -> None:
    with pytest.raises(AppError, match="no such checkpoint"):
        asked(RunBaseBench(job=1, run=str(folder.path), checkpoint="step-7"))


def test_what_is_likely_next_is_told_of_any_text(folder: RunFolder) -> None:
    found = asked(LookAhead(job=1, run=str(folder.path), text="the old lam", n=5))
    assert isinstance(found, TokenTable)
    assert len(found.pieces) == 5
    assert found.probabilities == sorted(found.probabilities, reverse=True)
    early = asked(LookAhead(job=1, run=str(folder.path), text="", checkpoint="step-0"))
    assert max(early.probabilities) < 0.1  # noise


@pytest.mark.parametrize("kind", ["F32", "F16", "Q8_0"])
def test_it_is_exported_as_a_gguf_of_a_type(folder: RunFolder, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "model.gguf"
    found = asked(ExportRaised(job=1, run=str(folder.path), target=str(target), kind=kind))
    assert isinstance(found, Exported)
    assert found.n_bytes == target.stat().st_size
    assert describe(read_header(target), target).quantisation == kind
    (parity,) = found.parity
    assert parity.top1 >= (0.999 if kind == "F32" else 0.9)
    if kind == "F32":
        assert parity.max_difference <= 1e-2


def test_it_is_exported_as_transformers_reads_it(folder: RunFolder, tmp_path: Path) -> None:
    target = tmp_path / "hf"
    found = asked(ExportRaised(job=1, run=str(folder.path), target=str(target), kind="safetensors"))
    assert {one.form for one in found.parity} >= {"raised", "transformers"}
    model: Any = AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(target)
    ours = open_raised(folder, checkpoint_of(folder))
    ids = tokenizer("the old lamp", return_tensors="pt").input_ids
    assert ids[0].tolist() == tokenizer_in(folder).encode(["the old lamp"])[0].tolist()
    with torch.inference_mode():
        assert torch.allclose(model(ids).logits, ours(ids), atol=1e-4)


def test_a_chat_base_has_a_template_and_the_same_weights(folder: RunFolder) -> None:
    found = asked(MakeChatBase(job=1, run=str(folder.path), checkpoint="step-20"))
    assert Path(found.path).name == "chat-step-20.gguf"
    header = read_header(Path(found.path))
    base = read_header(folder.checkpoints / "step-20" / "model.gguf")
    assert header.text("tokenizer.chat_template") == CHAT_TEMPLATE
    assert header.tensors == base.tensors
    assert asked(MakeChatBase(job=2, run=str(folder.path), checkpoint="step-20")) == found


def test_a_strange_name_or_type_is_refused(folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(AppError, match="ends in"):
        asked(ExportRaised(job=1, run=str(folder.path), target=str(tmp_path / "m.bin"), kind="F32"))
    target = str(tmp_path / "m.gguf")
    with pytest.raises(AppError, match="quantisation"):
        asked(ExportRaised(job=1, run=str(folder.path), target=target, kind="Q99"))
    assert list(tmp_path.iterdir()) == []
