"""Beside a model that is being raised: its facts, its checkpoints, what can be done next, a lesson,
notes.
"""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.pretrain.checkpoint_lines import CheckpointLines
from gui.pretrain.raising_words import parity_facts, raised_facts
from gui.pretrain.text_details import Lesson
from gui.pretrain.words import tr
from gui.run_record import Checkpoint, RunRecord
from gui.staged.cards import Facts
from gui.staged.run_actions import RunActions
from gui.staged.run_notes import RunNotes
from gui.theme import Theme
from gui.widgets.kinds import button, caps


class RaisingDetails(QWidget):
    """Shows a record and tells what was asked for."""

    next_asked = Signal(str)  # key of the page to go to

    def __init__(self, theme: Theme, actions: RunActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.facts = Facts(theme)
        self.checkpoints = CheckpointLines(theme)
        self.bench = button(tr("What it can do"), "", tr("The base-model bench (Alt+5)"))
        self.assistant = button(
            tr("To assistant"), "", tr("Teach it to answer, with conversations (Alt+6)")
        )
        self.lesson = Lesson(
            tr(
                "Training only ever does one thing: nudge every weight so that the token that "
                "really came next gets a little more probability."
            )
        )
        self.notes = RunNotes(theme, actions, self)
        self.parity = Facts(theme)
        names = (tr("Checkpoints"), tr("Parity"), tr("Then"), tr("Notes"))
        self._headings = [caps(name) for name in names]
        checkpoints, self._parity, self._then, notes = self._headings
        self._column = QVBoxLayout(self)
        for part in (
            *(caps(tr("This model")), self.facts, checkpoints, self.checkpoints),
            *(self._parity, self.parity),
            *(self._then, self.bench, self.assistant, self.lesson, notes, self.notes),
        ):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.bench.clicked.connect(lambda: self.next_asked.emit("bench"))
        self.assistant.clicked.connect(lambda: self.next_asked.emit("assistant"))
        theme.changed.connect(self._dress)
        self._dress()

    def set_record(self, record: RunRecord, looked_at: Checkpoint | None) -> None:
        """looked_at: the checkpoint of the moment that is looked at."""
        self.facts.set_facts(raised_facts(record))
        self.look_at(record, looked_at)
        self.parity.set_facts(parity_facts(record.parity))
        for part in (self._parity, self.parity):
            part.setVisible(bool(record.parity))

    def look_at(self, record: RunRecord, looked_at: Checkpoint | None) -> None:
        """Another moment of the same record."""
        self.checkpoints.show_checkpoints(record.checkpoints, looked_at)

    def show_next(self, keys: set[str]) -> None:
        """Which pages there are to go on to."""
        self.bench.setVisible("bench" in keys)
        self.assistant.setVisible("assistant" in keys)
        self._then.setVisible(bool(keys & {"bench", "assistant"}))

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(14), px(16), px(16))
        self._column.setSpacing(px(8))
        for part in (*self._headings, self.lesson):
            part.setContentsMargins(0, px(14), 0, 0)
