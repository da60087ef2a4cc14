"""Beside the run: its facts, parity, what can be done next, and its notes."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.run_record import RunRecord
from gui.staged.cards import Facts
from gui.staged.run_actions import RunActions
from gui.staged.run_notes import RunNotes
from gui.theme import Theme
from gui.tune.run_facts import parity_facts, parity_title, parity_tone, run_facts
from gui.tune.words import tr
from gui.widgets.kinds import button, caps, label


class RunDetails(QWidget):
    """Shows a record and tells what was asked for."""

    chat_asked = Signal(bool)  # chat with the checkpoint; beside the base too?
    result_asked = Signal()

    def __init__(self, theme: Theme, actions: RunActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.facts, self.parity = Facts(theme), Facts(theme)
        self.parity_heading = caps(tr("Parity"))
        self.cause = label("", "faint", wrap=True)
        self.chat = button("", "primary", tr("Load the base with this checkpoint’s adapter"))
        self.compare = button(
            tr("Compare with base"), "", tr("Ask the base and the checkpoint side by side")
        )
        self.result = button(tr("See the result"), "", tr("What came of the run (Alt+6)"))
        self.then_heading, self.notes_heading = caps(tr("Then")), caps(tr("Notes"))
        self.notes = RunNotes(theme, actions, self)
        self._column = QVBoxLayout(self)
        for part in (
            *(caps(tr("This run")), self.facts, self.parity_heading, self.parity, self.cause),
            *(self.then_heading, self.chat, self.compare, self.result),
            *(self.notes_heading, self.notes),
        ):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.chat.clicked.connect(lambda: self.chat_asked.emit(False))
        self.compare.clicked.connect(lambda: self.chat_asked.emit(True))
        self.result.clicked.connect(self.result_asked)
        theme.changed.connect(self._dress)
        self._dress()

    def set_record(self, record: RunRecord, checkpoint_step: int | None) -> None:
        """checkpoint_step: of the checkpoint looked at; None while there is none."""
        self.facts.set_facts(run_facts(record))
        self.parity.set_facts(parity_facts(record.parity))
        for place, one in enumerate(record.parity):
            self.parity.set_tone(2 * place, parity_tone(one))
        title = parity_title(record)
        self.parity_heading.setText(title.upper())
        self.parity_heading.setAccessibleName(title)
        causes = [one.cause for one in record.parity if one.cause]
        self.cause.setText("\n".join(causes))
        self.cause.setVisible(bool(causes))
        for part in (self.parity_heading, self.parity):
            part.setVisible(bool(record.parity))
        has_result = record.end is not None
        has_some = checkpoint_step is not None
        self.chat.setVisible(has_some)
        self.compare.setVisible(has_some)
        self.result.setVisible(has_result)
        self.then_heading.setVisible(has_some or has_result)
        if checkpoint_step is not None:
            words = tr("Chat with checkpoint {step}").format(step=f"{checkpoint_step:,}")
            self.chat.setText(words)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(14), px(16), px(16))
        self._column.setSpacing(px(8))
        for heading in (self.parity_heading, self.then_heading, self.notes_heading):
            heading.setContentsMargins(0, px(14), 0, 0)
