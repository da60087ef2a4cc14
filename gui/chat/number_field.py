"""A number with its name, a value that can be typed and a slider, as in the details pane."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from gui.chat.chat_settings import Range


class NumberField(QWidget):
    """Name at the left, value at the right, slider below; both ways of setting it agree.

    Args:
        name: visible name, which is also what a screen reader says.
        tip: one sentence that teaches the term.
    """

    value_changed = Signal(float)

    def __init__(self, name: str, tip: str, bounds: Range, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bounds = bounds
        self.label = QLabel(name, self)
        self.spin = QDoubleSpinBox(self)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self._set_up_spin(name)
        self._set_up_slider(name)
        self._lay_out()
        for part in (self, self.label, self.spin, self.slider):
            part.setToolTip(tip)
        self.spin.valueChanged.connect(self._on_spin_changed)
        self.slider.valueChanged.connect(self._on_slider_changed)

    def value(self) -> float:
        return self.spin.value()

    def set_value(self, value: float) -> None:
        """Show a value without telling it as a change."""
        with QSignalBlocker(self.spin), QSignalBlocker(self.slider):
            self.spin.setValue(value)
            self.slider.setValue(self._steps(value))

    def _set_up_spin(self, name: str) -> None:
        bounds = self._bounds
        self.spin.setDecimals(bounds.decimals)
        self.spin.setRange(bounds.low, bounds.high)
        self.spin.setSingleStep(bounds.step)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setProperty("kind", "flat")
        self.spin.setKeyboardTracking(False)
        self.spin.setAccessibleName(name)
        self.label.setBuddy(self.spin)

    def _set_up_slider(self, name: str) -> None:
        bounds = self._bounds
        self.slider.setRange(0, self._steps(bounds.high))
        self.slider.setPageStep(max(1, self._steps(bounds.high) // 10))
        self.slider.setAccessibleName(name)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.label, 1)
        top.addWidget(self.spin)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.slider)

    def _steps(self, value: float) -> int:
        return round((value - self._bounds.low) / self._bounds.step)

    @Slot(float)
    def _on_spin_changed(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._steps(value))
        self.value_changed.emit(value)

    @Slot(int)
    def _on_slider_changed(self, steps: int) -> None:
        value = self._bounds.low + steps * self._bounds.step
        with QSignalBlocker(self.spin):
            self.spin.setValue(value)
        self.value_changed.emit(self.spin.value())
