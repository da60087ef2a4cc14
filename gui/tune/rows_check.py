"""Has every row of the dataset put through the base's template, and keeps the answer in the state:
one for the room, found by `check_of`. Asked for by whoever shows what came of it.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.process.messages import AnyEvent, Failed
from engine.process.tune_messages import CheckDataset, Checked
from finetune.config import LearnFrom
from gui.tune.parts import TuneParts

SETTLE_MS = 250
# dataset, its edits, base, learn_from, max_length, validation
Key = tuple[str, int, str, LearnFrom, int, float]


class RowsCheck(QObject):
    """Attributes: failure (of the last check; None where it did not fail), is_running."""

    changed = Signal()  # began, ended, failed
    progressed = Signal(object)  # Progress

    def __init__(self, parts: TuneParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts, self._state = parts, parts.state
        self._job = 0
        self._key: Key | None = None  # of what is asked, was answered, or failed
        self.failure: Failed | None = None
        self._is_wanted = False
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self._ask)
        for signal in (self._state.dataset_changed, self._state.draft_changed):
            signal.connect(self._on_changed)

    @property
    def is_running(self) -> bool:
        return bool(self._job) or self._soon.isActive()

    def want(self) -> None:
        """What came of the check is looked at: check, where that was not done."""
        self._is_wanted = True
        if self._state.checked is None and not self.is_running and self.failure is None:
            self._ask()

    def let_be(self) -> None:
        """Nobody looks any more: changes from now on are checked when somebody does."""
        self._is_wanted = False

    def stop(self) -> None:
        """End the check that runs."""
        self._end_job()
        self._key = None
        self.changed.emit()

    def again(self) -> None:
        """Once more, after it failed or was stopped."""
        self.failure = None
        self._ask()

    def _key_now(self) -> Key | None:
        info, draft = self._state.dataset, self._state.draft
        if info is None or not info.id or not draft.base.path:
            return None
        share = draft.data.validation
        return (
            info.id,
            info.n_edits,
            draft.base.path,
            draft.data.learn_from,
            draft.train.max_length,
            share if isinstance(share, float) else 0.0,
        )

    @Slot()
    def _on_changed(self) -> None:
        if self._key_now() == self._key:
            return
        was_running = bool(self._job)
        self._end_job()
        self.failure = None
        if self._is_wanted:
            self._soon.start()
        if was_running:
            self.changed.emit()

    def _end_job(self) -> None:
        self._soon.stop()
        self._parts.worker.cancel(self._job)
        self._job = 0

    @Slot()
    def _ask(self) -> None:
        self._end_job()
        key = self._key = self._key_now()
        if key is None:
            return
        dataset, _, base, learn_from, max_length, validation = key
        self._job = self._parts.worker.ask(
            lambda job: CheckDataset(
                job=job,
                dataset=dataset,
                base=base,
                learn_from=learn_from,
                max_length=max_length,
                validation=validation,
            ),
            partial(self._on_checked, key),
            partial(self._on_failed, key),
            self._on_event,
        )
        self.changed.emit()

    def _on_event(self, event: AnyEvent) -> None:
        self.progressed.emit(event)

    def _on_checked(self, key: Key, checked: Checked) -> None:
        if key == self._key:
            self._job, self.failure = 0, None
            self._state.set_checked(checked)
            self.changed.emit()

    def _on_failed(self, key: Key, failed: Failed) -> None:
        if key == self._key:
            self._job, self.failure = 0, failed
            self.changed.emit()

    def close(self) -> None:
        """The window is closing."""
        self._is_wanted = False
        self._soon.stop()


def check_of(parts: TuneParts) -> RowsCheck:
    """The room's check, made when it is first asked for."""
    return parts.state.findChild(RowsCheck) or RowsCheck(parts, parts.state)
