"""The room's second worker, for what loads torch or a model: it is ended when nobody has asked it
for a while, and gives its memory back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Slot

from engine.paths import Paths
from engine.process.messages import AnyEvent, AnyRequest
from gui.process import EngineProcess
from gui.side_worker import OnFailed, OnResult, SideWorker

IDLE_MS = 120_000
COMMAND = (sys.executable, "-m", "finetune.worker")


def tune_process(paths: Paths) -> EngineProcess:
    """A worker of the room, not started."""
    return EngineProcess(paths, list(COMMAND))


class HeavyWorker(SideWorker):
    """Counts what it was asked, and rests when that is done."""

    def __init__(
        self, paths: Paths, engine: EngineProcess | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(paths, engine or tune_process(paths), parent)
        self._n_open = 0
        self._is_resting = False  # it is on its way out
        self._waiting: list[Callable[[], object]] = []
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._on_idle)
        self.engine.job_began.connect(self._on_began)
        self.engine.job_ended.connect(self._on_ended)
        self.engine.stopped.connect(self._on_stopped)

    def ask(
        self,
        make_request: Callable[[int], AnyRequest],
        on_result: OnResult,
        on_failed: OnFailed | None = None,
        on_event: Callable[[AnyEvent], None] | None = None,
    ) -> int:
        """As any side worker's; asked in the moment in which the process is ended, it is sent to
        the next one, and 0 is returned."""
        if self._is_resting:
            self._waiting.append(partial(self.ask, make_request, on_result, on_failed, on_event))
            return 0
        return super().ask(make_request, on_result, on_failed, on_event)

    def close(self) -> None:
        self._idle.stop()
        super().close()
        self._idle.stop()

    @Slot(object)
    def _on_began(self, _request: AnyRequest) -> None:
        self._n_open += 1
        self._idle.stop()

    @Slot(object, object)
    def _on_ended(self, _request: AnyRequest, _event: object) -> None:
        self._n_open -= 1
        if not self._n_open:
            self._idle.start()

    @Slot()
    def _on_idle(self) -> None:
        self._is_resting = self.engine.is_running
        self.engine.stop()

    @Slot()
    def _on_stopped(self) -> None:
        self._is_resting = False
        waiting, self._waiting = self._waiting, []
        for ask in waiting:
            ask()
