"""What the room is about at the moment: the run that is being planned (the draft), and the run that
is looked at. Pages hear of changes here and know nothing of one another.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.process.tune_messages import BaseInfo, Calibration, Checked, DatasetInfo
from finetune.config import RunConfig, changed
from finetune.run.folder import RunFolder


class TuneState(QObject):
    """The draft is always there: a run that is started leaves it as it was, for the next one.

    Attributes: draft (its configuration), base (what its base is; None: not known yet), dataset
    (None: none chosen), checked (its rows as they will be learned; None: not known, or changed
    since), calibration (None: not measured, or the plan changed since), run (the run looked at;
    None: the draft), checkpoint (name of the checkpoint looked at, "" for the newest).
    """

    draft_changed = Signal()
    base_changed = Signal()
    dataset_changed = Signal()
    checked_changed = Signal()
    calibration_changed = Signal()
    run_chosen = Signal()
    checkpoint_chosen = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft = RunConfig()
        self.base: BaseInfo | None = None
        self.dataset: DatasetInfo | None = None
        self.checked: Checked | None = None
        self.calibration: Calibration | None = None
        self.run: RunFolder | None = None
        self.checkpoint = ""

    @property
    def config(self) -> RunConfig:
        """What is looked at: the chosen run's, else the draft."""
        return self.run.config() if self.run is not None else self.draft

    def change(self, **fields: Any) -> None:
        """Change the draft; names as "table__field"."""
        self.set_draft(changed(self.draft, **fields))

    def set_draft(self, draft: RunConfig) -> None:
        if draft == self.draft:
            return
        before, self.draft = self.draft, draft
        if pace_of(before) != pace_of(draft):
            self.set_calibration(None)
        if (before.base, before.data, before.train.max_length) != (
            draft.base,
            draft.data,
            draft.train.max_length,
        ):
            self.set_checked(None)
        self.draft_changed.emit()

    def set_base(self, base: BaseInfo | None) -> None:
        if base != self.base:
            self.base = base
            self.base_changed.emit()

    def set_dataset(self, dataset: DatasetInfo | None) -> None:
        if dataset != self.dataset:
            self.dataset = dataset
            self.set_checked(None)
            self.dataset_changed.emit()

    def set_checked(self, checked: Checked | None) -> None:
        if checked is not self.checked:
            self.checked = checked
            self.checked_changed.emit()

    def set_calibration(self, calibration: Calibration | None) -> None:
        if calibration is not self.calibration:
            self.calibration = calibration
            self.calibration_changed.emit()

    def choose_run(self, run: RunFolder | None) -> None:
        """Look at a run, or at the draft."""
        if run != self.run:
            self.run, self.checkpoint = run, ""
            self.run_chosen.emit()

    def choose_checkpoint(self, name: str) -> None:
        if name != self.checkpoint:
            self.checkpoint = name
            self.checkpoint_chosen.emit()


def pace_of(config: RunConfig) -> tuple[object, ...]:
    """All that a step's time and memory depend on; how many steps there are is not of it."""
    train, data = config.train, config.data
    length = (train.max_length, train.packing, data.learn_from)
    step = (train.method, train.batch, train.accumulate, train.precision, train.checkpointing)
    return config.base, data.path, config.lora, *length, *step
