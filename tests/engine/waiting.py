"""Waiting for what another thread or process does."""

import threading
from collections.abc import Callable

PATIENCE_S = 30.0
TICK_S = 0.005


def wait_for(is_so: Callable[[], object]) -> None:
    """Until something holds. Raises AssertionError where it never does."""
    tick = threading.Event()
    for _ in range(int(PATIENCE_S / TICK_S)):
        if is_so():
            return
        tick.wait(TICK_S)
    raise AssertionError("it never came")
