"""One column: what answers (model, temperature, seed, adapters), its conversation, and "Keep this".
Draws what it is told; emits wishes.
"""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.process.messages import ModelInfo
from gui.chat.chat_settings import MAX_SEED
from gui.chat.columns.column_state import ColumnSettings
from gui.chat.words import model_label, tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import button, icon_button, label
from gui.widgets.transcript import Transcript

AS_CHAT = -0.05


class ColumnView(QFrame):
    """A transcript under a small head."""

    settings_changed = Signal(object)  # ColumnSettings, as a person left them
    keep_requested = Signal()
    remove_requested = Signal()

    def __init__(self, theme: Theme, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model = CalmComboBox()
        self.temperature = QDoubleSpinBox()
        self.seed = QSpinBox()
        self.adapters = QCheckBox(tr("Adapters"))
        self.keep = button(tr("Keep this"), "chip", tr("Make this column the chat's branch"))
        self.remove = icon_button(tr("Take this column away"))
        self.status = label("", "faint")
        self.transcript = Transcript(theme, self)
        self._number = number
        self._set_up()
        self._lay_out()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # ---- what it is told ----

    def set_models(self, room_model: str, models: Sequence[ModelInfo]) -> None:
        """What can answer: the room's model first, then the others of the library."""
        blocker = QSignalBlocker(self.model)
        chosen = self.model.currentData()
        self.model.clear()
        self.model.addItem(room_model, "")
        for model in models:
            self.model.addItem(model_label(model), model.path)
        self.model.setCurrentIndex(max(0, self.model.findData(chosen)))
        blocker.unblock()

    def set_settings(self, own: ColumnSettings, *, has_adapters: bool) -> None:
        """Show a column's settings, without telling them as a change."""
        parts = (self.model, self.temperature, self.seed, self.adapters)
        blockers = [QSignalBlocker(part) for part in parts]
        self.model.setCurrentIndex(max(0, self.model.findData(own.model_path)))
        self.temperature.setValue(AS_CHAT if own.temperature is None else own.temperature)
        self.seed.setValue(-1 if own.seed is None else own.seed)
        self.adapters.setChecked(own.has_adapters)
        self.adapters.setVisible(has_adapters)
        for blocker in blockers:
            blocker.unblock()

    def settings(self) -> ColumnSettings:
        temperature, seed = self.temperature.value(), self.seed.value()
        return ColumnSettings(
            model_path=self.model.currentData() or "",
            temperature=None if temperature < 0 else round(temperature, 2),
            seed=None if seed < 0 else seed,
            has_adapters=self.adapters.isChecked(),
        )

    def set_status(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    # ---- making ----

    def _set_up(self) -> None:
        number = self._number
        self.setAccessibleName(tr("Column {n}").format(n=number))
        self.model.setAccessibleName(tr("Model of column {n}").format(n=number))
        self.model.setToolTip(tr("Which model answers in this column"))
        self.temperature.setRange(AS_CHAT, 2.0)
        self.temperature.setSingleStep(0.05)
        self.temperature.setSpecialValueText(tr("as the chat"))
        self.temperature.setPrefix("T ")
        self.temperature.setAccessibleName(tr("Temperature of column {n}").format(n=number))
        self.temperature.setToolTip(
            tr("How daring the choice of words is in this column; lowest: as the chat's setting")
        )
        self.seed.setRange(-1, MAX_SEED)
        self.seed.setSpecialValueText(tr("seed: any"))
        self.seed.setAccessibleName(tr("Seed of column {n}").format(n=number))
        self.seed.setToolTip(tr("The same seed and settings draw the same words"))
        self.adapters.setToolTip(tr("Whether the chat's adapters are on in this column"))
        for part in (self.temperature, self.seed):
            part.setKeyboardTracking(False)
        self.model.currentIndexChanged.connect(self._on_changed)
        self.temperature.valueChanged.connect(self._on_changed)
        self.seed.valueChanged.connect(self._on_changed)
        self.adapters.toggled.connect(self._on_changed)
        self.keep.clicked.connect(self.keep_requested)
        self.remove.clicked.connect(self.remove_requested)

    def _lay_out(self) -> None:
        self.setObjectName("column")
        top, second = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.model, 1)
        top.addWidget(self.remove)
        for part in (self.temperature, self.seed, self.adapters):
            second.addWidget(part)
        second.addStretch(1)
        second.addWidget(self.keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 4)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addLayout(second)
        layout.addWidget(self.status)
        layout.addWidget(self.transcript, 1)
        self.model.setMinimumContentsLength(8)
        self.model.setSizeAdjustPolicy(
            CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.set_status("")
        QLabel.setAlignment(self.status, Qt.AlignmentFlag.AlignLeft)

    # ---- slots ----

    @Slot()
    def _on_changed(self) -> None:
        self.settings_changed.emit(self.settings())

    @Slot()
    def _on_theme_changed(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self.remove.setIcon(icon("close", palette.text_dim))
        self.temperature.setFixedWidth(px(104))
        self.seed.setFixedWidth(px(96))
        self.setMinimumWidth(px(240))
        self.setStyleSheet(f"#column {{ border: none; border-right: 1px solid {palette.line}; }}")
