"""Measures the engine on this machine, peers beside it in the same run: `bathysphere bench engine
[--json]`.

Ours goes through the real worker and the wire; the bare llama_decode loop and llama_cpp.Llama run
in this process while the worker idles. All take turns, so that a machine whose speed drifts drifts
under all of them; medians of ratios count. Set BATHYSPHERE_BENCH_LARGE to a GGUF with a large
vocabulary to measure its top-10 too.
"""

import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from engine.bench_inside import inside_figures, top_figures
from engine.bench_peers import BareLoop, LlamaClass
from engine.figures import Figure, figure, print_table, ratio
from engine.models.starter import starter_path
from engine.process.client import Client
from engine.process.messages import (
    AnyEvent,
    Cancelled,
    Describe,
    Done,
    Failed,
    Generate,
    Generated,
    ModelInfo,
    Sampling,
    Tokens,
)

__all__ = ["figure", "main", "measure", "print_table", "ratio"]

PROMPT = "Once upon a time there was a lighthouse keeper who"
N_TOKENS = 100
N_PAIRS = 16
N_CANCELS = 100


def main(as_json: bool) -> int:
    """Measure and print. Returns 0; a missed goal is a figure, not a failure."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["BATHYSPHERE_HOME"] = home
        figures = measure(starter_path(), as_json)
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        print_table(figures)
    return 0


def measure(path: Path, quiet: bool) -> dict[str, Figure]:
    """All figures, by name."""

    def say(text: str) -> None:
        if not quiet:
            print(f"  {text} ...", file=sys.stderr)

    figures: dict[str, Figure] = {}
    with Client() as client:
        info = client.load(str(path))
        say("tokens per second, taking turns")
        figures.update(speed_figures(client, path, info.n_threads))
        say("cancel latency")
        figures.update(cancel_figures(client))
        say("replies at once")
        figures.update(batch_figures(client))
        figures.update(memory_figures(client, path))
    say("overhead per token, adapter")
    figures.update(inside_figures(path, info.n_threads))
    large = os.environ.get("BATHYSPHERE_BENCH_LARGE", "")
    if large:
        say("top-10 over a large vocabulary")
        figures.update(top_figures(Path(large), info.n_threads, "large"))
    return figures


# ---- speed ----


def speed_figures(client: Client, path: Path, n_threads: int) -> dict[str, Figure]:
    """App path without and with logprobs, against both peers, in turn."""
    bare = BareLoop(path, n_threads)
    llama = LlamaClass(path, n_threads)
    contestants: dict[str, Callable[[], float]] = {
        "plain": lambda: ours(client, logprobs=False),
        "bare": lambda: bare.tokens_per_s(PROMPT, N_TOKENS),
        "logprobs": lambda: ours(client, logprobs=True),
        "llama": lambda: llama.tokens_per_s(PROMPT, N_TOKENS),
    }
    speeds: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        run()
    for index in range(N_PAIRS):
        names = list(contestants)
        names = names if index % 2 == 0 else names[::-1]
        for name in names:
            speeds[name].append(contestants[name]())
    bare.close()
    llama.close()
    return {
        "app path / bare loop": ratio(speeds["plain"], speeds["bare"], 0.98, "tokens/s"),
        "with logprobs / bare loop": ratio(speeds["logprobs"], speeds["bare"], 0.96, "tokens/s"),
        "app path / llama_cpp.Llama": ratio(speeds["plain"], speeds["llama"], 1.03, "tokens/s"),
    }


def ours(client: Client, *, logprobs: bool, n_replies: int = 1, n_tokens: int = N_TOKENS) -> float:
    """Tokens per second as the client sees them, from the first token's arrival to the end."""
    arrivals_s: list[float] = []
    ends: list[AnyEvent] = []
    ended = threading.Event()

    def on_event(event: AnyEvent) -> None:
        if isinstance(event, Tokens):
            arrivals_s.append(time.perf_counter())
        elif isinstance(event, Done | Cancelled | Failed):
            arrivals_s.append(time.perf_counter())
            ends.append(event)
            ended.set()

    sampling = Sampling(temperature=0.0 if n_replies == 1 else 1.0, seed=1)
    client.submit(
        lambda job: Generate(
            job=job,
            prompt=PROMPT,
            max_tokens=n_tokens,
            logprobs=logprobs,
            n_replies=n_replies,
            sampling=sampling,
        ),
        on_event,
    )
    ended.wait()
    end = ends[0]
    assert isinstance(end, Done), end
    assert isinstance(end.result, Generated), end
    assert n_replies > 1 or end.result.n_generated == n_tokens, end
    return (end.result.n_generated - n_replies) / (arrivals_s[-1] - arrivals_s[0])


def batch_figures(client: Client) -> dict[str, Figure]:
    """Tokens per second of n replies at once over one at a time."""
    singles, fours, sixteens = [], [], []
    for _ in range(5):
        singles.append(ours(client, logprobs=True, n_tokens=48))
        fours.append(ours(client, logprobs=True, n_replies=4, n_tokens=48))
        sixteens.append(ours(client, logprobs=True, n_replies=16, n_tokens=48))
    return {
        "4 replies at once / in turn": ratio(fours, singles, None, "tokens/s"),
        "16 replies at once / in turn": ratio(sixteens, singles, 1.9, "tokens/s"),
    }


# ---- cancel ----


def cancel_figures(client: Client) -> dict[str, Figure]:
    """From asking to the job's end, at random moments of prompt processing and generation."""
    draw = random.Random(0)
    latencies = [
        _cancel_once(client, draw.uniform(0.0, 0.6), long_prompt=index % 2 == 0, salt=index)
        for index in range(N_CANCELS)
    ]
    ordered = sorted(1e3 * latency for latency in latencies)
    return {
        "cancel p50": figure(statistics.median(ordered), 100.0, "ms", ordered),
        "cancel p99": figure(ordered[int(0.99 * len(ordered)) - 1], 100.0, "ms", ordered),
    }


def _cancel_once(client: Client, after_s: float, *, long_prompt: bool, salt: int) -> float:
    prompt = f"{salt}: " + (PROMPT + ". ") * (60 if long_prompt else 1)
    ended = threading.Event()

    def on_event(event: AnyEvent) -> None:
        if isinstance(event, Done | Cancelled):
            ended.set()

    job = client.submit(
        lambda job: Generate(job=job, prompt=prompt, sampling=Sampling(temperature=0.0)), on_event
    )
    ended.wait(after_s)
    start = time.perf_counter()
    client.cancel(job)
    ended.wait()
    return time.perf_counter() - start


def memory_figures(client: Client, path: Path) -> dict[str, Figure]:
    """Resident memory over model file, KV and the compute buffers that llama.cpp reports."""
    info = client.ask(lambda job: Describe(job=job))
    assert isinstance(info, ModelInfo)
    known = path.stat().st_size + info.kv_bytes + info.compute_bytes
    over = psutil.Process(client.pid).memory_info().rss - known
    # Cells of the KV cache that were never written are not resident; count them as if they were not
    # there at all.
    return {"worker memory over model and buffers": figure(over / 1e6, 150.0, "MB")}
