"""The chat store in a thread of its own: work goes in by a queue, answers come back on the window's
thread.

Calls run one after another in the order they were made. Never waits on the window's thread, except
in `close`, which lets the queue run empty so that nothing written is lost.

What a call holds may hold widgets, and a widget that ends on another thread ends the process: so
the window's side keeps every call until the thread has let go of it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.errors import AppError

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

T = TypeVar("T")
CLOSE_S = 10.0


class _Call(Struct, frozen=True):
    work: Callable[[ChatStore], Any]
    on_result: Callable[[Any], None] | None
    on_error: Callable[[AppError], None]


class _Outcome(Struct, frozen=True):
    """What became of a call: a result, what is expected to fail, or a bug."""

    result: Any = None
    error: AppError | None = None
    bug: Exception | None = None


class StoreThread(QObject):
    """Runs functions of a ChatStore elsewhere.

    Args:
        path: the database file; opened, and made where it is missing, in the thread. None: a store
        in memory that leaves nothing on the disk (temporary chats).
    """

    failed = Signal(object)  # AppError of a call that had no on_error of its own
    _noticed = Signal(object)  # AppError: something is to be said of the file itself
    _answered = Signal(object)  # the _Outcome of the oldest open call

    def __init__(self, path: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._queue: SimpleQueue[_Call | None] = SimpleQueue()
        self._open: deque[_Call] = deque()
        self._is_closed = False
        self._noticed.connect(self._on_noticed, Qt.ConnectionType.QueuedConnection)
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)
        # A daemon: a crash of the window must not leave a process that only waits for work.
        self._thread = threading.Thread(target=self._run, name="chat-store", daemon=True)
        self._thread.start()

    def call(
        self,
        work: Callable[[ChatStore], T],
        on_result: Callable[[T], None] | None = None,
        on_error: Callable[[AppError], None] | None = None,
    ) -> None:
        """Queue some work; one of on_result and on_error is called later, on the window's
        thread.
        """
        if not self._is_closed:
            call = _Call(work, on_result, on_error or self.failed.emit)
            self._open.append(call)
            self._queue.put(call)

    @property
    def is_closed(self) -> bool:
        """Nothing can be asked of it any more."""
        return self._is_closed

    def close(self) -> None:
        """Finish what is queued, close the file, end the thread. Answers still under way are
        dropped.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._queue.put(None)
        self._thread.join(CLOSE_S)

    # ---- in the thread ----

    def _run(self) -> None:
        # Here, not above: SQLite is loaded while the window paints for the first time.
        from engine.chats.store import ChatStore

        try:
            store = ChatStore.in_memory() if self._path is None else ChatStore(self._path)
        except AppError as error:
            self._refuse_all(error)
            return
        if store.notice is not None:
            self._noticed.emit(store.notice)
        while (call := self._queue.get()) is not None:
            outcome = _outcome_of(store, call)
            del call
            self._answered.emit(outcome)
        store.close()

    def _refuse_all(self, error: AppError) -> None:
        while self._queue.get() is not None:
            self._answered.emit(_Outcome(error=error))

    # ---- on the window's thread ----

    @Slot(object)
    def _on_noticed(self, notice: AppError) -> None:
        if not self._is_closed:
            self.failed.emit(notice)

    @Slot(object)
    def _on_answered(self, outcome: _Outcome) -> None:
        call = self._open.popleft()
        if self._is_closed:
            return
        if outcome.bug is not None:
            raise outcome.bug  # told where the hook for bugs listens
        if outcome.error is not None:
            call.on_error(outcome.error)
        elif call.on_result is not None:
            call.on_result(outcome.result)


def _outcome_of(store: ChatStore, call: _Call) -> _Outcome:
    try:
        return _Outcome(result=call.work(store))
    except AppError as error:
        return _Outcome(error=error.with_traceback(None))
    except Exception as bug:
        return _Outcome(bug=bug)
