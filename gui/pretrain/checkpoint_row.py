"""Which checkpoint of the run is looked at: a choice, and the way to chat with it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QWidget

from gui.pretrain.raised_look import RaisedLook
from gui.pretrain.words import tr
from gui.run_record import Checkpoint
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import label


class CheckpointRow(QWidget):
    """The choice follows whoever chooses. `row` takes what else belongs beside it."""

    def __init__(self, theme: Theme, look: RaisedLook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._look = theme, look
        self.words = label(tr("Checkpoint"), "dim")
        self.choice = CalmComboBox(self)
        self.choice.setAccessibleName(tr("Checkpoint"))
        self.choice.setToolTip(
            tr("The model as it was at a step; the best is the one that foretells held-out text")
        )
        self.words.setBuddy(self.choice)
        self.row = FlowLayout(self)
        self.row.addWidget(self.words)
        self.row.addWidget(self.choice)
        self.choice.currentIndexChanged.connect(self._on_chosen)
        look.changed.connect(self.show_checkpoints)
        look.checkpoint_changed.connect(self.show_checkpoints)
        theme.changed.connect(self._dress)
        self._dress()
        self.show_checkpoints()

    @Slot()
    def show_checkpoints(self) -> None:
        """All there are, the chosen one on show."""
        best = self._look.best
        wanted = [(self._name(one.step, one.folder == best), one.folder) for one in self._found]
        shown = [(self.choice.itemText(n), self.choice.itemData(n)) for n in self._rows]
        with QSignalBlocker(self.choice):
            if wanted != shown:
                self.choice.clear()
                self.choice.add_choices([(name, data) for name, data in wanted])
            self.choice.choose(self._look.checkpoint)
        self.choice.setEnabled(bool(wanted))

    @property
    def _found(self) -> list[Checkpoint]:
        return self._look.checkpoints

    @property
    def _rows(self) -> range:
        return range(self.choice.count())

    def _name(self, step: int, is_best: bool) -> str:
        words = tr("step {step} · best") if is_best else tr("step {step}")
        return words.format(step=f"{step:,}")

    @Slot(int)
    def _on_chosen(self, _row: int) -> None:
        self._look.choose(str(self.choice.currentData() or ""))

    @Slot()
    def _dress(self) -> None:
        self.row.setSpacing(self._theme.px(10))
