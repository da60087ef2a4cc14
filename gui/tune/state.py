"""What the room is about at the moment: the run that is being planned (the draft), and the run that
is looked at. Pages hear of changes here and know nothing of one another.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.process.tune_messages import BaseInfo, Calibration, Checked, DatasetInfo
from finetune.config import RunConfig
from gui.staged.state import StagedState


class TuneState(StagedState[RunConfig]):
    """Attributes: base (what the draft's base is; None: not known yet), dataset (None: none
    chosen), checked (its rows as they will be learned; None: not known, or changed since),
    calibration (None: not measured, or the plan changed since).
    """

    base_changed = Signal()
    dataset_changed = Signal()
    checked_changed = Signal()
    calibration_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(RunConfig(), parent)
        self.base: BaseInfo | None = None
        self.dataset: DatasetInfo | None = None
        self.checked: Checked | None = None
        self.calibration: Calibration | None = None

    @property
    def config(self) -> RunConfig:
        """What is looked at: the chosen run's, else the draft."""
        return self.run.config() if self.run is not None else self.draft

    def forget(self, before: RunConfig, after: RunConfig) -> None:
        if pace_of(before) != pace_of(after):
            self.set_calibration(None)
        if (before.base, before.data, before.train.max_length) != (
            after.base,
            after.data,
            after.train.max_length,
        ):
            self.set_checked(None)

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


def pace_of(config: RunConfig) -> tuple[object, ...]:
    """All that a step's time and memory depend on; how many steps there are is not of it."""
    train, data = config.train, config.data
    length = (train.max_length, train.packing, data.learn_from)
    step = (train.method, train.batch, train.accumulate, train.precision, train.checkpointing)
    return config.base, data.path, config.lora, *length, *step
