"""The real worker as a child process, and every way a child can go wrong: each has an outcome
within two seconds."""

import contextlib
import itertools
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
from engine.process.outbox import FLUSH_S
from engine.process.wire import FrameReader, pack, read_event
from tests.engine.loading import worker_environment

FAKE = Path(__file__).parents[1] / "fakes" / "fake_worker.py"
GREEDY = m.Sampling(temperature=0.0)
LIMIT_S = 2.6  # two seconds of silence, and the tick that notices it


def generate(**fields: object) -> Callable[[int], m.Generate]:
    fields = {"prompt": "Once upon a time", "sampling": GREEDY, "max_tokens": 20, **fields}
    return lambda job: m.Generate(job=job, **fields)  # type: ignore[arg-type]


def fake(behaviour: str, argument: str = "") -> list[str]:
    return [sys.executable, str(FAKE), behaviour, argument]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition of another process."""
    deadline = time.monotonic() + seconds
    waiting = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        waiting.wait(0.005)


# ---- what it does ----


def test_tokens_come_one_after_another_and_end_once(client: Client) -> None:
    events = list(client.stream(generate(max_tokens=30)))
    tokens = [token for event in events if isinstance(event, m.Tokens) for token in event.items]
    ends = [e for e in events if isinstance(e, m.Done | m.Cancelled | m.Failed)]
    assert len(ends) == 1
    assert events[-1] is ends[0]
    assert isinstance(ends[0], m.Done)
    assert isinstance(ends[0].result, m.Generated)
    assert len(tokens) == ends[0].result.n_generated == 30
    assert "".join(token.text for token in tokens) == ends[0].result.replies[0].text


def test_the_first_token_is_sent_at_once_and_the_rest_gathered(client: Client) -> None:
    start = time.perf_counter()
    flushes = [e for e in client.stream(generate(max_tokens=60)) if isinstance(e, m.Tokens)]
    elapsed_s = time.perf_counter() - start
    assert len(flushes[0].items) == 1
    assert 3 <= len(flushes) <= 2 + elapsed_s / FLUSH_S


def test_short_questions_are_answered_while_tokens_stream(client: Client) -> None:
    stream = client.stream(generate(max_tokens=400))
    next(stream)
    times_ms = []
    message = m.ChatMessage("user", "Where is the sea? " * 20)
    for _ in range(10):
        for question in (
            lambda job: m.Tokenize(job=job, text="the deep blue sea " * 50),
            lambda job: m.Describe(job=job),
            lambda job: m.Render(job=job, messages=[message]),
        ):
            start = time.perf_counter()
            client.ask(question)
            times_ms.append(1e3 * (time.perf_counter() - start))
    assert any(isinstance(event, m.Tokens) for event in stream), "it streams on"
    stream.close()  # type: ignore[attr-defined]
    assert sorted(times_ms)[len(times_ms) // 2] < 50
    assert sorted(times_ms)[-2] < 150


def test_two_chats_stream_at_the_same_time(client: Client) -> None:
    finished = threading.Event()
    order: list[str] = []

    def listen(name: str, text: str) -> None:
        def on_event(event: m.AnyEvent) -> None:
            if isinstance(event, m.Tokens):
                order.append(name)
            if isinstance(event, m.Done) and {"a", "b"} <= set(order):
                finished.set()

        client.submit(generate(prompt=text, max_tokens=80), on_event)

    listen("a", "The sea")
    listen("b", "The wind")
    assert finished.wait(120)
    changes = sum(x != y for x, y in itertools.pairwise(order))
    assert changes > 4


@pytest.mark.parametrize("long_prompt", [True, False])
def test_a_cancel_is_answered_at_once(client: Client, long_prompt: bool) -> None:
    prompt = "the long grey wave " * 400 if long_prompt else "The sea"
    ended: list[m.AnyEvent] = []
    done = threading.Event()
    begun = threading.Event()

    def on_event(event: m.AnyEvent) -> None:
        if isinstance(event, m.PromptProgress if long_prompt else m.Tokens):
            begun.set()
        if isinstance(event, m.Done | m.Cancelled | m.Failed):
            ended.append(event)
            done.set()

    job = client.submit(generate(prompt=prompt, max_tokens=-1), on_event)
    assert begun.wait(10)
    start = time.perf_counter()
    client.cancel(job)
    assert done.wait(10)
    assert time.perf_counter() - start < 0.5
    assert isinstance(ended[0], m.Cancelled)
    assert isinstance(ended[0].result, m.Generated)


def test_questions_it_cannot_answer_get_a_sentence(client: Client, starter: Path) -> None:
    stream = client.stream(generate(max_tokens=400))
    next(stream)
    with pytest.raises(AppError, match="being written"):
        client.load(str(starter))
    stream.close()  # type: ignore[attr-defined]
    with pytest.raises(AppError, match="no token 999999"):
        client.ask(lambda job: m.Detokenize(job=job, ids=[999_999]))
    with pytest.raises(AppError, match="context named"):
        list(client.stream(generate(context="elsewhere")))


def test_a_second_context_has_a_cache_of_its_own(client: Client) -> None:
    client.ask(lambda job: m.OpenContext(job=job, name="scores", n_ctx=256))
    prompt = "A quite particular sentence about herrings"
    for context, reused in (("main", 0), ("scores", 0), ("scores", 7)):
        end = list(client.stream(generate(prompt=prompt, context=context, max_tokens=2)))[-1]
        assert isinstance(end, m.Done)
        assert isinstance(end.result, m.Generated)
        assert (end.result.n_reused > 0) == (reused > 0)
    client.ask(lambda job: m.CloseContext(job=job, name="scores"))


# ---- a worker's life ----


def test_load_reports_progress_can_be_cancelled_and_unloads(starter: Path, tmp_path: Path) -> None:
    with Client(env=worker_environment(tmp_path)) as worker:
        events = list(worker.stream(lambda job: m.Load(job=job, path=str(starter), n_ctx=512)))
        assert any(isinstance(event, m.Progress) for event in events)
        assert isinstance(events[-1], m.Done)
        info = events[-1].result
        assert isinstance(info, m.ModelInfo)
        assert info.template == "file"
        assert info.n_ctx == 512
        assert info.kv_bytes > 0
        assert 1 <= info.n_threads <= (os.cpu_count() or 1)
        worker.ask(lambda job: m.Unload(job=job))
        with pytest.raises(AppError, match="No model"):
            worker.ask(lambda job: m.Tokenize(job=job, text="x"))
        vocabulary = worker.load(str(starter), vocab_only=True)
        assert vocabulary.n_ctx == 0
        ids = worker.ask(lambda job: m.Tokenize(job=job, text="hello"))
        assert isinstance(ids, m.Tokenized)
        assert ids.ids.shape == (1,)


def test_files_are_served_without_a_model(starter: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\xff" * 40)
    (tmp_path / "good.gguf").symlink_to(starter)
    with Client(env=worker_environment(tmp_path)) as worker:
        found = worker.ask(lambda job: m.ListModels(job=job, folders=[str(tmp_path)]))
        assert isinstance(found, m.ModelList)
        assert [model.architecture for model in found.models] == ["llama"]
        assert len(found.unreadable) == 1
        assert isinstance(worker.ask(lambda job: m.Diagnose(job=job)), m.Diagnosis)
        modules = Path(f"/proc/{worker.pid}/maps")
        info = worker.ask(lambda job: m.Describe(job=job, path=str(starter)))
        assert isinstance(info, m.ModelInfo)
        assert modules.exists() or sys.platform != "linux"


def broken_files(folder: Path, starter: Path) -> Iterator[tuple[Path, str]]:
    data = starter.read_bytes()
    for name, content, word in (
        ("text.gguf", b"hello, I am a text " * 100, "not a GGUF"),
        ("cut.gguf", data[: len(data) // 2], "missing|truncated|ends"),
        (
            "odd.gguf",
            data[:4].replace(b"GGUF", b"GGUF") + data[4:].replace(b"llama", b"llamb"),
            "arch",
        ),
    ):
        path = folder / name
        path.write_bytes(content)
        yield path, word


def test_broken_models_are_refused_in_words(starter: Path, tmp_path: Path) -> None:
    with Client(env=worker_environment(tmp_path)) as worker:
        for path, word in broken_files(tmp_path, starter):
            with pytest.raises(AppError, match=f"(?i){word}") as refused:
                worker.load(str(path))
            assert refused.value.hint
        with pytest.raises(AppError, match="8,192"):
            worker.load(str(starter), n_ctx=100_000)
        big = tmp_path / "big.gguf"
        big.write_bytes(starter.read_bytes())
        with big.open("r+b") as file:
            file.truncate(4 * 2**40)
        with pytest.raises(AppError, match="GB are free"):
            worker.load(str(big))
        assert worker.load(str(starter), n_ctx=512).n_ctx == 512
        assert worker.load(str(starter), n_ctx=768).n_ctx == 768  # in place of the one before


# ---- what goes wrong ----


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
