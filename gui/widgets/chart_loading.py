"""Loads what charts are drawn with, behind the window: pyqtgraph's import takes a quarter of a
second, in which the window would not answer.

PySide6 makes each of its classes when it is first named, and that may happen on one thread alone:
pyqtgraph names them all, and where it did so in its thread while the window named one, the process
crashed. So the window names them first, a few at a time.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QObject, QTimer, Slot

LOOK_MS = 20
SLICE_S = 0.004  # of the window's time at once
_LIBRARY = "pyqtgraph"
# Modules of Qt that pyqtgraph loads where they are there.
_MODULES = ("PySide6.QtSvg", "PySide6.QtTest", "PySide6.QtOpenGLWidgets")
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
        if _is_loaded():
            then()
        else:
            self._timer.start(0)

    @Slot()
    def _look(self) -> None:
        if _thread is None and not _name_some():
            return
        if _is_loaded():
            self._timer.stop()
            self._then()
        elif _thread is None:
            _begin()
            self._timer.start(LOOK_MS)


def wait() -> None:
    """Until it is loaded, where that was begun; the window itself never waits."""
    if _thread is not None:
        _thread.join()


def _is_loaded() -> bool:
    return _thread is not None and not _thread.is_alive()


def _begin() -> None:
    global _thread
    _thread = threading.Thread(target=_load, name="charts", daemon=True)
    _thread.start()


def _load() -> None:
    importlib.import_module(_LIBRARY)


def _names() -> Iterator[None]:
    """Has every class of Qt made that the library will name, one after the other."""
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            getattr(module, name)
            yield
    for one in _MODULES:
        with suppress(ImportError):  # then the library does without it too
            importlib.import_module(one)
        yield


_naming = _names()


def _name_some() -> bool:
    """Name a few; whether that were all."""
    end_s = time.perf_counter() + SLICE_S
    return all(time.perf_counter() < end_s for _ in _naming)
