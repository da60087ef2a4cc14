"""The fine-tuning that makes an assistant of a raised model: how far it is, and the ways to it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QProgressBar, QWidget

from finetune.run.state import RunSummary
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.staged.progress_words import header_words
from gui.staged.run_words import run_tip
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label, set_kind
from gui.widgets.plain_tip import plain_tip

FULL = 1_000


class TunedCard(Card):
    """Hidden while there is none."""

    chosen = Signal(str)  # a run's folder
    run_asked = Signal(str)  # look at it in Fine-tune
    chat_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("The fine-tuning"), parent)
        self._path = ""
        self.choice = CalmComboBox(self)
        self.choice.setAccessibleName(tr("Fine-tuning"))
        self.choice.setToolTip(tr("Which of those that began with this model"))
        self.bar = QProgressBar(self)
        self.bar.setRange(0, FULL)
        self.bar.setTextVisible(False)
        self.words = label("", "dim", wrap=True)
        self.run_button = button(tr("Look at it in Fine-tune"), "", tr("Its curve, its answers"))
        self.chat_button = button(
            tr("Chat with the assistant"), "primary", tr("A new chat with what came of it")
        )
        row = FlowLayout()
        row.setSpacing(theme.px(10))
        for part in (self.choice, self.chat_button, self.run_button):
            row.addWidget(part)
        self.column.addWidget(self.bar)
        self.column.addWidget(self.words)
        self.column.addLayout(row)
        self.choice.currentIndexChanged.connect(self._on_chosen)
        self.run_button.clicked.connect(lambda: self.run_asked.emit(self._path))
        self.chat_button.clicked.connect(lambda: self.chat_asked.emit(self._path))
        self.hide()

    def show_runs(self, runs: Sequence[RunSummary], run: RunSummary | None) -> None:
        """run: the one looked at."""
        self.setVisible(run is not None)
        if run is None:
            return
        self._path = run.path
        names = [(one.name, one.path) for one in runs]
        shown = range(self.choice.count())
        with QSignalBlocker(self.choice):
            if names != [(self.choice.itemText(n), self.choice.itemData(n)) for n in shown]:
                self.choice.clear()
                self.choice.add_choices([(name, path) for name, path in names])
            self.choice.choose(run.path)
        self.choice.setVisible(len(runs) > 1)
        self.title.setText(run.name)
        self.bar.setVisible(run.is_live)
        self.bar.setValue(round(FULL * run.fraction))
        self.bar.setAccessibleName(tr("How far it is"))
        is_bad = run.state in ("failed", "died")
        set_kind(self.words, "bad" if is_bad else "dim")
        words = header_words(run)
        self.words.setText(f"✗ {words}. {run.message}".strip() if is_bad else words)
        self.words.setToolTip(plain_tip(run_tip(run)))
        self.chat_button.setVisible(bool(run.product))

    @Slot(int)
    def _on_chosen(self, _row: int) -> None:
        self.chosen.emit(str(self.choice.currentData() or ""))
