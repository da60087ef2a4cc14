"""Promises of the engine that no other file shows: each sampler stage does its work, loads can be
cancelled and configured, prompts step aside for others, and nothing needs a network."""

import json
import os
import platform
import subprocess
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as C
import numpy as np
import platformdirs
import psutil
import pytest

from engine import bench
from engine.errors import AppError, JobCancelledError
from engine.figures import figure, ratio
from engine.generation.generate import generate
from engine.generation.loaded import Loaded
from engine.generation.place import CROWDED_SLICE
from engine.generation.states import MIN_TOKENS, StateFolder
from engine.llama.context import Context
from engine.llama.model import LoadOptions, Model
from engine.paths import user_paths
from engine.process import messages as m
from engine.process.client import Client
from engine.process.service import diagnose
from engine.process.session import Session
from engine.process.wire import pack
from tests.engine.gguf_files import LLAMA, U32, file_of, key_text, pair
from tests.engine.loading import drain, load_here, worker_environment

ROOT = Path(__file__).parents[2]
GREEDY_FIVE = ("--temperature", "0", "--max-tokens", "5")
STORY = "Once upon a time there was a lighthouse keeper who"
# Every stage off, so that one alone is seen.
PLAIN: dict[str, Any] = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "seed": 3}


@pytest.fixture(autouse=True)
def cold(request: pytest.FixtureRequest) -> None:
    if "loaded" in request.fixturenames:
        request.getfixturevalue("loaded").context("main").slots.clear()


# ---- each stage of the sampler chain ----


def after(loaded: Loaded, prompt: str, **stage: Any) -> dict[int, float]:
    """What the samplers leave for the first token: id -> probability."""
    sampling = m.Sampling(**{**PLAIN, **stage})
    request = m.Generate(
        job=1, prompt=prompt, max_tokens=1, sampling=sampling, top_logprobs=4000, alone=True
    )
    events, _ = drain(generate(loaded, request))
    (token,) = [event for event in events if isinstance(event, m.Token)]
    assert token.top is not None
    return {one.id: float(np.exp(one.logprob)) for one in token.top.after}


def test_each_truncation_keeps_what_its_definition_keeps(loaded: Loaded) -> None:
    free = after(loaded, STORY)
    by_rank = sorted(free.values(), reverse=True)
    assert len(after(loaded, STORY, top_k=3)) == 3
    n_nucleus = int(np.searchsorted(np.cumsum(by_rank), 0.5)) + 1
    assert len(after(loaded, STORY, top_p=0.5)) == n_nucleus
    n_min_p = sum(one >= 0.2 * by_rank[0] for one in by_rank)
    assert len(after(loaded, STORY, min_p=0.2)) == n_min_p < len(free)
    assert 0 < len(after(loaded, STORY, top_n_sigma=0.5)) < len(free)
    assert 0 < len(after(loaded, STORY, typical_p=0.3)) < len(free)


def test_xtc_takes_the_likeliest_away(loaded: Loaded) -> None:
    free = after(loaded, STORY)
    likely = sorted((id_ for id_, p in free.items() if p >= 0.05), key=lambda id_: -free[id_])
    assert len(likely) > 1
    left = after(loaded, STORY, xtc_probability=1.0, xtc_threshold=0.05)
    assert not left.keys() & set(likely[:-1])
    assert likely[-1] in left


def test_temperature_flattens(loaded: Loaded) -> None:
    tops = [max(after(loaded, STORY, temperature=t).values()) for t in (0.5, 1.0, 2.0)]
    assert tops == sorted(tops, reverse=True) and len(set(tops)) == 3


@pytest.mark.parametrize(
    "stage",
    [
        {"repeat_penalty": 1.5},
        {"frequency_penalty": 1.5},
        {"presence_penalty": 1.5},
        {"dry_multiplier": 2.0},
    ],
    ids=str,
)
def test_what_was_said_before_becomes_less_likely(loaded: Loaded, stage: dict[str, float]) -> None:
    prompt = "the red fish swims and the red fish swims and the red"
    fish = int(loaded.vocab.tokenize(" fish")[0])
    assert after(loaded, prompt, **stage).get(fish, 0.0) < 0.9 * after(loaded, prompt)[fish]


# ---- loading ----


def test_a_load_stops_where_progress_says_so(starter: Path) -> None:
    told: list[float] = []

    def stop_at_once(fraction: float) -> bool:
        told.append(fraction)
        return False

    with pytest.raises(JobCancelledError):
        Model(starter, LoadOptions(), stop_at_once)
    assert told and told[0] < 1.0


