"""What a worker tells of a reply so that it can be made again: each reply of a batch for itself,
what the prompt lacked apart from what made room later, which files took part; on the real starter.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.bench_adapter import write_random_adapter
from engine.generation.loaded import Loaded
from engine.generation.prompt import build_prompt, prompt_hash
from engine.process.client import Client
from engine.process.messages import (
    Adapter,
    ChatMessage,
    Describe,
    Dropped,
    Generate,
    Generated,
    ModelInfo,
    Sampling,
    Token,
)
from engine.process.service import Service
from tests.engine.generating import GREEDY, STORY, forget, run, tokens_of, user
from tests.engine.loading import load_here, worker_environment
from tests.engine.waiting import wait_for

SYSTEM = ChatMessage("system", "You answer briefly.")
OLD = [user("alpha " * 40), ChatMessage("assistant", "beta " * 40)]


@pytest.fixture(scope="module")
def narrow(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    model = load_here(starter, tmp_path_factory.mktemp("narrow"), n_ctx=256)
    yield model
    model.close()


def test_each_reply_of_a_batch_is_counted_for_itself(loaded: Loaded) -> None:
    forget(loaded)
    ends = {int(loaded.vocab.tokenize(word)[0]): 6.0 for word in (".", ",")}
    events, result = run(
        loaded,
        prompt=STORY,
        n_replies=3,
        max_tokens=60,
        stop=[".", ","],
        sampling=Sampling(temperature=1.0, seed=5, logit_bias=ends),
    )
    tokens = [event for event in events if isinstance(event, Token)]
    counts = [sum(token.reply == index for token in tokens) for index in range(3)]
    assert [reply.n_generated for reply in result.replies] == counts
    assert len(set(counts)) > 1, "replies of unlike length"
    assert result.n_generated == sum(counts)
    assert [speed > 0 for speed in result.speeds] == [count > 1 for count in counts]


def test_each_reply_of_a_batch_has_its_own_reasoning(loaded: Loaded) -> None:
    forget(loaded)
    _, result = run(
        loaded,
        messages=[user("How many legs has a spider?")],
        prefill="<think>\nLet me",
        n_replies=2,
        max_tokens=24,
        reasoning_budget=6,
        sampling=Sampling(temperature=1.0, seed=3),
    )
    assert [reply.n_reasoning for reply in result.replies] == [6, 6]
    assert result.n_reasoning == 12


def endless(model: Loaded) -> Sampling:
    ends = {token.id: -1e9 for token in model.vocab.special_tokens.values()}
    return Sampling(temperature=0.0, logit_bias=ends)


def test_what_the_prompt_lacked_is_told_apart_from_what_made_room_later(narrow: Loaded) -> None:
    forget(narrow)
    messages = [SYSTEM, *OLD, *OLD, user("Count to one thousand.")]
    wanted: dict[str, Any] = {
        "messages": messages,
        "overflow": "drop_oldest",
        "max_tokens": 150,
        "sampling": endless(narrow),
    }
    events, result = run(narrow, **wanted)
    first, later = [event for event in events if isinstance(event, Dropped)]
    assert (first.messages, first.n_written) == ([1, 2], 0)
    assert later.messages == [1, 2, 3, 4] and later.n_tokens > first.n_tokens
    before = events[: events.index(later)]
    assert later.n_written == len(tokens_of(before)) > 0
    assert (result.dropped, result.dropped_later) == ([1, 2], [3, 4])
    prompt = build_prompt(narrow, messages, None, dropped=result.dropped)
    assert result.prompt_hash == prompt_hash(prompt.ids)
    assert result.n_prompt == len(prompt.ids) == sum(result.slices)

    # The same again: only what the prompt held is given, under the same policy.
    kept = [one for place, one in enumerate(messages) if place not in result.dropped]
    again, repeated = run(
        narrow, **{**wanted, "messages": kept}, alone=True, slices=result.slices, private=True
    )
    assert tokens_of(again) == tokens_of(events)
    assert repeated.prompt_hash == result.prompt_hash
    assert repeated.dropped == [] and repeated.dropped_later == [1, 2]


def test_a_stopped_reply_gives_way_at_the_same_place_again(narrow: Loaded) -> None:
    """Replay asks for as many tokens as were written: no more room is made for them than then."""
    forget(narrow)
    messages = [SYSTEM, *OLD, user("Count to one thousand.")]
    wanted: dict[str, Any] = {
        "messages": messages,
        "overflow": "drop_oldest",
        "sampling": endless(narrow),
    }
    events, result = run(narrow, **wanted, max_tokens=180)
    later = [event for event in events if isinstance(event, Dropped)]
    assert result.dropped_later == [1, 2]
    again, repeated = run(
        narrow, **wanted, max_tokens=later[-1].n_written + 9, alone=True, slices=result.slices
    )
    assert repeated.dropped_later == [1, 2]
    assert tokens_of(again) == tokens_of(events)[: later[-1].n_written + 9]


def test_the_files_of_adapters_are_told(loaded: Loaded, starter: Path, tmp_path: Path) -> None:
    path = tmp_path / "random.gguf"
    write_random_adapter(starter, path)
    adapters = [Adapter(str(path), 0.5), Adapter(str(tmp_path / "off.gguf"), 0.0)]
    _, result = run(loaded, prompt=STORY, adapters=adapters, max_tokens=2)
    (first,) = result.adapter_files
    assert first.path == str(path) and len(first.fingerprint) == 64
    assert first.sha256 == ""  # nobody reads whole files in this process
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    _, other = run(loaded, prompt=STORY, adapters=adapters, max_tokens=2)
    assert other.adapter_files[0].fingerprint != first.fingerprint


def test_no_file_is_read_while_a_reply_is_written(loaded: Loaded, tmp_path: Path) -> None:
    """Not between two of its tokens either: only when it is over."""
    path = tmp_path / "other.gguf"
    path.write_bytes(b"small, and read at once where nothing holds it up")
    service = Service()
    service.loaded = loaded
    job = service.job(Generate(job=1, prompt=STORY, max_tokens=8, sampling=GREEDY))
    next(job)
    service.hashes.want(path)
    try:
        for _ in job:
            assert not service.hashes.known(path)
        wait_for(lambda: service.hashes.known(path))
    finally:
        service.hashes.close()


def describe(client: Client) -> ModelInfo:
    found = client.ask(lambda job: Describe(job=job))
    assert isinstance(found, ModelInfo)
    return found


def test_a_worker_reads_its_model_once_and_says_its_sha256(starter: Path, tmp_path: Path) -> None:
    whole = hashlib.sha256(starter.read_bytes()).hexdigest()
    adapter = tmp_path / "random.gguf"
    write_random_adapter(starter, adapter)
    environment = worker_environment(tmp_path)
    with Client(env=environment) as worker:
        info = worker.load(str(starter), n_ctx=256, n_threads=2)
        assert info.kv_type == "f16" and info.flash_attention in ("enabled", "disabled")
        assert info.n_gpu_layers >= 0 and info.backend
        wait_for(lambda: describe(worker).sha256)
        assert describe(worker).sha256 == whole
        request = {"prompt": STORY, "max_tokens": 3, "sampling": GREEDY}
        result = worker.ask(
            lambda job: Generate(job=job, adapters=[Adapter(str(adapter))], **request)  # type: ignore[arg-type]
        )
        assert isinstance(result, Generated) and result.sha256 == whole
        assert len(result.adapter_files[0].fingerprint) == 64
    with Client(env=environment) as worker:
        assert worker.load(str(starter), n_ctx=256, n_threads=2).sha256 == whole
