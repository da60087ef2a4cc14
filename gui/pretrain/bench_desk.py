"""Measures what a base model can do, checkpoint by checkpoint, and knows what was measured before.
Shows nothing.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from engine.process.messages import Failed
from engine.process.pretrain_messages import BaseBench, RunBaseBench
from finetune.pretraining.bench_file import read_bench
from finetune.run.folder import RunFolder
from gui.pretrain.parts import PretrainParts
from gui.pretrain.raised_look import RaisedLook
from gui.staged.behind import Behind


class BenchDesk(QObject):
    """One measuring at a time. Attributes: bench (of the chosen checkpoint; None: not measured, or
    not read yet), is_read (whether that is known)."""

    bench_changed = Signal()
    running_changed = Signal()
    told = Signal(object)  # what comes before a measuring's end
    failed = Signal(object)  # Failed

    def __init__(
        self, parts: PretrainParts, look: RaisedLook, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._parts, self._look = parts, look
        self._behind = Behind(self)
        self._behind.failed.connect(parts.context.notices.show_error)
        self.bench: BaseBench | None = None
        self.is_read = False
        self._job = 0
        self._number = 0  # of the measuring under way; an answer of an earlier one is late
        look.run_changed.connect(self._read)
        look.checkpoint_changed.connect(self._read)
        self._read()

    @property
    def is_running(self) -> bool:
        return self._job != 0

    def run(self) -> None:
        """Measure the chosen checkpoint."""
        run, name = self._look.run, self._look.checkpoint
        if self.is_running or run is None or not name:
            return
        self._number += 1
        self._job = -1  # before the asking: what fails at once is heard within it
        self.running_changed.emit()
        job = self._parts.heavy.ask(
            lambda job: RunBaseBench(job=job, run=str(run.path), checkpoint=name),
            partial(self._on_bench, self._number),
            partial(self._on_failed, self._number),
            self.told.emit,
        )
        if self._job == -1:
            self._job = job or -1

    def stop(self) -> None:
        """End it; what was measured before stays."""
        job = self._job
        self._number += 1
        self._end()
        if job > 0:
            self._parts.heavy.cancel(job)

    def close(self) -> None:
        self._behind.close()

    def _on_bench(self, number: int, bench: BaseBench) -> None:
        if number == self._number:
            self._end()
        self._take(bench)

    def _on_failed(self, number: int, failed: Failed) -> None:
        if number == self._number:
            self._end()
            self.failed.emit(failed)

    def _end(self) -> None:
        self._job = 0
        self.running_changed.emit()

    # ---- what is kept ----

    @Slot()
    def _read(self) -> None:
        """What was measured of the chosen checkpoint."""
        run, name = self._look.run, self._look.checkpoint
        self.bench, self.is_read = None, not name
        self.bench_changed.emit()
        if run is not None and name:
            self._behind.do(partial(read_bench, run, name), partial(self._on_read, run, name))

    def _on_read(self, run: RunFolder, name: str, bench: BaseBench | None) -> None:
        if (run, name) == (self._look.run, self._look.checkpoint) and self.bench is None:
            self.bench, self.is_read = bench, True
            self.bench_changed.emit()

    def _take(self, bench: BaseBench) -> None:
        run = self._look.run
        if run is not None and (str(run.path), self._look.checkpoint) == (
            bench.run,
            bench.checkpoint,
        ):
            self.bench, self.is_read = bench, True
            self.bench_changed.emit()
