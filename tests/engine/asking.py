"""What tests of the worker ask of it, and how they wait for another process."""

import threading
import time
from collections.abc import Callable

from engine.process import messages as m

GREEDY = m.Sampling(temperature=0.0)


def generate(**fields: object) -> Callable[[int], m.Generate]:
    fields = {"prompt": "Once upon a time", "sampling": GREEDY, "max_tokens": 20, **fields}
    return lambda job: m.Generate(job=job, **fields)  # type: ignore[arg-type]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition of another process."""
    deadline = time.monotonic() + seconds
    waiting = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        waiting.wait(0.005)
