"""A worker beside the room's own, for columns of another model: started when it is this model's
turn, asked to write what waits for it, and ended when its memory is wanted or the columns are left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from engine.process.messages import Load
from gui.chat.model_loader import Engine, ModelLoader
from gui.chat.replies import Replies


class SideProcess(Engine, Protocol):
    """What is asked of a worker's process beside what the room asks of its own."""

    stopped: SignalInstance

    def setParent(self, parent: QObject, /) -> None: ...

    @property
    def is_running(self) -> bool: ...

    @property
    def has_given_up(self) -> bool: ...

    def start(self) -> None: ...

    def restart(self) -> None: ...

    def stop(self) -> None: ...

    def stop_and_wait(self) -> None: ...


class SideEngine(QObject):
    """One more worker, for one model.

    Args:
        path: the model's file.
        n_bytes: the memory it is thought to take.
        engine: its process, not started yet; it goes with this one.
    """

    became_idle = Signal()  # nothing is written with it any more, and nothing waits for it
    stopped = Signal()  # the worker is gone
    load_progressed = Signal(str, float)  # path, fraction

    def __init__(
        self,
        path: str,
        n_bytes: int,
        engine: SideProcess,
        make_load: Callable[[int, str], Load],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.path, self.n_bytes, self.engine = path, n_bytes, engine
        engine.setParent(self)
        self.loader = ModelLoader(engine, make_load, self)
        self.is_ending = False
        self._has_died = False
        self._waiting: list[tuple[Replies, list[str]]] = []
        self._n_open = 0
        self.loader.load_progressed.connect(self._on_load_progressed)
        self.loader.model_loaded.connect(self._on_loaded)
        engine.stopped.connect(self.stopped)
        engine.died.connect(self._on_died)

    @property
    def is_started(self) -> bool:
        return self.engine.is_running and not self.is_ending

    @property
    def is_waiting(self) -> bool:
        """Replies wait for this model's turn."""
        return bool(self._waiting)

    @property
    def is_idle(self) -> bool:
        return not self._n_open

    def add(self, replies: Replies, reply_ids: list[str]) -> None:
        """Have replies, which `replies` was told to write, begun when `begin` is called."""
        self._n_open += len(reply_ids)
        replies.ended.connect(self._on_ended)
        self._waiting.append((replies, reply_ids))

    def begin(self) -> None:
        """It is this model's turn: load it where that was not done yet, and write what waits."""
        waiting, self._waiting = self._waiting, []
        if self._has_died and not self.engine.is_running:
            self.engine.restart()  # now, in place of when it would by itself
        else:
            self.engine.start()
        if self.loader.wanted_path != self.path:
            self.load_progressed.emit(self.path, 0.0)
            self.loader.load(self.path)
        for replies, reply_ids in waiting:
            for reply_id in reply_ids:
                if replies.streaming(reply_id) is not None:  # else it was stopped before its turn
                    replies.start(reply_id)

    def stop(self) -> None:
        """End the worker; `stopped` tells when it is gone."""
        self.is_ending = True
        self.engine.stop()

    # ---- slots ----

    @Slot(object)
    def _on_ended(self, _reply: object) -> None:
        self._n_open -= 1
        if self._n_open:
            return
        self._waiting.clear()
        if self.loader.is_loading:
            self.loader.cancel()  # stopped before the model was there: it is not wanted any more
        self.became_idle.emit()

    @Slot()
    def _on_died(self) -> None:
        self._has_died = True
        # It restarts by itself, but not for ever: then nobody would ever answer what waits.
        if self.engine.has_given_up and self.loader.is_loading:
            self.loader.cancel()

    @Slot()
    def _on_loaded(self) -> None:
        self.load_progressed.emit(self.path, 1.0)

    @Slot(float, str)
    def _on_load_progressed(self, fraction: float, _what: str) -> None:
        self.load_progressed.emit(self.path, fraction)
