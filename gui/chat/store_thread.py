"""The chat store in a thread of its own: work goes in by a queue, answers come back on the window's
thread.

Calls run one after another in the order they were made. Never waits on the window's thread, except
in `close`, which lets the queue run empty so that nothing written is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.errors import AppError

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

T = TypeVar("T")
Answer = Callable[[], None]
CLOSE_S = 10.0


class _Call(Struct, frozen=True):
    work: Callable[[ChatStore], Any]
    on_result: Callable[[Any], None] | None
    on_error: Callable[[AppError], None]


class StoreThread(QObject):
    """Runs functions of a ChatStore elsewhere.

    Args:
        path: the database file; opened, and made where it is missing, in the thread. None: a store
        in memory that leaves nothing on the disk (temporary chats).
    """

    failed = Signal(object)  # AppError of a call that had no on_error of its own
    _answered = Signal(object)  # an Answer to run on the window's thread

    def __init__(self, path: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._queue: SimpleQueue[_Call | None] = SimpleQueue()
        self._is_closed = False
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
            self._queue.put(_Call(work, on_result, on_error or self.failed.emit))

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
            self._answered.emit(partial(self.failed.emit, store.notice))
        while (call := self._queue.get()) is not None:
            self._answered.emit(_answer_of(store, call))
        store.close()

    def _refuse_all(self, error: AppError) -> None:
        while (call := self._queue.get()) is not None:
            self._answered.emit(partial(call.on_error, error))

    # ---- on the window's thread ----

    @Slot(object)
    def _on_answered(self, answer: Answer) -> None:
        if not self._is_closed:
            answer()


def _answer_of(store: ChatStore, call: _Call) -> Answer:
    try:
        result = call.work(store)
    except AppError as error:
        return partial(call.on_error, error)
    except Exception as bug:  # a bug: told on the window's thread, where the hook for bugs listens
        return partial(_raise, bug)
    return partial(call.on_result, result) if call.on_result is not None else _nothing


def _raise(bug: Exception) -> None:
    raise bug


def _nothing() -> None:
    return None
