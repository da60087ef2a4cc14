"""A text that is chosen: what one will get of it, whether it is enough, what the cleaning did, and
the texts themselves to read.
"""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.process.pretrain_messages import CorpusInfo
from gui.icons import icon
from gui.pretrain.cleaning_steps import CleaningSteps
from gui.pretrain.text_desk import CorpusDesk
from gui.pretrain.text_reader import TextReader
from gui.pretrain.text_words import bytes_text, gain_of, kept_share
from gui.pretrain.words import tr
from gui.staged.cards import Card, CardPage
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, label


class CorpusView(CardPage):
    """Cards below one another."""

    another_asked = Signal()  # choose another text

    def __init__(self, theme: Theme, desk: CorpusDesk, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._desk = desk
        self.info: CorpusInfo | None = None
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of the text"))
        self.name.setToolTip(tr("What you call this text; Enter keeps another name"))
        self.another = button(
            tr("Another text…"), "", tr("Choose or bring another text; this one stays")
        )
        self.delete = button(tr("Delete"), "quiet", tr("Put this text into the bin"))
        self.gain = Card(theme, "")
        self.gain_words = label("", "dim", wrap=True)
        self.warning = label("", "warn", wrap=True)
        for part in (self.gain_words, self.warning):
            self.gain.column.addWidget(part)
        self.cleaned = Card(theme, tr("Cleaning"))
        self.steps = CleaningSteps(theme)
        self.cleaned.column.addWidget(self.steps)
        self.read = Card(theme, tr("The texts"))
        self.reader = TextReader(theme, desk)
        self.read.column.addWidget(self.reader)
        self._lay_out()
        self.name.editingFinished.connect(self._on_name)
        self.another.clicked.connect(self.another_asked)
        self.delete.clicked.connect(self._on_delete)
        theme.changed.connect(self._dress_more)
        self._dress_more()

    def _lay_out(self) -> None:
        pane = FlowPane()
        self._flow = FlowLayout(pane)
        for one in (self.name, self.another, self.delete):
            self._flow.addWidget(one)
        for part in (pane, self.gain, self.cleaned, self.read):
            self.column.addWidget(part)
        self.column.addStretch(1)

    def show_corpus(self, info: CorpusInfo | None) -> None:
        """Show a text; None: there is none."""
        self.info = info
        self.reader.show_corpus(info.id if info is not None else "")
        if info is None:
            return
        if not self.name.hasFocus():
            self.name.setText(info.name)
        gain = gain_of(info)
        self.gain.title.setText(gain.title)
        self.gain.setAccessibleName(gain.title)
        self.gain_words.setText(gain.words)
        self.warning.setText("\n".join(info.warnings))
        self.warning.setVisible(bool(info.warnings))
        self.steps.show_counts(info.cleaning)
        share = kept_share(info.cleaning, info.n_bytes) * 100
        size = bytes_text(info.n_bytes)
        self.cleaned.note.setText(
            tr("{size} kept, {share} % of what came").format(size=size, share=f"{share:.0f}")
        )

    @Slot()
    def _on_name(self) -> None:
        name = " ".join(self.name.text().split())
        if self.info is None or name == self.info.name:
            return
        if name:
            self._desk.rename(self.info, name)
        else:
            self.name.setText(self.info.name)

    @Slot()
    def _on_delete(self) -> None:
        if self.info is not None:
            self._desk.delete(self.info)

    @Slot()
    def _dress_more(self) -> None:
        px = self._theme.px
        self._flow.setSpacing(px(8))
        self.name.setFixedWidth(px(220))
        self.delete.setIcon(icon("trash", self._theme.palette.text_dim))