def test_a_cancelled_load_leaves_no_model(starter: Path, tmp_path: Path) -> None:
    with Client(env=worker_environment(tmp_path)) as worker:
        ends: list[m.AnyEvent] = []
        ended = threading.Event()

        def on_event(event: m.AnyEvent) -> None:
            if isinstance(event, m.Done | m.Cancelled | m.Failed):
                ends.append(event)
                ended.set()

        job = worker.submit(lambda job: m.Load(job=job, path=str(starter), n_ctx=512), on_event)
        worker.cancel(job)
        assert ended.wait(10)
        assert [type(event) for event in ends] == [m.Cancelled]
        with pytest.raises(AppError, match="No model"):
            worker.ask(lambda job: m.Tokenize(job=job, text="hello"))
        assert worker.load(str(starter), n_ctx=512).n_ctx == 512


def test_device_layers_and_mapping_reach_llama_cpp(
    starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int, bool]] = []
    original = C.llama_model_load_from_file

    def load(path: bytes, parameters: Any) -> Any:
        layers, mode = parameters.n_gpu_layers, parameters.load_mode
        seen.append((layers, mode, parameters.vocab_only))
        return original(path, parameters)

    monkeypatch.setattr(C, "llama_model_load_from_file", load)
    Model(starter, LoadOptions(n_gpu_layers=7, vocab_only=True)).close()
    Model(starter, LoadOptions(use_mmap=False)).close()
    assert seen[0] == (7, C.LLAMA_LOAD_MODE_MMAP, True)
    assert seen[1][0] > 1000, "as many layers as the device takes"
    assert seen[1][1:] == (C.LLAMA_LOAD_MODE_NONE, False)
    with pytest.raises(AppError, match="no device named abyss") as refused:
        Model(starter, LoadOptions(device="abyss"))
    assert "CPU" in refused.value.hint


