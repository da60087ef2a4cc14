"""A number with its name, a value that can be typed and a slider, as in the details pane."""

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QSlider, QWidget

from gui.chat.chat_settings import RANGES
from gui.chat.setting_row import SettingRow
from gui.chat.wheel_guard import WheelGuard
from gui.theme import Theme

SPIN_PX = 64


class NumberField(SettingRow):
    """Name at the left, value at the right, slider below; both ways of setting it agree."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        self._bounds = RANGES[name]
        self.spin = QDoubleSpinBox()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        super().__init__(theme, name, parent)
        self._set_up()
        self.set_field(self.slider, below=True, buddy=False)
        self.set_field(self.spin)
        guard = WheelGuard(self)
        guard.watch(self.spin)
        guard.watch(self.slider)
        self.body.setSpacing(0)
        self.spin.valueChanged.connect(self._on_spin_changed)
        self.slider.valueChanged.connect(self._on_slider_changed)

    def value(self) -> float:
        return self.spin.value()

    def set_value(self, value: float) -> None:
        with QSignalBlocker(self.spin), QSignalBlocker(self.slider):
            self.spin.setValue(value)
            self.slider.setValue(self._steps(value))

    def _set_up(self) -> None:
        bounds = self._bounds
        self.spin.setDecimals(bounds.decimals)
        self.spin.setRange(bounds.low, bounds.high)
        self.spin.setSingleStep(bounds.step)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setProperty("kind", "flat")
        self.spin.setKeyboardTracking(False)
        self.slider.setRange(0, self._steps(bounds.high))
        self.slider.setPageStep(max(1, self._steps(bounds.high) // 10))

    def _steps(self, value: float) -> int:
        return round((value - self._bounds.low) / self._bounds.step)

    def _tell(self) -> None:
        decimals = self._bounds.decimals
        value = self.spin.value()
        self.changed.emit(round(value, decimals) if decimals else int(value))

    @Slot(float)
    def _on_spin_changed(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._steps(value))
        self._tell()

    @Slot(int)
    def _on_slider_changed(self, steps: int) -> None:
        with QSignalBlocker(self.spin):
            self.spin.setValue(self._bounds.low + steps * self._bounds.step)
        self._tell()

    def _dress(self) -> None:
        super()._dress()
        self.spin.setFixedWidth(self.theme.px(SPIN_PX))
