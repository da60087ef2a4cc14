"""What the turns of the window's thread cost, in the thread's own processor time, so that a busy
machine does not matter.
"""

import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget


class Turns:
    """Processor time of this thread between two turns of its event loop."""

    def __init__(self, page: QWidget) -> None:
        self.costs_ms: list[float] = []
        self._last_s = time.thread_time()
        self._timer = QTimer(page, interval=0)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now_s = time.thread_time()
        self.costs_ms.append((now_s - self._last_s) * 1e3)
        self._last_s = now_s

    def stop(self) -> list[float]:
        """Of the turns that did anything, the dearest last; in milliseconds."""
        self._timer.stop()
        return sorted(one for one in self.costs_ms if one > 0.5) or [0.0]
