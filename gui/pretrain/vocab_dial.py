"""How large a vocabulary may be: a dial over round sizes, and a field for any other."""

from __future__ import annotations

from bisect import bisect_left

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSlider, QSpinBox, QWidget

from gui.chat.wheel_guard import WheelGuard
from gui.pretrain.tokenizer_words import LEAST_VOCAB, MOST_VOCAB
from gui.pretrain.words import tr
from gui.theme import Theme

# Each about half as many again.
STOPS = (512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384, 24_576, 32_768)


class VocabDial(QWidget):
    """Both show the same number."""

    changed = Signal(int)  # a person chose another

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._guard = WheelGuard(self)
        self.slider, self.field = QSlider(Qt.Orientation.Horizontal), QSpinBox()
        self.slider.setRange(0, len(STOPS) - 1)
        self.slider.setPageStep(2)
        self.field.setRange(LEAST_VOCAB, MOST_VOCAB)
        self.field.setGroupSeparatorShown(True)
        self.field.setSingleStep(64)
        self.field.setKeyboardTracking(False)
        tip = tr("How many tokens there may be: more make texts shorter and the model wider")
        for part in (self.slider, self.field):
            part.setAccessibleName(tr("Vocabulary"))
            part.setToolTip(tip)
            self._guard.watch(part)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.slider, 1)
        self._row.addWidget(self.field)
        self.slider.valueChanged.connect(self._on_slider)
        self.field.valueChanged.connect(self._on_field)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def value(self) -> int:
        return self.field.value()

    def set_value(self, n_vocab: int) -> None:
        """Show a size without telling it as a change."""
        with QSignalBlocker(self.field), QSignalBlocker(self.slider):
            self.field.setValue(n_vocab)
            self.slider.setValue(min(len(STOPS) - 1, bisect_left(STOPS, n_vocab)))

    @Slot(int)
    def _on_slider(self, stop: int) -> None:
        with QSignalBlocker(self.field):
            self.field.setValue(STOPS[stop])
        self.changed.emit(STOPS[stop])

    @Slot(int)
    def _on_field(self, n_vocab: int) -> None:
        self.set_value(n_vocab)
        self.changed.emit(n_vocab)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._row.setSpacing(px(12))
        self.field.setFixedWidth(px(104))
        self.slider.setMinimumWidth(px(90))
