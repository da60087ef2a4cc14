"""The fine-tunings that came of a raised model, and their report cards. Shows nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.process.messages import Failed
from engine.process.pretrain_messages import MakeReportCard, ReportCard
from finetune.pretraining.assistant import checkpoint_of_base, read_card
from finetune.run.state import RunSummary
from gui.pretrain.parts import PretrainParts
from gui.pretrain.raised_look import RaisedLook
from gui.staged.behind import Behind


class AssistantRuns(QObject):
    """Attributes: runs (newest first), chosen (path of the one looked at, "" for none), card (its
    report card; None: none made)."""

    changed = Signal()  # the runs, or the chosen one
    card_changed = Signal()
    running_changed = Signal()  # a card is being made, or is no more
    told = Signal(object)
    failed = Signal(object)  # Failed

    def __init__(
        self, parts: PretrainParts, look: RaisedLook, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._parts, self._look = parts, look
        self._behind = Behind(self)
        self._behind.failed.connect(parts.context.notices.show_error)
        self.runs: list[RunSummary] = []
        self.chosen = ""
        self.card: ReportCard | None = None
        self._job = self._number = 0
        parts.context.runs.changed.connect(self.refresh)
        look.run_changed.connect(self._on_run_changed)
        self.refresh()

    @property
    def run(self) -> RunSummary | None:
        """The one looked at."""
        return next((one for one in self.runs if one.path == self.chosen), None)

    @property
    def is_running(self) -> bool:
        return self._job != 0

    def choose(self, path: str) -> None:
        """Look at one."""
        if path != self.chosen:
            self.chosen = path
            self._read_card()
            self.changed.emit()

    @Slot()
    def refresh(self) -> None:
        """What there is now."""
        raised = self._look.run
        found = []
        if raised is not None:
            tuned = [one for one in self._parts.context.runs.summaries if one.kind == "sft"]
            found = [one for one in tuned if checkpoint_of_base(raised, one.base)]
        if found == self.runs:
            return
        is_new = bool(found) and found[0].path not in {one.path for one in self.runs}
        self.runs = found
        if is_new or self.run is None:
            self.choose(found[0].path if found else "")
        self.changed.emit()

    def close(self) -> None:
        self._behind.close()

    # ---- report cards ----

    def make_card(self) -> None:
        """Ask base and assistant the same held-out questions."""
        raised, tuned = self._look.run, self.run
        if self.is_running or raised is None or tuned is None:
            return
        base, path = checkpoint_of_base(raised, tuned.base), tuned.path
        self._number += 1
        self._job = -1  # before the asking: what fails at once is heard within it
        self.running_changed.emit()
        job = self._parts.heavy.ask(
            lambda job: MakeReportCard(job=job, run=str(raised.path), tuned=path, checkpoint=base),
            partial(self._on_card, self._number, path),
            partial(self._on_failed, self._number),
            self.told.emit,
        )
        if self._job == -1:
            self._job = job or -1

    def stop(self) -> None:
        """End it; a card that was there stays."""
        job = self._job
        self._number += 1
        self._end()
        if job > 0:
            self._parts.heavy.cancel(job)

    def _on_card(self, number: int, path: str, card: ReportCard) -> None:
        if number == self._number:
            self._end()
        if path == self.chosen:
            self.card = card
            self.card_changed.emit()

    def _on_failed(self, number: int, failed: Failed) -> None:
        if number == self._number:
            self._end()
            self.failed.emit(failed)

    def _end(self) -> None:
        self._job = 0
        self.running_changed.emit()

    def _read_card(self) -> None:
        raised, path = self._look.run, self.chosen
        self.card = None
        self.card_changed.emit()
        if raised is not None and path:
            self._behind.do(partial(read_card, raised, Path(path)), partial(self._on_read, path))

    def _on_read(self, path: str, card: ReportCard | None) -> None:
        if path == self.chosen and self.card is None and card is not None:
            self.card = card
            self.card_changed.emit()

    @Slot()
    def _on_run_changed(self) -> None:
        if self.is_running:
            self.stop()
        self.refresh()
