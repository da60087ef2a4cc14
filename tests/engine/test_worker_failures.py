"""Every way a worker can go wrong, with a real child each: an outcome within two seconds."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import AppError
from engine.process import messages as m
from engine.process.client import Client
from engine.process.wire import FrameReader, pack, read_event
from tests.engine.asking import generate, until
from tests.engine.loading import worker_environment

FAKE = Path(__file__).parents[1] / "fakes" / "fake_worker.py"
LIMIT_S = 2.6  # two seconds of silence, and the tick that notices it


def fake(behaviour: str, argument: str = "") -> list[str]:
    return [sys.executable, str(FAKE), behaviour, argument]


def failure(worker: Client, request: Callable[[int], m.AnyRequest]) -> tuple[AppError, float]:
    start = time.monotonic()
    with pytest.raises(AppError) as failed:
        list(worker.stream(request))
    return failed.value, time.monotonic() - start


def test_a_killed_worker_fails_its_jobs(starter: Path, tmp_path: Path) -> None:
    with Client(env=worker_environment(tmp_path)) as worker:
        worker.load(str(starter), n_ctx=512)
        stream = worker.stream(generate(max_tokens=400))
        next(stream)
        os.kill(worker.pid, signal.SIGKILL)
        start = time.monotonic()
        with pytest.raises(AppError, match="engine stopped"):
            list(stream)
        assert time.monotonic() - start < 2


def test_a_stopped_worker_counts_as_hung(starter: Path, tmp_path: Path) -> None:
    with Client(env=worker_environment(tmp_path)) as worker:
        worker.load(str(starter), n_ctx=512)
        stream = worker.stream(generate(max_tokens=400))
        next(stream)
        os.kill(worker.pid, signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(AppError) as failed:
            list(stream)
        assert time.monotonic() - start < LIMIT_S
        assert "sign of life" in failed.value.detail


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("garbage", "unreadable"), ("crash", "GGML_ASSERT"), ("deaf", "sign of life")],
)
def test_a_bad_worker_fails_its_jobs_with_the_reason(behaviour: str, words: str) -> None:
    with Client(fake(behaviour)) as worker:
        error, seconds = failure(worker, generate())
        assert seconds < LIMIT_S
        assert words in error.detail


def test_an_unanswered_cancel_counts_as_a_hang() -> None:
    with Client(fake("no_cancel")) as worker:
        failed = threading.Event()
        job = worker.submit(generate(), lambda event: failed.set())
        worker.cancel(job)
        assert failed.wait(LIMIT_S)


def test_a_request_after_the_end_fails_too() -> None:
    with Client(fake("crash")) as worker:
        failure(worker, generate())
        error, seconds = failure(worker, generate())
        assert seconds < 1
        assert error.hint


def test_what_c_code_prints_does_not_spoil_the_wire(starter: Path, tmp_path: Path) -> None:
    noisy = Path(__file__).parents[1] / "fakes" / "noisy_worker.py"
    with Client([sys.executable, str(noisy)], env=worker_environment(tmp_path)) as worker:
        worker.load(str(starter), n_ctx=512)
        end = list(worker.stream(generate()))[-1]
        worker.ask(lambda job: m.Describe(job=job))
        assert isinstance(end, m.Done)
        until(lambda: "printed from C" in worker.log)
        assert "printed from Python" in worker.log


@contextlib.contextmanager
def raw_worker(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker whose pipes the test holds itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.process.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=worker_environment(home),
        bufsize=0,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def read_until(process: "subprocess.Popen[bytes]", kind: type) -> list[m.AnyEvent]:
    frames, events = FrameReader(), []
    assert process.stdout is not None
    while data := process.stdout.read(65536):
        events += [read_event(body) for body in frames.feed(data)]
        if any(isinstance(event, kind) for event in events):
            break
    return events


def send(process: "subprocess.Popen[bytes]", request: m.AnyRequest) -> None:
    assert process.stdin is not None
    process.stdin.write(pack(request))


def test_a_slow_reader_loses_nothing_and_costs_no_memory(starter: Path, tmp_path: Path) -> None:
    with raw_worker(tmp_path) as process:
        send(process, m.Load(job=1, path=str(starter), n_ctx=2048, n_threads=1))
        read_until(process, m.Done)
        ends = {2: -1e9, 0: -1e9, 1: -1e9}
        request = m.Generate(
            job=2,
            prompt="Once",
            max_tokens=300,
            top_logprobs=200,
            sampling=m.Sampling(temperature=0.0, logit_bias=ends),
        )
        send(process, request)
        before = psutil.Process(process.pid).memory_info().rss
        until(lambda: psutil.Process(process.pid).cpu_percent(0.3) < 5, 60)
        assert psutil.Process(process.pid).memory_info().rss - before < 60e6
        events = read_until(process, m.Done)
        tokens = [t for e in events if isinstance(e, m.Tokens) for t in e.items]
        end = events[-1]
        assert isinstance(end, m.Done)
        assert isinstance(end.result, m.Generated)
        assert len(tokens) == 300
        assert "".join(token.text for token in tokens) == end.result.replies[0].text


def test_garbage_on_stdin_ends_the_worker(tmp_path: Path) -> None:
    with raw_worker(tmp_path) as process:
        read_until(process, m.Ready)
        assert process.stdin is not None
        process.stdin.write(b"\xff" * 64)
        assert process.wait(2) == 3


def test_a_worker_ends_with_its_stdin_even_inside_a_prompt(starter: Path, tmp_path: Path) -> None:
    with raw_worker(tmp_path) as process:
        send(process, m.Load(job=1, path=str(starter), n_ctx=4096, n_threads=1))
        read_until(process, m.Done)
        everyone = [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
        request = m.Generate(job=2, prompt="the sea and " * 1000, slice_tokens=512)
        send(process, request)
        read_until(process, m.PromptProgress)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(2) == 0
        _, alive = psutil.wait_procs(everyone, 2)
        assert not alive


def test_a_worker_dies_with_a_killed_owner(starter: Path, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from engine.process.client import Client\n"
        "client = Client(); client.load(sys.argv[1], n_ctx=512)\n"
        "print(client.pid, flush=True); signal.pause()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(starter)],
        stdout=subprocess.PIPE,
        env=worker_environment(tmp_path),
    )
    assert owner.stdout is not None
    worker = psutil.Process(int(owner.stdout.readline()))
    everyone = [worker, *worker.children(True)]
    owner.kill()
    owner.wait()
    owner.stdout.close()
    _, alive = psutil.wait_procs(everyone, 2)
    assert not alive
