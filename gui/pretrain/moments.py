"""The moments of a run that can be looked at again, and a slider that goes through them: from noise
to the newest.
"""

from __future__ import annotations

from bisect import bisect_right

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from gui.chat.wheel_guard import WheelGuard
from gui.pretrain.words import tr
from gui.run_record import Checkpoint, RunRecord
from gui.theme import Theme
from gui.widgets.kinds import label


def moments_of(record: RunRecord) -> list[int]:
    """Steps at which something was told or kept: samples, next tokens, checkpoints."""
    places = (one.step for one in record.next_tokens)
    saved = (one.step for one in record.checkpoints)
    return sorted({*places, *saved, *record.sample_steps})


class MomentSlider(QWidget):
    """The time machine. It follows the newest moment until a person moves it."""

    chosen = Signal(int)  # the step that is looked at

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._steps: list[int] = []
        self._saved: tuple[Checkpoint, ...] = ()
        self._follows = True
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(tr("Moment"))
        self.slider.setToolTip(
            tr("The time machine: from the first noise to the newest. Left and Right go through it")
        )
        self.slider.setPageStep(1)
        WheelGuard(self).watch(self.slider)
        self.words = label("", "dim")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slider, 1)
        row.addWidget(self.words)
        self.slider.valueChanged.connect(self._on_moved)

    @property
    def step(self) -> int:
        """The one looked at; 0 while there is none."""
        return self._steps[self.slider.value()] if self._steps else 0

    def set_record(self, record: RunRecord, *, is_other: bool = False) -> None:
        """is_other: another run than before."""
        if is_other:
            self._follows = True
        before = self.step
        self._steps, self._saved = moments_of(record), record.checkpoints
        newest = len(self._steps) - 1
        kept = bisect_right(self._steps, before) - 1
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, newest))
            self.slider.setValue(max(0, newest if self._follows else kept))
        self.setVisible(bool(self._steps))
        self._show()

    def choose(self, step: int) -> None:
        """Look at a moment, or at the last before it."""
        if self._steps:
            self.slider.setValue(max(0, bisect_right(self._steps, step) - 1))

    def checkpoint(self) -> Checkpoint | None:
        """What was kept at the moment looked at, or last before it."""
        before = [one for one in self._saved if one.step <= self.step]
        return before[-1] if before else None

    def _show(self) -> None:
        words = tr("step {step}").format(step=f"{self.step:,}")
        self.words.setText(words)
        self.slider.setAccessibleDescription(words)

    @Slot(int)
    def _on_moved(self, value: int) -> None:
        self._follows = value == len(self._steps) - 1
        self._show()
        self.chosen.emit(self.step)
