"""The real worker as a child process: what it does, and its life from load to unload."""

import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import AppError
from engine.process import messages as m
from engine.process.client import Client
from engine.process.outbox import FLUSH_S
from tests.engine.asking import generate
from tests.engine.loading import worker_environment

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
