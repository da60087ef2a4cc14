"""Loads what charts are drawn with, behind the window: pyqtgraph's import takes a quarter of a
second, in which the window would not answer.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

LOOK_MS = 20
_LIBRARY = "pyqtgraph"
_thread: threading.Thread | None = None


class ChartLoader(QObject):
    """Calls `then` on the window's thread once charts can be made; at once where they can already.

    Args:
        parent: with it the wish ends.
    """

    def __init__(self, then: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._then = then
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        if not _is_loading():
            then()
        else:
            self._timer.start()

    @Slot()
    def _look(self) -> None:
        if not _is_loading():
            self._timer.stop()
            self._then()


def wait() -> None:
    """Until it is loaded, where that was begun; the window itself never waits."""
    if _thread is not None:
        _thread.join()


def _is_loading() -> bool:
    """Whether it is on its way; begins with the first asking."""
    global _thread
    if _thread is None:
        _thread = threading.Thread(target=_load, name="charts", daemon=True)
        _thread.start()
    return _thread.is_alive()


def _load() -> None:
    importlib.import_module(_LIBRARY)
