"""All training runs as the window knows them: found in their folder, followed while they live,
found again after the window was closed or died.

Reads in a thread of its own (runs_reader.py) and tells on the window's. Also holds running runs
back while a reply streams. Nothing is read before `start`.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.process.messages import AnyEvent, AnyRequest, Generate
from finetune.run.state import RunSummary

if TYPE_CHECKING:
    from gui.process import EngineProcess
    from gui.run_record import RunRecord
    from gui.runs_reader import Look

LIVE_S = 0.3
IDLE_S = 1.0
CLOSE_S = 10.0
MOST_FOLLOWED = 12  # records that are kept up to date at once


class RunsWatch(QObject):
    """Args:
    runs: the folder that holds them.
    engine: whose replies hold runs back; None for nobody's.

    Attributes: summaries (all runs, newest first).
    """

    changed = Signal()  # summaries are others now
    run_changed = Signal(str)  # a run's folder: its summary or its record is another
    ended = Signal(object)  # RunSummary of a run that was seen alive and is over
    _looked = Signal(object)  # Look

    def __init__(
        self, runs: Path, engine: EngineProcess | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.summaries: list[RunSummary] = []
        self.has_looked = False  # whether the summaries are those of the disk yet
        self._runs = runs
        self._records: dict[str, RunRecord] = {}
        self._followed: dict[str, None] = {}  # the newest wish last
        self._n_replies = 0
        self._is_closed = False
        self._wake, self._taken = threading.Event(), threading.Event()
        self._is_forced = False
        self._thread: threading.Thread | None = None
        self._looked.connect(self._on_looked, Qt.ConnectionType.QueuedConnection)
        if engine is not None:
            self._listen(engine)

    @Slot()
    def start(self) -> None:
        """Begin to read; more than once is fine."""
        if self._thread is None and not self._is_closed:
            self._thread = threading.Thread(target=self._run, name="runs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """The window is closing. Runs go on."""
        self._is_closed = True
        self._wake.set()
        self._taken.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    # ---- asking ----

    def summary(self, path: str) -> RunSummary | None:
        """How a run stands; None where there is none of that folder (or it was not read yet)."""
        return next((one for one in self.summaries if one.path == path), None)

    def record(self, path: str) -> RunRecord:
        """What a run told so far. From the first asking on it is kept up to date and told of by
        run_changed; before it is read once, it is empty."""
        from gui.run_record import empty_record

        is_new = path not in self._followed
        self._followed.pop(path, None)
        self._followed[path] = None
        while len(self._followed) > MOST_FOLLOWED:
            oldest = next(iter(self._followed))
            self.release(oldest)
        if is_new:
            self._wake.set()
        return self._records.get(path) or empty_record(path)

    def release(self, path: str) -> None:
        """Nobody looks at its record any more."""
        self._followed.pop(path, None)
        self._records.pop(path, None)

    def refresh(self) -> None:
        """A run was started, renamed or deleted: look now."""
        self._is_forced = True
        self._wake.set()

    # ---- in the thread ----

    def _run(self) -> None:
        from gui.runs_reader import RunsReader

        reader = RunsReader(self._runs)
        while not self._is_closed:
            self._wake.clear()
            is_forced, self._is_forced = self._is_forced, False
            look = reader.look(tuple(self._followed), is_forced=is_forced)
            reader.hold(self._n_replies > 0)
            if look or not self.has_looked:
                self._tell(look)
            self._wake.wait(LIVE_S if reader.has_live else IDLE_S)
        reader.hold(False)

    def _tell(self, look: Look) -> None:
        """A window that is late does not get a heap of looks."""
        self._taken.clear()
        if not self._is_closed:
            self._looked.emit(look)
            self._taken.wait()

    # ---- on the window's thread ----

    @Slot(object)
    def _on_looked(self, look: Look) -> None:
        self._taken.set()
        if self._is_closed:
            return
        self.has_looked = True
        self.summaries = look.summaries
        self._records |= {k: one for k, one in look.records.items() if k in self._followed}
        self.changed.emit()
        for path in sorted(look.changed):
            self.run_changed.emit(path)
        for summary in look.ended:
            self.ended.emit(summary)

    def _listen(self, engine: EngineProcess) -> None:
        engine.job_began.connect(self._on_job_began)
        engine.job_ended.connect(self._on_job_ended)
        engine.died.connect(self._on_engine_gone)
        engine.stopped.connect(self._on_engine_gone)

    @Slot(object)
    def _on_job_began(self, request: AnyRequest) -> None:
        if isinstance(request, Generate):
            self._n_replies += 1
            self._wake.set()

    @Slot(object, object)
    def _on_job_ended(self, request: AnyRequest, _event: AnyEvent) -> None:
        if isinstance(request, Generate):
            self._n_replies = max(0, self._n_replies - 1)
            self._wake.set()

    @Slot()
    def _on_engine_gone(self) -> None:
        self._n_replies = 0
        self._wake.set()
