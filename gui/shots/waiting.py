"""Waiting while the window lives."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QTimer

from engine.errors import AppError

WAIT_S = 60.0
POLL_MS = 10


def until(is_so: Callable[[], bool], what: str, wait_s: float = WAIT_S) -> None:
    """Let the window live until something is so.

    Raises:
        AppError: it never was.
    """
    loop, poll = QEventLoop(), QTimer(interval=POLL_MS)
    poll.timeout.connect(loop.quit)
    poll.start()
    deadline_s = time.monotonic() + wait_s
    while not is_so():
        if time.monotonic() > deadline_s:
            raise AppError(f"The window never came to this: {what}.")
        loop.exec()
