"""The setting of biases: texts whose tokens are raised or lowered, a line each."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui import icons
from gui.chat.chat_settings import MAX_BIAS, MAX_ENTRIES
from gui.chat.setting_row import SettingRow
from gui.chat.wheel_guard import WheelGuard
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.kinds import button, icon_button

FIRST_BIAS = -5.0
STEP = 0.5


class BiasLine(QWidget):
    """One text and its number."""

    changed = Signal()
    removed = Signal(object)  # this line

    def __init__(self, theme: Theme, text: str, bias: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.text = QLineEdit(text)
        self.bias = QDoubleSpinBox()
        self.remove = icon_button(tr("Take this word out"))
        self._set_up(bias)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.text, 1)
        row.addWidget(self.bias)
        row.addWidget(self.remove)
        self.text.editingFinished.connect(self.changed)
        self.bias.valueChanged.connect(self.changed)
        self.remove.clicked.connect(lambda: self.removed.emit(self))
        theme.changed.connect(self._dress)
        self._dress()

    def _set_up(self, bias: float) -> None:
        self.text.setPlaceholderText(tr("a word"))
        self.text.setAccessibleName(tr("Text"))
        self.text.setToolTip(
            tr("Every token of this text is meant; a word inside a sentence begins with a space.")
        )
        self.bias.setRange(-MAX_BIAS, MAX_BIAS)
        self.bias.setSingleStep(STEP)
        self.bias.setDecimals(1)
        self.bias.setKeyboardTracking(False)
        self.bias.setValue(bias)
        self.bias.setAccessibleName(tr("Bias"))
        self.bias.setToolTip(
            tr("Added to the score before the choice: −100 never, 5 much more likely.")
        )
        WheelGuard(self).watch(self.bias)

    @Slot()
    def _dress(self) -> None:
        self.remove.setIcon(icons.icon("close", self._theme.palette.text_dim))
        self.bias.setFixedWidth(self._theme.px(78))


class BiasRows(SettingRow):
    """All lines, and a button for one more."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self.lines: list[BiasLine] = []
        super().__init__(theme, "logit_bias", parent)
        self._list = QWidget()
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        self.set_field(self._list, below=True, buddy=False)
        self.add = button(tr("Add a word"), "chip", tr("A further text to raise or lower"))
        self.head.addWidget(self.add)
        self.label.setBuddy(self.add)
        self.add.clicked.connect(self._on_add_clicked)

    def value(self) -> dict[str, float]:
        """What the lines say; an empty text says nothing yet."""
        return {one.text.text(): one.bias.value() for one in self.lines if one.text.text()}

    def set_value(self, value: dict[str, float]) -> None:
        if value == self.value():
            return
        for line in list(self.lines):
            self._drop(line)
        for text, bias in value.items():
            self._add(text, bias)
        self._show_check()

    def flush(self) -> None:
        for line in self.lines:
            if line.text.isModified():
                line.text.setModified(False)
                self._on_changed()

    def _add(self, text: str, bias: float) -> BiasLine:
        line = BiasLine(self.theme, text, bias)
        line.changed.connect(self._on_changed)
        line.removed.connect(self._on_removed)
        self.lines.append(line)
        self._rows.addWidget(line)
        return line

    def _drop(self, line: BiasLine) -> None:
        self.lines.remove(line)
        with QSignalBlocker(line.text):  # it tells that editing ended when it leaves
            line.hide()
            line.deleteLater()

    def _show_check(self) -> None:
        texts = [line.text.text() for line in self.lines if line.text.text()]
        twice = next((text for text in texts if texts.count(text) > 1), "")
        words = tr("“{text}” stands here twice; its last number counts.").format(text=twice)
        self.show_problem(words if twice else "")

    @Slot()
    def _on_add_clicked(self) -> None:
        if len(self.lines) < MAX_ENTRIES:
            self._add("", FIRST_BIAS).text.setFocus()

    @Slot()
    def _on_changed(self) -> None:
        self._show_check()
        self.changed.emit(self.value())

    @Slot(object)
    def _on_removed(self, line: BiasLine) -> None:
        self._drop(line)
        self._on_changed()
        self.add.setFocus()
