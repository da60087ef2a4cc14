"""The part of the bench that looks inside: the engine's own path in this process (jobs, outbox)
with a clock around every decode, sample and logprob, so that what is left is our overhead."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.bench_adapter import write_random_adapter
from engine.generation.generate import generate
from engine.generation.loaded import Loaded
from engine.llama.model import LoadOptions, Model
from engine.llama.sampler import Sampler
from engine.models.gguf_header import describe, read_header
from engine.paths import user_paths
from engine.process.jobs import Jobs
from engine.process.messages import Adapter, Done, Generate, Load, Sampling
from engine.process.outbox import Outbox
from engine.process.pipe import Pipe

Figure = dict[str, Any]
_N_LONG = 4050
_WINDOW = 50


class Clock:
    """Adds up the time spent in wrapped functions."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.spent_s += time.perf_counter() - start

        return timed


def inside_figures(path: Path, n_threads: int) -> dict[str, Figure]:
    """Overhead per token at 100 and 4,000, top-10, and adapter re-weighting, on one model."""
    figures = top_figures(path, n_threads, "starter")
    loaded = _load(path, n_threads)
    early, late = _overhead(loaded)
    figures["overhead per token at 100"] = _figure(1e3 * early, 0.1, "ms")
    figures["overhead per token at 4,000"] = _figure(1e3 * late, 0.1, "ms")
    figures["adapter re-weight"] = _figure(1e3 * _reweight_s(loaded, path), 10.0, "ms")
    loaded.close()
    return figures


def top_figures(path: Path, n_threads: int, name: str) -> dict[str, Figure]:
    """What top-10 with remaining mass adds to a token, interleaved with runs without it."""
    loaded = _load(path, n_threads)
    added, decodes = [], []
    for _ in range(7):
        plain_s, decode_s = _drawing(loaded, top=0)
        with_top_s, _ = _drawing(loaded, top=10)
        added.append(1e3 * (with_top_s - plain_s))
        decodes.append(1e3 * decode_s)
    loaded.close()
    middle = statistics.median(added)
    if name == "starter":
        return {"top-10 with remaining mass adds": _figure(middle, 0.4, "ms")}
    goal = 0.1 * statistics.median(decodes)
    return {f"top-10 at {loaded.vocab.n_tokens:,} entries adds": _figure(middle, goal, "ms")}


def _load(path: Path, n_threads: int) -> Loaded:
    header = read_header(path)
    info = describe(header, path)
    request = Load(job=0, path=str(path), n_threads=n_threads)
    loaded = Loaded(Model(path, LoadOptions()), header, info, request, user_paths().ensure())
    loaded.open_context("main", 0)
    return loaded


def _drawing(loaded: Loaded, top: int) -> tuple[float, float]:
    """Seconds per token outside decode, and in decode, over 60 tokens."""
    clock = Clock()
    context: Any = loaded.context("main").context
    context._decode = clock.wrap(type(context)._decode.__get__(context))
    request = Generate(
        job=1,
        prompt="Once upon a time there was a lighthouse keeper who",
        max_tokens=60,
        top_logprobs=top,
        sampling=Sampling(temperature=0.0),
    )
    start = 0.0
    for event in generate(loaded, request):
        if event is not None and not start:
            start, clock.spent_s = time.perf_counter(), 0.0
    total = time.perf_counter() - start
    del context._decode
    return (total - clock.spent_s) / 60, clock.spent_s / 60


def _overhead(loaded: Loaded) -> tuple[float, float]:
    """Median seconds per token outside decode, sampling and logprob, around tokens 100 and 4,000 of
    one reply."""
    clock = Clock()
    context: Any = loaded.context("main").context
    context._decode = clock.wrap(type(context)._decode.__get__(context))
    logprobs: Any = loaded.logprobs
    logprobs.log_sum_exp = clock.wrap(type(logprobs).log_sum_exp.__get__(logprobs))
    ends = {token.id: -1e9 for token in loaded.vocab.special_tokens.values()}
    request = Generate(
        job=1,
        prompt="Once upon a time",
        max_tokens=_N_LONG,
        sampling=Sampling(temperature=0.0, logit_bias=ends),
    )
    turns = _turn_times(loaded, request, clock)
    del context._decode, logprobs.log_sum_exp
    early = turns[100 - _WINDOW : 100 + _WINDOW]
    late = turns[4000 - _WINDOW : 4000 + _WINDOW]
    return statistics.median(early), statistics.median(late)


def _turn_times(loaded: Loaded, request: Generate, clock: Clock) -> list[float]:
    """Seconds of each turn that were ours, jobs and outbox included; the sampler is clocked too."""
    ended: list[bool] = []
    sink = os.open(os.devnull, os.O_WRONLY)
    outbox = Outbox(Pipe(sink), lambda: None)

    def emit(job: int, event: Any) -> None:
        outbox.emit(job, event)
        if isinstance(event, Done):
            ended.append(True)

    sampler_class: Any = Sampler
    original = sampler_class.sample
    sampler_class.sample = clock.wrap(original)
    jobs = Jobs(emit, lambda on: None)
    jobs.add(1, generate(loaded, request))
    turns = []
    while not ended:
        clock.spent_s = 0.0
        start = time.perf_counter()
        jobs.run_turn()
        turns.append(time.perf_counter() - start - clock.spent_s)
    sampler_class.sample = original
    os.close(sink)
    return turns


def _reweight_s(loaded: Loaded, path: Path) -> float:
    """Median seconds to set another scale of a rank-16 adapter on all attention matrices."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "adapter.gguf"
        write_random_adapter(path, file, rank=16)
        context = loaded.context("main").context
        times = []
        for index in range(41):
            adapters = [Adapter(str(file), 0.5 + index / 100)]
            key = loaded.adapters.key(adapters)
            start = time.perf_counter()
            loaded.adapters.apply(context, adapters, key)
            times.append(time.perf_counter() - start)
        return statistics.median(times[1:])


def _figure(value: float, goal: float, unit: str) -> Figure:
    return {
        "ours": round(value, 4),
        "peer": None,
        "ratio": None,
        "goal": round(goal, 4),
        "ok": value <= goal,
        "unit": unit,
        "spread": None,
    }
