"""Helpers that load real models for tests."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

from engine.generation import threads
from engine.generation.loaded import Loaded, threads_key
from engine.llama.model import LoadOptions, Model
from engine.models.gguf_header import describe, read_header
from engine.paths import Paths
from engine.process.messages import Load


def load_here(path: Path, home: Path, n_ctx: int, **options: Any) -> Loaded:
    """A model loaded in this process, one thread (beside other work on a small machine two are
    many times slower), its user folder under `home`."""
    header = read_header(path)
    request = Load(job=0, path=str(path), n_ctx=n_ctx, **{"n_threads": 1, **options})
    loaded = Loaded(
        Model(path, LoadOptions()), header, describe(header, path), request, Paths(home).ensure()
    )
    loaded.open_context("main", n_ctx)
    return loaded


def skip_trial(home: Path, model: Path) -> None:
    """Know the fastest thread count, as every load but a user's first: the fewest there can be,
    for a trial beside other work takes its second and finds anything."""
    threads.choose(lambda count, _: count / 1000, threads_key(model), Paths(home).ensure())


def worker_environment(home: Path) -> dict[str, str]:
    return {**os.environ, "BATHYSPHERE_HOME": str(home)}


def drain(generator: Generator[Any, None, Any]) -> tuple[list[Any], Any]:
    """All events of a generator (None left out) and what it returned."""
    events: list[Any] = []
    while True:
        try:
            event = next(generator)
        except StopIteration as stop:
            return events, stop.value
        if event is not None:
            events.append(event)
