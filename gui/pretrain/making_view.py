"""A text while it is read and cleaned: how far it is and the time left, what is kept so far, what
each step dropped and why.
"""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from engine.process.messages import AnyEvent
from engine.process.pretrain_messages import CleaningTold
from gui.pretrain.cleaning_steps import CleaningSteps
from gui.pretrain.text_words import bytes_text, texts_text
from gui.pretrain.words import tr
from gui.staged.cards import Card, CardPage
from gui.staged.job_strip import JobStrip
from gui.theme import Theme
from gui.widgets.kinds import label


class MakingView(CardPage):
    """Shows what it hears of; stopping it is its owner's."""

    stopped = Signal()  # a person pressed Stop

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.title = label("", "title", wrap=True)
        self.strip = JobStrip(theme)
        self.kept = label("", "", wrap=True)
        self.card = Card(theme, tr("Cleaning"))
        self.steps = CleaningSteps(theme)
        words = tr("Click a step to see what it does, and examples of what it drops.")
        self.card.column.addWidget(label(words, "faint", wrap=True))
        self.card.column.addWidget(self.steps)
        for part in (self.title, self.strip, self.kept, self.card):
            self.column.addWidget(part)
        self.column.addStretch(1)

    def begin(self, name: str) -> None:
        """A text is being made."""
        self.title.setText(name)
        self.kept.setText("")
        self.steps.show_counts([])
        self.strip.begin(tr("Reading"), self.stopped.emit)

    @Slot(object)
    def hear(self, event: AnyEvent) -> None:
        """What comes while it is made."""
        self.strip.hear(event)
        if isinstance(event, CleaningTold):
            self.steps.show_counts(event.counts)
            texts, size = texts_text(event.n_documents), bytes_text(event.n_bytes)
            self.kept.setText(tr("{texts} kept so far, {size}").format(texts=texts, size=size))
