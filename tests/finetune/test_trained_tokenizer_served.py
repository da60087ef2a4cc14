"""Tokenizers as the window asks for them: trained while it looks on, listed, deleted, had back."""

import sys
from pathlib import Path
from typing import Any

import pytest

from engine.errors import AppError
from engine.paths import Paths
from engine.process import pretrain_messages as m
from engine.process.client import Client
from engine.process.messages import AnyRequest, Done, Progress
from engine.tokens.opened import Tokenizers, open_tokenizer
from finetune.model.bpe import open_trained
from finetune.serve import tokenizer as served
from finetune.serve.data import Shared
from tests.engine.loading import worker_environment
from tests.finetune.test_trained_tokenizer import prose

WORKER = (sys.executable, "-m", "finetune.worker")


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(Paths(tmp_path), Tokenizers())


def asked(shared: Shared, request: AnyRequest) -> tuple[Any, list[Any]]:
    """A job's result, and what it told on the way."""
    job = served.job(request, shared)
    assert job is not None
    told = []
    while True:
        try:
            told.append(next(job))
        except StopIteration as stop:
            return stop.value, told


def listed(shared: Shared) -> list[m.RaisedTokenizer]:
    found: list[m.RaisedTokenizer] = asked(shared, m.ListTokenizers(job=1))[0].tokenizers
    return found


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "sea.txt"
    path.write_text(prose(60_000), encoding="utf-8")
    return path


def test_merges_arrive_in_order_with_counts_and_examples(shared: Shared, text: Path) -> None:
    request = m.TrainTokenizer(job=1, corpus=str(text), kind="bpe", n_vocab=400, name="Sea")
    info, told = asked(shared, request)
    arrived = [one for one in told if isinstance(one, m.MergesArrived)]
    merges = [merge for one in arrived for merge in one.merges]
    assert len(merges) == info.n_merges == 140
    assert [one.n_done for one in arrived][-1] == arrived[-1].n_merges == 140
    assert merges[: len(info.merges)] == info.merges
    assert [one.count for one in merges[:2]] == sorted([one.count for one in merges[:2]])[::-1]
    assert all(one.piece == one.left + one.right and one.piece in one.example for one in merges)
    assert info.bytes_per_token > 1.5
    assert info.curve[0] == m.CurvePoint(260, 1.0)
    assert info.curve[-1].n_vocab == info.n_vocab == 400
    shares = [one.bytes_per_token for one in info.curve]
    assert shares == sorted(shares)
    assert open_tokenizer(str(Path(info.path) / "vocab.gguf")).info.name == "Sea"


@pytest.mark.parametrize("kind", ["bpe", "chars", "bytes"])
def test_what_was_trained_is_listed_deleted_and_had_back(
    shared: Shared, text: Path, kind: Any
) -> None:
    request = m.TrainTokenizer(job=1, corpus=str(text), kind=kind, n_vocab=300)
    first, _ = asked(shared, request)
    second, _ = asked(shared, request)
    assert first.id != second.id
    assert [one.id for one in listed(shared)] == [second.id, first.id]
    assert listed(shared)[1] == first
    asked(shared, m.DeleteTokenizer(job=1, tokenizer=first.id))
    assert [one.id for one in listed(shared)] == [second.id]
    asked(shared, m.DeleteTokenizer(job=1, tokenizer=first.id, is_undone=True))
    assert {one.id for one in listed(shared)} == {first.id, second.id}
    assert open_trained(Path(first.path)).kind == kind


def test_what_is_not_there_is_said(shared: Shared) -> None:
    for request in (
        m.TrainTokenizer(job=1, corpus="gone", kind="bpe", n_vocab=300),
        m.DeleteTokenizer(job=1, tokenizer="gone"),
        m.DeleteTokenizer(job=1, tokenizer="gone", is_undone=True),
    ):
        with pytest.raises(AppError, match="not"):
            asked(shared, request)


def test_a_damaged_tokenizer_hides_none_of_the_others(shared: Shared, text: Path) -> None:
    info, _ = asked(shared, m.TrainTokenizer(job=1, corpus=str(text), kind="chars", n_vocab=300))
    broken = shared.paths.tokenizers / "broken"
    broken.mkdir()
    (broken / "meta.json").write_text('{"kind": "chars"', encoding="utf-8")
    assert [one.id for one in listed(shared)] == [info.id]
    with pytest.raises(AppError, match="cannot be read"):
        open_trained(broken)


def test_a_text_too_small_for_the_vocabulary_is_said(shared: Shared, tmp_path: Path) -> None:
    path = tmp_path / "small.txt"
    path.write_text("one two three four five six seven eight nine ten\n" * 40, encoding="utf-8")
    info, _ = asked(shared, m.TrainTokenizer(job=1, corpus=str(path), kind="bpe", n_vocab=4096))
    assert info.n_vocab < 400
    assert any("instead of 4,096" in one for one in info.warnings)
    assert any("kB of text" in one for one in info.warnings)


def test_an_ended_job_leaves_nothing(shared: Shared, text: Path) -> None:
    request = m.TrainTokenizer(job=1, corpus=str(text), kind="bpe", n_vocab=400)
    job = served.job(request, shared)
    assert job is not None
    next(job)
    job.close()
    assert not shared.paths.tokenizers.exists()
    assert listed(shared) == []


def test_the_real_worker_serves_it(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(prose(120_000) * 20, encoding="utf-8")
    with Client(WORKER, env=worker_environment(tmp_path / "home")) as client:
        events = list(client.stream(lambda job: m.TrainTokenizer(job, str(path), "bpe", 600)))
    done = events[-1]
    assert isinstance(done, Done) and isinstance(done.result, m.RaisedTokenizer)
    arrived = [one for one in events if isinstance(one, m.MergesArrived)]
    assert (len(arrived[0].merges), arrived[0].n_merges) == (1, 340)  # seen as it is found
    pieces = [one.piece for event in arrived for one in event.merges]
    assert pieces[:200] == [one.piece for one in done.result.merges]
    fractions = [one.fraction for one in events if isinstance(one, Progress)]
    assert fractions == sorted(fractions)
    assert fractions[0] >= 0.0 and fractions[-1] <= 1.0
    assert done.result.path == str(tmp_path / "home" / "tokenizers" / done.result.id)
