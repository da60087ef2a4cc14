"""The stages that the samplers take a distribution through, one below another: what each left and
how much probability it moved. One of them is looked at.
"""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QWidget

from engine.process.token_messages import Stage
from gui.theme import Theme
from gui.tokens.stage_facts import stage_name, stage_tip, stage_words
from gui.tokens.words import tr
from gui.widgets.plain_tip import plain_tip

_NAME = Qt.ItemDataRole.UserRole


class StageList(QListWidget):
    """Follows the stage that was chosen by its name while the settings change; the last one until
    a person chooses."""

    stage_chosen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._stages: list[Stage] = []
        self._wanted = ""
        self._is_whole = False
        self.setAccessibleName(tr("Stages of the samplers"))
        self.setToolTip(tr("What stands after each stage; the last is what a token is drawn from"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.currentRowChanged.connect(self._on_row_changed)

    @property
    def stage(self) -> Stage | None:
        """The one that is looked at."""
        row = self.currentRow()
        return self._stages[row] if 0 <= row < len(self._stages) else None

    def set_whole(self, is_whole: bool) -> None:
        """As tall as its stages, where what it stands in scrolls."""
        self._is_whole = is_whole
        self.updateGeometry()

    @property
    def all(self) -> list[Stage]:
        return list(self._stages)

    def set_stages(self, stages: list[Stage]) -> None:
        """Show others; the one looked at stays, where it is still there."""
        self._stages = stages
        with QSignalBlocker(self):
            while self.count() > len(stages):
                self.takeItem(self.count() - 1)
            while self.count() < len(stages):
                self.addItem(QListWidgetItem())
            for row, stage in enumerate(stages):
                self._fill(self.item(row), stage, stage_words(stages, row))
            names = [stage.name for stage in stages]
            at = names.index(self._wanted) if self._wanted in names else len(names) - 1
            self.setCurrentRow(at)
        self.updateGeometry()

    def _fill(self, item: QListWidgetItem, stage: Stage, words: str) -> None:
        name = stage_name(stage.name)
        item.setText(f"{name}\n{words}")
        item.setData(_NAME, stage.name)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}: {words}")
        item.setToolTip(plain_tip(stage_tip(stage.name)))

    def sizeHint(self) -> QSize:
        px = self._theme.px
        height = sum(self.sizeHintForRow(row) for row in range(self.count()))
        bar = self.verticalScrollBar().sizeHint().width()
        width = self.sizeHintForColumn(0) + bar if self.count() else 0
        return QSize(max(px(150), width), height + px(8))

    def minimumSizeHint(self) -> QSize:
        wanted = self.sizeHint()
        return wanted if self._is_whole else QSize(wanted.width(), self._theme.px(60))

    @Slot(int)
    def _on_row_changed(self, row: int) -> None:
        if 0 <= row < len(self._stages):
            self._wanted = self._stages[row].name
            self.stage_chosen.emit()
