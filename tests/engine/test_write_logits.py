"""Whole distributions in a file: against torch, against Score, and what is refused."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import AppError, JobCancelledError
from engine.generation import logits
from engine.generation.loaded import Loaded
from engine.generation.logits import write_logits
from engine.generation.score import score
from engine.process.client import Client
from engine.process.messages import Adapter, Progress, Score, Token, WriteLogits
from tests.engine.loading import drain, load_here, worker_environment
from tests.engine.tiny_models import N_CTX, N_VOCAB, TinyModel, tiny_model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return tiny_model(tmp_path_factory.mktemp("tiny") / "tiny.gguf", adds_bos=False)


@pytest.fixture(scope="module")
def model(tiny: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    found = load_here(tiny.path, tmp_path_factory.mktemp("home"), n_ctx=N_CTX)
    yield found
    found.close()


ROWS = [list(range(40, 100)), [7, 8, 9], [*range(200), 5]]
N_LAST = [20, 3, 150]


def written(model: Loaded, target: Path, **fields: Any) -> Any:
    fields = {"rows": ROWS, "n_last": N_LAST, "out": str(target), **fields}
    drain(write_logits(model, WriteLogits(job=1, **fields)))
    return np.load(target, mmap_mode="r")


def test_the_file_holds_what_torch_computes(tiny: TinyModel, model: Loaded, tmp_path: Path) -> None:
    found = written(model, tmp_path / "a.npy")
    assert found.dtype == np.float16
    assert found.shape == (sum(N_LAST), N_VOCAB)
    expected = np.concatenate(
        [tiny.logprobs(ids)[-n:] for ids, n in zip(ROWS, N_LAST, strict=True)]
    )
    assert np.abs(found.astype(np.float32) - expected).max() < 0.03
    assert (found.argmax(-1) == expected.argmax(-1)).mean() > 0.99
    assert not any(slot.busy or slot.length for slot in model.context("main").slots.slots)


def test_without_flash_attention_and_in_f32_it_is_exact(tiny: TinyModel, tmp_path: Path) -> None:
    found = load_here(tiny.path, tmp_path, n_ctx=N_CTX, kv_type="f32", flash_attention="off")
    try:
        raw = np.array(written(found, tmp_path / "raw.npy", is_raw=True), np.float64)
        assert found.context("main").context.flash_attention == "disabled"
    finally:
        found.close()
    logprobs = raw - np.log(np.exp(raw).sum(-1, keepdims=True))
    expected = [tiny.logprobs(ids)[-n:] for ids, n in zip(ROWS, N_LAST, strict=True)]
    assert np.abs(logprobs - np.concatenate(expected)).max() < 2e-4


def test_a_quantised_cache_without_flash_attention_is_refused(
    tiny: TinyModel, tmp_path: Path
) -> None:
    with pytest.raises(AppError, match="q8_0 needs flash attention"):
        load_here(tiny.path, tmp_path, n_ctx=N_CTX, kv_type="q8_0", flash_attention="off")


def test_raw_logits_are_not_normalised(model: Loaded, tmp_path: Path) -> None:
    raw = written(model, tmp_path / "raw.npy", is_raw=True)
    assert raw.dtype == np.float32
    totals = np.log(np.exp(raw.astype(np.float64)).sum(-1, keepdims=True))
    assert np.abs(totals).max() > 0.1
    told = written(model, tmp_path / "told.npy").astype(np.float32)
    assert np.abs(raw - totals - told).max() < 0.02


def test_the_same_rows_give_the_same_bytes_whatever_the_cache_holds(
    model: Loaded, tmp_path: Path
) -> None:
    model.context("main").slots.clear()  # cells that others left are summed in another order
    first = written(model, tmp_path / "a.npy").tobytes()
    drain(score(model, Score(job=2, prompt="sea", ids=ROWS[0])))
    assert any(slot.length for slot in model.context("main").slots.slots)
    again = written(model, tmp_path / "b.npy")
    assert np.allclose(np.frombuffer(first, np.float16), np.asarray(again).ravel(), atol=2e-2)
    model.context("main").slots.clear()
    assert written(model, tmp_path / "c.npy").tobytes() == first


def test_what_is_told_of_a_token_elsewhere_is_the_same(model: Loaded, tmp_path: Path) -> None:
    model.context("main").slots.clear()
    ids = ROWS[0]
    found = written(model, tmp_path / "a.npy", rows=[ids], n_last=[len(ids)])
    events, _ = drain(score(model, Score(job=2, prompt="", ids=ids)))
    told = [one.logprob for one in events if isinstance(one, Token)][1:]
    mine = [float(found[place, token]) for place, token in enumerate(ids[1:])]
    assert np.allclose(mine, np.array(told, np.float32), atol=0.02)


def test_progress_is_told_and_a_cancel_leaves_nothing(model: Loaded, tmp_path: Path) -> None:
    request = WriteLogits(job=1, rows=ROWS, n_last=N_LAST, out=str(tmp_path / "a.npy"))
    steps = write_logits(model, request)
    seen = [next(steps), next(steps), next(steps)]
    assert all(isinstance(one, Progress) for one in seen)
    with pytest.raises(JobCancelledError):
        steps.throw(JobCancelledError())
    assert list(tmp_path.iterdir()) == []
    assert not any(slot.busy for slot in model.context("main").slots.slots)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"rows": []}, "Each row needs"),
        ({"n_last": [1]}, "Each row needs"),
        ({"rows": [[1, 2]], "n_last": [3]}, "has no last 3"),
        ({"rows": [[1, 2]], "n_last": [0]}, "has no last 0"),
        ({"rows": [[1] * (N_CTX + 1)], "n_last": [1]}, "the context holds"),
        ({"rows": [[99999]], "n_last": [1]}, "no token 99999"),
        ({"out": "/nowhere/at/all.npy"}, "folder"),
        ({"adapters": [Adapter(path="/nowhere.gguf")]}, "not there any more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    model: Loaded, tmp_path: Path, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(AppError, match=words):
        written(model, tmp_path / "a.npy", **fields)
    assert list(tmp_path.iterdir()) == []


def test_absurd_sizes_are_refused_before_a_byte_is_written(
    model: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logits, "MAX_BYTES", 1000)
    with pytest.raises(AppError, match="Ask about fewer tokens"):
        written(model, tmp_path / "a.npy")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_the_old_file_stays(
    model: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a.npy"
    out.write_bytes(b"old")

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(AppError, match="disk's space"):
        written(model, out)
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_worker_writes_it_too(tiny: TinyModel, tmp_path: Path) -> None:
    out = tmp_path / "a.npy"
    with Client(env=worker_environment(tmp_path / "home")) as client:
        client.load(str(tiny.path), n_ctx=N_CTX, n_threads=1)
        client.ask(lambda job: WriteLogits(job=job, rows=ROWS, n_last=N_LAST, out=str(out)))
    assert np.load(out).shape == (sum(N_LAST), N_VOCAB)
