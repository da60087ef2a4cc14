"""One adapter of a chat: its name with a switch, its strength as a number and a slider, and what
the engine says against it.
"""

from pathlib import PurePath

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from engine.process.messages import Adapter
from gui import icons
from gui.chat.chat_settings import MAX_SCALE
from gui.chat.wheel_guard import WheelGuard
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.kinds import icon_button, label
from gui.widgets.plain_tip import plain_tip

STEP = 0.05
AS_TRAINED = 1.0
SPIN_PX = 48


class AdapterRow(QWidget):
    """Shows one adapter and tells what a person wants of it."""

    strength_changed = Signal(str, float)  # path, strength
    switched = Signal(str, bool)  # path, on or off
    remove_asked = Signal(str)  # path

    def __init__(self, theme: Theme, path: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.path = theme, path
        self.name = adapter_name(path)
        self.switch = QCheckBox()
        self.spin = QDoubleSpinBox()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.remove = icon_button(tr("Take “{name}” out of this chat").format(name=self.name))
        self.remove.setProperty("kind", "mark")
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self._set_up()
        self._lay_out()
        self._connect()
        self._dress()

    def show_adapter(self, scale: float, scale_off: float | None) -> None:
        """Show the strength; of one that is switched off, the strength it comes back with."""
        is_on = scale_off is None
        shown = scale if scale_off is None else scale_off
        with QSignalBlocker(self.switch), QSignalBlocker(self.spin), QSignalBlocker(self.slider):
            self.switch.setChecked(is_on)
            self.spin.setValue(shown)
            self.slider.setValue(round(shown / STEP))
        for part in (self.spin, self.slider):
            part.setEnabled(is_on)

    def show_problem(self, words: str) -> None:
        """What the engine says against the adapter, beside it; "" for nothing."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self.switch.setAccessibleDescription(words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.slider and event.type() == QEvent.Type.MouseButtonDblClick:
            self.spin.setValue(AS_TRAINED)
            return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_name()

    def _set_up(self) -> None:
        self.spin.setRange(0.0, MAX_SCALE)
        self.spin.setSingleStep(STEP)
        self.spin.setKeyboardTracking(False)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setProperty("kind", "flat")
        self.slider.setRange(0, round(MAX_SCALE / STEP))
        self.slider.setPageStep(round(0.25 / STEP))
        self.slider.installEventFilter(self)
        tip = tr(
            "How strongly the adapter changes the model: 1 is as trained, 0 is without it. "
            "Double-click sets 1. Holds from the next reply on."
        )
        for part in (self.spin, self.slider):
            part.setToolTip(tip)
            part.setAccessibleName(tr("Strength of {name}").format(name=self.name))
            WheelGuard(self).watch(part)
        self.switch.setAccessibleName(tr("Adapter {name}").format(name=self.name))
        tip = tr("Switch the adapter on or off.\n{path}").format(path=self.path)
        self.switch.setToolTip(plain_tip(tip))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.switch, 1)
        row.addWidget(self.spin)
        row.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.slider)
        column.addWidget(self.problem)

    def _connect(self) -> None:
        self.spin.valueChanged.connect(self._on_spin_changed)
        self.slider.valueChanged.connect(self._on_slider_changed)
        self.switch.toggled.connect(lambda is_on: self.switched.emit(self.path, is_on))
        self.remove.clicked.connect(lambda: self.remove_asked.emit(self.path))
        self._theme.changed.connect(self._dress)

    @Slot(float)
    def _on_spin_changed(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(value / STEP))
        self.strength_changed.emit(self.path, round(value, 2))

    @Slot(int)
    def _on_slider_changed(self, steps: int) -> None:
        with QSignalBlocker(self.spin):
            self.spin.setValue(steps * STEP)
        self.strength_changed.emit(self.path, round(self.spin.value(), 2))

    @Slot()
    def _dress(self) -> None:
        self.remove.setIcon(icons.icon("close", self._theme.palette.text_faint))
        self.spin.setFixedWidth(self._theme.px(SPIN_PX))
        self._show_name()

    def _show_name(self) -> None:
        """As much of the name as there is room for; a long one must not widen the pane."""
        room = self.width() - self.spin.width() - self.remove.sizeHint().width()
        room -= self._theme.px(36)
        metrics = self.switch.fontMetrics()
        text = metrics.elidedText(self.name, Qt.TextElideMode.ElideMiddle, max(room, 24))
        self.switch.setText(text.replace("&", "&&"))
        self.switch.setMinimumWidth(1)


def adapter_name(path: str) -> str:
    """What an adapter is called: its file's name."""
    return PurePath(path).stem


def with_strength(adapters: list[Adapter], path: str, scale: float) -> list[Adapter]:
    """The adapters with one at another strength."""
    return [Adapter(one.path, scale if one.path == path else one.scale) for one in adapters]
