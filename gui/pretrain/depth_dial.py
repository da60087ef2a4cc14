"""The one dial of a model's size, from a sketch to GPT-2, with what the position means in words."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from finetune.pretraining.config import MAX_DEPTH
from gui.chat.wheel_guard import WheelGuard
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.kinds import label


class DepthDial(Card):
    """Shows and tells a depth."""

    changed = Signal(int)  # a person chose another

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "", parent)
        self.setAccessibleName(tr("Depth"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, MAX_DEPTH)
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.NoTicks)
        self.slider.setAccessibleName(tr("Depth"))
        self.slider.setToolTip(
            tr(
                "How many layers the model has, one after the other. Width, heads, batch, learning "
                "rates and the budget of tokens follow; each can be changed below"
            )
        )
        WheelGuard(self).watch(self.slider)
        self.words = label("", "dim", wrap=True)
        ends = QHBoxLayout()
        self._ends = (label(tr("1: a sketch"), "faint"), label(tr("12: GPT-2"), "faint"))
        ends.addWidget(self._ends[0])
        ends.addStretch(1)
        ends.addWidget(self._ends[1])
        self.column.addWidget(self.slider)
        self.column.addLayout(ends)
        self.column.addWidget(self.words)
        self.slider.valueChanged.connect(self._on_moved)

    @property
    def value(self) -> int:
        return self.slider.value()

    def show_depth(self, depth: int, note: str) -> None:
        """Show a depth without telling it as a change. note: what it comes to, in short."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(depth)
        self.title.setText(tr("Depth {n}").format(n=depth))
        self.note.setText(note)
        self.words.setText(depth_words(depth))
        self.slider.setAccessibleDescription(f"{self.title.text()}. {note}")

    @Slot(int)
    def _on_moved(self, depth: int) -> None:
        self.changed.emit(depth)


def depth_words(depth: int) -> str:
    """What a model of that depth can become."""
    if depth <= 2:
        return tr("A sketch: it learns letters, words and short turns of phrase while you watch.")
    if depth <= 4:
        return tr("Enough for the simple stories: sound sentences, and who put what where.")
    if depth <= 6:
        return tr("For a longer text: sentences that hold together, if its budget is given to it.")
    if depth <= 9:
        return tr("A small language model: for a strong machine, and for much text.")
    if depth < MAX_DEPTH:
        return tr("Nearly GPT-2: for machines with graphics cards, and for gigabytes of text.")
    return tr(
        "GPT-2 as OpenAI trained it in 2019: 124 million parameters with its own vocabulary of "
        "50,257, and 10 billion tokens of text."
    )
