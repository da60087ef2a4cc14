"""kill -9 at random moments of a real pretraining, from its text to its report: resumed, it has the
same losses and the same weights to the bit."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from finetune.checkpoint import checkpoints_in, is_whole
from finetune.pretraining.config import PretrainConfig
from finetune.run.events import (
    AnyRunEvent,
    CheckpointSaved,
    Ended,
    NextTokens,
    PretrainEvaluated,
    PretrainStep,
)
from finetune.run.folder import EventTail, RunFolder, create_run, read_samples
from finetune.run.state import summary
from finetune.run_toml import changed
from tests.finetune.test_run_kill import Server

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks"),
    pytest.mark.timeout(900),
]
N_STEPS, EVERY = 24, 6


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def make(folder: Path, name: str) -> RunFolder:
    """A run of a text of its own, with passages for the memory test in it."""
    chance = random.Random(3)
    words = chance.choices(["the", "moth", "thaw", "path", "of", "a", "lamp"], k=3000)
    (folder / "text.txt").write_text(" ".join(words), encoding="utf-8")
    config = changed(
        PretrainConfig(),
        corpus__path=str(folder / "text.txt"),
        corpus__memory_test=1,
        tokenizer__kind="chars",
        model__depth=1,
        model__layers=2,
        model__width=32,
        model__context=64,
        train__steps=N_STEPS,
        train__eval_every=EVERY,
        train__batch=4,
        train__accumulate=2,
        train__precision="fp32",
        watch__max_tokens=6,
        out__name=name,
    )
    return create_run(folder / "runs", config)


def told(folder: RunFolder) -> dict[str, object]:
    """All that a run's folder tells, without what a resume repeated."""
    events: list[AnyRunEvent] = EventTail(folder).read()
    places = [one for one in events if isinstance(one, NextTokens)]
    return {
        "losses": {one.step: one.loss for one in events if isinstance(one, PretrainStep)},
        "held out": {one.step: one.loss for one in events if isinstance(one, PretrainEvaluated)},
        "checkpoints": {one.folder for one in events if isinstance(one, CheckpointSaved)},
        "place": {one.step: (one.pieces, one.probabilities, one.target_rank) for one in places},
        "samples": {(one.step, one.prompt): one.answer for one in read_samples(folder)},
        "weights": {
            one.name: (one / "model.safetensors").read_bytes()
            for one in checkpoints_in(folder.checkpoints)
        },
    }


def check_killed(server: Server, tmp_path: Path, n_kills: int, seed: int) -> None:
    whole = make(tmp_path, "whole")
    server.run(whole)
    assert summary(whole).state == "finished", whole.log
    expected = told(whole)
    assert len(expected["losses"]) == N_STEPS  # type: ignore[arg-type]
    assert len(expected["held out"]) == 1 + N_STEPS // EVERY  # type: ignore[arg-type]
    events = EventTail(whole).read()
    seconds = events[-1].time_s - events[0].time_s
    chance, n_killed = random.Random(seed), 0
    folder = make(tmp_path, "killed-0")
    while n_killed < n_kills:
        if not server.run(folder, chance.uniform(0.05, seconds)):
            assert_same(folder, expected)
            folder = make(tmp_path, f"killed-{n_killed}")
            continue
        n_killed += 1
        assert all(is_whole(one, by_hash=True) for one in checkpoints_in(folder.checkpoints))
        assert summary(folder).state in ("died", "finished", "new")
    server.run(folder)
    assert_same(folder, expected)


def assert_same(folder: RunFolder, expected: dict[str, object]) -> None:
    """It is finished, and nothing in it tells of the kills but its attempts."""
    found = told(folder)
    for name, value in expected.items():
        assert found[name] == value, name
    state = summary(folder)
    assert state.state == "finished" and Path(state.product).stat().st_size > 0
    assert folder.parity.exists() and folder.report.exists()
    assert isinstance(EventTail(folder).read()[-1], Ended)
    assert not list(folder.path.rglob("*.part"))


def test_killed_at_five_moments_it_learns_the_same(server: Server, tmp_path: Path) -> None:
    check_killed(server, tmp_path, 5, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_at_fifty_moments_it_learns_the_same(server: Server, tmp_path: Path) -> None:
    check_killed(server, tmp_path, 50, seed=2)
