"""Has the base read every row and tell how surprised it is by what it is to learn: odd rows show
themselves before anything is learned. Loads the model, so it is asked for by a button.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.process.messages import Failed
from engine.process.tune_messages import RowLosses, ScoreRows
from gui.staged.job_strip import JobStrip
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr


class LossReader(QObject):
    """One reading at a time, shown by a strip."""

    known = Signal()  # the dataset has its losses

    def __init__(self, desk: RowsDesk, strip: JobStrip, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._strip = desk, strip
        self._job = 0
        self._round = 0

    @property
    def is_running(self) -> bool:
        return self._strip.is_running

    def begin(self) -> None:
        """Read all rows of the dataset in use with the draft's base."""
        info, draft = self._desk.info, self._desk.parts.state.draft
        if info is None or not draft.base.path or self.is_running:
            return
        self._round += 1
        this = self._round

        def done(_losses: RowLosses) -> None:
            if this == self._round:
                self._end()
                self.known.emit()

        def failed(why: Failed) -> None:
            if this == self._round:
                self._end()
                self._desk.parts.context.notices.show_event(why)

        self._job = self._desk.parts.heavy.ask(
            lambda job: ScoreRows(
                job=job,
                dataset=info.id,
                base=draft.base.path,
                learn_from=draft.data.learn_from,
                max_length=draft.train.max_length,
            ),
            done,
            failed,
            self._strip.hear,
        )
        self._strip.begin(tr("Reading every row"), self.stop)

    def stop(self) -> None:
        """End it; what was read is not kept."""
        self._round += 1
        self._desk.parts.heavy.cancel(self._job)
        self._end()

    def _end(self) -> None:
        self._job = 0
        self._strip.end()
