"""Thread trial, and runs that train."""

import json
import os
from pathlib import Path

import psutil
import pytest

from engine.generation import threads
from engine.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path).ensure()


def test_the_fastest_count_wins_and_is_remembered(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "candidates", lambda: [4, 2, 8])
    asked: list[int] = []

    def time_decode(count: int, n_tokens: int) -> float:
        asked.append(count)
        return {4: 0.03, 2: 0.01, 8: 0.04}[count]

    assert threads.choose(time_decode, "model", paths) == 2
    n_asked = len(asked)
    assert threads.choose(time_decode, "model", paths) == 2
    assert len(asked) == n_asked
    assert threads.choose(time_decode, "another", paths) == 2
    assert len(asked) > n_asked


def test_a_slow_model_is_not_tried_for_long(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "candidates", lambda: [4, 2])
    asked: list[int] = []

    def time_decode(count: int, n_tokens: int) -> float:
        asked.append(count)
        return 9.0

    assert threads.choose(time_decode, "huge", paths) == 4
    assert len(asked) == 1
    assert threads.choose(time_decode, "huge", paths) == 4
    assert len(asked) == 2, "not remembered: the machine may have been busy"


def test_a_spoiled_cache_costs_a_trial(paths: Paths) -> None:
    (paths.cache / "threads.json").write_text("{broken")
    assert threads.choose(lambda count, n: 0.01 / count, "m", paths) in threads.candidates()


def test_a_live_run_halves_the_threads(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    assert threads.beside_training(8, paths.runs) == 8
    run = paths.runs / "2026-01-01-tales"
    run.mkdir()
    lock = {"pid": os.getpid(), "created_s": psutil.Process().create_time()}
    (run / "runner.json").write_text(json.dumps(lock))
    assert threads.beside_training(8, paths.runs) == 4
    assert threads.beside_training(1, paths.runs) == 1
    (run / "runner.json").write_text(json.dumps({**lock, "created_s": 1.0}))
    assert threads.beside_training(8, paths.runs) == 8
    monkeypatch.setattr(os, "getppid", os.getpid)
    (run / "runner.json").write_text(json.dumps(lock))
    assert threads.beside_training(8, paths.runs) == 8, "a run's own worker works while it rests"
    (run / "runner.json").write_text("nonsense")
    assert threads.beside_training(8, paths.runs) == 8
