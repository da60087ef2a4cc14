"""Work that waits for the disk, done behind the window: one thing after the other, its end told on
the window's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import AppError

T = TypeVar("T")


class Behind(QObject):
    """One thread, started when it is first needed, ended by `close`."""

    failed = Signal(object)  # the AppError of work whose asker does not listen to failures
    _ended = Signal(object)  # what is to be done on the window's thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool: ThreadPoolExecutor | None = None
        self._is_closed = False
        # Never within `do`, however quick the work was.
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    def do(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], object] = lambda _: None,
        on_failed: Callable[[AppError], object] | None = None,
    ) -> None:
        """Do it there; on_done hears what it returned, on_failed its AppError."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "behind")
        future = self._pool.submit(work)
        future.add_done_callback(partial(self._tell, on_done, on_failed or self.failed.emit))

    def close(self) -> None:
        """Wait for what was begun; its ends are not told any more."""
        self._is_closed = True
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    def _tell(
        self,
        on_done: Callable[[Any], object],
        on_failed: Callable[[AppError], object],
        future: Future[Any],
    ) -> None:
        error = future.exception()
        if isinstance(error, AppError):
            self._ended.emit(partial(on_failed, error))
        elif error is not None:
            # A bug: raised on the window's thread, where it is reported as one.
            self._ended.emit(future.result)
        else:
            self._ended.emit(partial(on_done, future.result()))

    def _on_ended(self, do: Callable[[], object]) -> None:
        if not self._is_closed:
            do()
