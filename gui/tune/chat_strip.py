"""Chat with what was made: at a strength, alone or beside the base."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSlider, QWidget

from gui.chat.chat_settings import MAX_SCALE
from gui.chat.wheel_guard import WheelGuard
from gui.staged.cards import Card
from gui.theme import Theme
from gui.tune.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label

STEP = 0.05
SLIDER_PX = 140


class ChatStrip(Card):
    """Tells at which strength."""

    chat_asked = Signal(float, bool)  # strength, beside the base

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Chat with it"), parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(MAX_SCALE / STEP))
        self.slider.setValue(round(1.0 / STEP))
        self.slider.setPageStep(5)
        self.slider.setAccessibleName(tr("Strength"))
        self.slider.setToolTip(
            tr(
                "How strongly the adapter speaks: 1 is as trained, 0 is the base. It can be moved "
                "in the chat too."
            )
        )
        WheelGuard(self).watch(self.slider)
        self.value = label("", "mono")
        self.chat = button(tr("Chat with it"), "primary", tr("A new chat with base and adapter"))
        self.beside = button(
            tr("Beside the base"), "", tr("Two columns: every question goes to both")
        )
        row = FlowLayout()
        row.setSpacing(theme.px(10))
        self.strength_label = label(tr("Strength"), "dim")
        self.strength_label.setBuddy(self.slider)
        for part in (self.chat, self.beside, self.strength_label, self.slider, self.value):
            row.addWidget(part)
        self.column.addLayout(row)
        self.slider.valueChanged.connect(self._show)
        self.chat.clicked.connect(lambda: self.chat_asked.emit(self.strength, False))
        self.beside.clicked.connect(lambda: self.chat_asked.emit(self.strength, True))
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    @property
    def strength(self) -> float:
        return round(self.slider.value() * STEP, 2)

    def set_full(self, is_full: bool) -> None:
        """Whether every weight was taught: a model has no strength."""
        for part in (self.strength_label, self.slider, self.value):
            part.setVisible(not is_full)

    def set_strength(self, strength: float) -> None:
        self.slider.setValue(round(strength / STEP))

    @Slot()
    def _show(self) -> None:
        self.value.setText(f"{self.strength:.2f}")
        self.slider.setAccessibleDescription(self.value.text())

    @Slot()
    def _dress(self) -> None:
        self.slider.setFixedWidth(self.theme.px(SLIDER_PX))
