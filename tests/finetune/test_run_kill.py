"""kill -9 at random moments of a real run of a 2-layer model, from its rows to its report: resumed,
it has the same losses to the bit."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.process.tune_messages import Row
from finetune.checkpoint import checkpoints_in, is_whole
from finetune.config import RunConfig, changed
from finetune.data.rows import to_line
from finetune.measure.results import read_result
from finetune.run.events import AnyRunEvent, CheckpointSaved, Ended, Evaluated, StepDone
from finetune.run.folder import EventTail, RunFolder, create_run, read_samples
from finetune.run.state import summary
from tests.finetune.tiny_bases import tiny_torch, write_gguf

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks"),
    pytest.mark.timeout(900),
]


class Server:
    """Forks runs, and kills them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.finetune.killed_runs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self._line() == "ready"

    def _begin(self, folder: RunFolder) -> int:
        """The process of a run that has begun."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder.path}\n")
        self._process.stdin.flush()
        return int(self._line())

    def run_until(self, folder: RunFolder, is_it: Callable[[], bool]) -> None:
        """One attempt, killed as soon as it has come so far."""
        pid = self._begin(folder)
        while not is_it():
            assert not folder.report.exists(), "it ended before"
            time.sleep(0.005)
        os.kill(pid, signal.SIGKILL)
        assert self._line() == "ended"

    def run(self, folder: RunFolder, kill_after_s: float | None = None) -> bool:
        """One attempt; whether it was killed before its end."""
        pid = self._begin(folder)
        killed = threading.Event()

        def kill() -> None:
            killed.set()
            os.kill(pid, signal.SIGKILL)

        timer = threading.Timer(kill_after_s or 0.0, kill)
        if kill_after_s is not None:
            timer.start()
        assert self._line() == "ended"
        timer.cancel()
        timer.join() if kill_after_s is not None else None
        return killed.is_set()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@dataclass(frozen=True)
class Told:
    """What a run's folder tells, without what a resume repeated."""

    losses: dict[int, float]
    validation: dict[int, float]
    checkpoints: set[str]
    samples: dict[tuple[int, str], str]
    hashes: dict[str, str]


def make(folder: Path, base: Path, name: str, n_steps: int = 24, **more: Any) -> RunFolder:
    chance = random.Random(3)
    rows = [
        Row(str(n), text=" ".join(chance.choices(["the", "moth", "thaw", "path", "of"], k=9)))
        for n in range(30)
    ]
    (folder / "rows.jsonl").write_bytes(b"".join(map(to_line, rows)))
    config = changed(
        RunConfig(),
        base__path=str(base),
        data__path=str(folder / "rows.jsonl"),
        lora__rank=4,
        lora__dropout=0.1,
        train__steps=n_steps,
        train__batch=2,
        train__accumulate=2,
        train__max_length=64,
        train__learning_rate=5e-3,
        train__precision="fp32",
        train__eval_every=4,
        train__patience=0,
        watch__prompts=("the moth",),
        watch__max_tokens=4,
        watch__forgetting=False,
        out__name=name,
    )
    return create_run(folder / "runs", changed(config, **more))


def told(folder: RunFolder) -> Told:
    events: list[AnyRunEvent] = EventTail(folder).read()
    weights = {
        f"{one.name}/{name}": (one / name).read_bytes().hex()
        for one in checkpoints_in(folder.checkpoints)
        for name in ("adapter_model.safetensors",)
    }
    return Told(
        {one.step: one.loss for one in events if isinstance(one, StepDone)},
        {one.step: one.loss for one in events if isinstance(one, Evaluated)},
        {one.folder for one in events if isinstance(one, CheckpointSaved)},
        {(one.step, one.prompt): one.answer for one in read_samples(folder)},
        weights,
    )


def check_killed(server: Server, tmp_path: Path, n_kills: int, seed: int) -> None:
    base = write_gguf(tmp_path / "llama.gguf", "llama", tiny_torch("llama"))
    whole = make(tmp_path, base, "whole")
    server.run(whole)
    assert summary(whole).state == "finished", whole.log
    expected = told(whole)
    assert list(expected.losses) == list(range(1, 25)) and len(expected.validation) == 7
    events = EventTail(whole).read()
    seconds = events[-1].time_s - events[0].time_s
    chance, n_killed = random.Random(seed), 0
    folder = make(tmp_path, base, "killed-0")
    while n_killed < n_kills:
        if not server.run(folder, chance.uniform(0.05, seconds)):
            assert_same(folder, expected)
            folder = make(tmp_path, base, f"killed-{n_killed}")
            continue
        n_killed += 1
        assert all(is_whole(one, by_hash=True) for one in checkpoints_in(folder.checkpoints))
        assert summary(folder).state in ("died", "finished", "new")
    server.run(folder)
    assert_same(folder, expected)


def assert_same(folder: RunFolder, expected: Told) -> None:
    """It is finished, and nothing in it tells of the kills but its attempts."""
    found = told(folder)
    assert found.losses == expected.losses
    assert found.validation == expected.validation
    assert found.checkpoints == expected.checkpoints
    assert found.samples == expected.samples
    assert found.hashes == expected.hashes
    state = summary(folder)
    assert state.state == "finished" and Path(state.product).stat().st_size > 0
    result = read_result(folder)
    assert result is not None and result.parity and result.rows
    assert isinstance(EventTail(folder).read()[-1], Ended) and folder.report.exists()
    assert not list(folder.path.rglob("*.part"))


def test_killed_at_ten_moments_it_learns_the_same(server: Server, tmp_path: Path) -> None:
    check_killed(server, tmp_path, 10, seed=1)


def test_a_killed_run_that_time_drives_repeats_its_steps_to_the_bit(
    server: Server, tmp_path: Path
) -> None:
    base = write_gguf(tmp_path / "llama.gguf", "llama", tiny_torch("llama"))
    fields = {"train__minutes": 0.35, "train__eval_every": 100_000}
    folder = make(tmp_path, base, "timed", n_steps=100_000, **fields)
    server.run_until(folder, lambda: any(one.done > 0.05 for one in steps_of(folder, 1).values()))
    server.run(folder)
    assert summary(folder).how == "time", folder.log
    first, second = steps_of(folder, 1), steps_of(folder, 2)
    lost = sorted(first.keys() & second.keys())
    # Killed in the last fifth of its time, with no checkpoint yet.
    assert lost and first[lost[-1]].done > 0.05 and lost == list(range(min(second), max(first) + 1))
    for step in lost:
        before, again = first[step], second[step]
        assert (again.done, again.learning_rate) == (before.done, before.learning_rate)
        assert again.loss == before.loss
    done = [one.done for one in {**first, **second}.values()]
    assert done == sorted(done) and done[-1] > 0.8  # it came down, far as it was from all steps


def steps_of(folder: RunFolder, attempt: int) -> dict[int, StepDone]:
    events = EventTail(folder).read() if folder.events.exists() else []
    return {one.step: one for one in events if isinstance(one, StepDone) and one.attempt == attempt}


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_at_a_hundred_moments_it_learns_the_same(server: Server, tmp_path: Path) -> None:
    check_killed(server, tmp_path, 100, seed=2)