def test_flash_attention_is_left_to_llama_cpp(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    original = C.llama_init_from_model

    def init(model: Any, parameters: Any) -> Any:
        seen.append(parameters.flash_attn_type)
        return original(model, parameters)

    monkeypatch.setattr(C, "llama_init_from_model", init)
    Context(loaded.model, 64, 1).close()
    assert seen == [C.LLAMA_FLASH_ATTN_TYPE_AUTO]


def test_a_file_without_a_tokenizer_is_refused_in_words(tmp_path: Path) -> None:
    numbers = ("block_count", "context_length", "embedding_length", "attention.head_count")
    pairs = [pair(f"llama.{name}".encode(), U32, (8).to_bytes(4, "little")) for name in numbers]
    path = tmp_path / "mute.gguf"
    path.write_bytes(file_of([LLAMA, key_text(b"general.name", b"Mute"), *pairs], []))
    with pytest.raises(AppError, match="tokenizer") as refused:
        Model(path, LoadOptions(vocab_only=True))
    assert refused.value.hint


# ---- generating ----


def test_a_reply_gets_fewer_threads_while_a_run_trains_here(starter: Path, tmp_path: Path) -> None:
    loaded = load_here(starter, tmp_path, n_ctx=128, n_threads=2)
    request = m.Generate(job=1, prompt="Hello", max_tokens=2, sampling=m.Sampling(temperature=0.0))
    run = loaded.paths.runs / "2026-01-01-tales"
    run.mkdir()
    started = psutil.Process().create_time()
    (run / "runner.json").write_text(f'{{"pid": {os.getpid()}, "created_s": {started}}}')
    _, beside = drain(generate(loaded, request))
    (run / "runner.json").unlink()
    _, alone = drain(generate(loaded, request))
    loaded.close()
    assert (beside.n_threads, alone.n_threads) == (1, 2)


def test_a_long_prompt_beside_a_streaming_reply_goes_in_small_slices(loaded: Loaded) -> None:
    greedy = m.Sampling(temperature=0.0)
    streaming = generate(
        loaded, m.Generate(job=1, prompt="The sea", max_tokens=60, sampling=greedy)
    )
    while not isinstance(next(streaming), m.Token):
        continue
    long_prompt = generate(
        loaded, m.Generate(job=2, prompt="wave " * 90, max_tokens=1, sampling=greedy)
    )
    _, crowded = drain(long_prompt)
    streaming.close()
    loaded.context("main").slots.clear()
    request = m.Generate(job=3, prompt="wave " * 90, max_tokens=1, sampling=greedy)
    _, alone = drain(generate(loaded, request))
    assert max(crowded.slices) <= CROWDED_SLICE < max(alone.slices)


def test_a_piece_of_any_length_comes_whole(loaded: Loaded) -> None:
    """llama_cpp.Llama loses what is over 32 bytes."""
    lengths = [len(loaded.vocab.piece(token)) for token in range(loaded.vocab.n_tokens)]
    longest = int(np.argmax(lengths))
    assert lengths[longest] > 32
    piece = loaded.vocab.piece(longest)
    assert loaded.vocab.detokenize([longest]) == piece
    assert loaded.vocab.tokenize(piece.decode()).tolist() == [longest]


def test_a_kept_state_belongs_to_one_model(tmp_path: Path) -> None:
    tokens = np.arange(MIN_TOKENS + 5, dtype=np.int32)
    mine, other = (StateFolder(tmp_path, key, 1000) for key in ("a model", "another"))
    target = mine.target(tokens, "")
    assert target is not None
    part = mine.temporary(target)
    part.write_bytes(b"state")
    mine.commit(part, target, tokens)
    assert mine.find(tokens, "", 0) is not None
    assert other.find(tokens, "", 0) is None
    assert mine.find(np.flip(tokens).astype(np.int32), "", 0) is None


# ---- the bench ----


@pytest.fixture(scope="module")
def figures(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The figures that come over the wire, with hardly any rounds."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, Client(env=worker_environment(home)) as client:
        patch.setattr(bench, "N_PAIRS", 1)
        patch.setattr(bench, "N_TOKENS", 6)
        patch.setattr(bench, "N_CANCELS", 3)
        client.load(str(starter), n_ctx=2048, n_threads=1)
        return {
            **bench.speed_figures(client, starter, 1),
            **bench.cancel_figures(client),
            **bench.memory_figures(client, starter),
        }


def test_the_bench_takes_fifteen_pairs_or_more() -> None:
    assert bench.N_PAIRS >= 15


@pytest.mark.slow
def test_every_figure_has_ours_peer_ratio_goal_ok_and_unit(figures: dict[str, Any]) -> None:
    assert len(figures) >= 6
    for name, one in figures.items():
        assert {"ours", "peer", "ratio", "goal", "ok", "unit"} <= one.keys(), name
        assert one["ours"] > 0 or one["unit"] == "MB", name
    for name in ("app path / bare loop", "app path / llama_cpp.Llama"):
        assert figures[name]["peer"] > 0 and figures[name]["ratio"] > 0


def test_a_figure_is_ok_only_where_its_goal_is_reached() -> None:
    assert ratio([98.0] * 3, [100.0] * 3, 0.98, "tokens/s")["ok"]
    assert not ratio([97.0] * 3, [100.0] * 3, 0.98, "tokens/s")["ok"]
    assert figure(10.0, 10.0, "ms")["ok"]
    assert not figure(10.1, 10.0, "ms")["ok"]


# ---- where files live, and no network ----


def test_the_user_folder_is_the_platforms_unless_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATHYSPHERE_HOME", str(tmp_path / "elsewhere"))
    assert user_paths().home == tmp_path / "elsewhere"
    assert user_paths().chats.parent == tmp_path / "elsewhere"
    monkeypatch.delenv("BATHYSPHERE_HOME")
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda *_, **__: str(tmp_path / "data"))
    assert user_paths().home == tmp_path / "data"


NO_NETWORK = """
import socket
from pathlib import Path
def refuse(*_, **__):
    raise OSError("no network here")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
Path(__file__).with_name("in_force").touch()
"""


def test_a_first_answer_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    done = subprocess.run(
        [sys.executable, "-m", "gui.main", "complete", "The capital of France is", *GREEDY_FIVE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (tmp_path / "in_force").exists()
    assert "Paris" in done.stdout, done.stderr


def test_a_vocabulary_alone_and_several_contexts(starter: Path, tmp_path: Path) -> None:
    words = Model(starter, LoadOptions(vocab_only=True))
    assert words.vocab.tokenize("hello").tolist()
    words.close()
    whole = load_here(starter, tmp_path, n_ctx=128)
    whole.open_context("second", 64)
    assert set(whole.contexts) == {"main", "second"}
    whole.close()


def test_the_debug_switch_prints_frames_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BATHYSPHERE_WIRE", "1")
    session = Session(lambda data: None)
    session.feed(pack(m.Ready(job=0, protocol=m.PROTOCOL, pid=9)))
    session.submit(m.Tokenize(job=1, text="the sea"), lambda event: None)
    heard, said = capsys.readouterr().err.splitlines()
    assert json.loads(heard.removeprefix("<- "))["pid"] == 9
    assert json.loads(said.removeprefix("-> "))["text"] == "the sea"


def test_diagnostics_name_versions_build_flags_and_devices() -> None:
    diagnosis = diagnose()
    entries = diagnosis.entries
    assert entries["llama-cpp-python"] == version("llama-cpp-python")
    assert entries["Python"].startswith(platform.python_version())
    assert "=" in entries["llama.cpp build"]
    devices = [name for name in entries if name.startswith("Device ")]
    assert any("CPU" in entries[name] for name in devices)
    assert diagnosis.gpu_in_build == any("GPU" in entries[name] for name in devices)
