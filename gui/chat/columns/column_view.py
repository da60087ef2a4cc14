"""One column: which model answers, how it is set, its conversation, and "Keep this". Draws what it
is told; emits wishes.
"""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from engine.process.messages import ModelInfo
from gui.chat.chat_settings import ChatSettings
from gui.chat.columns.column_panel import ColumnPanel
from gui.chat.columns.column_state import ColumnSettings
from gui.chat.default_words import value_text, values_text
from gui.chat.preset_folder import Listing
from gui.chat.setting_words import setting_words
from gui.chat.words import file_label, model_label, tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import button, icon_button, label
from gui.widgets.plain_tip import plain_tip
from gui.widgets.transcript import Transcript

NARROWEST_PX = 172
NARROW_PX = 250  # below, the buttons have fewer words
LEAST_CHIP_PX = 72


class ColumnView(QFrame):
    """A transcript under a small head."""

    settings_changed = Signal(object)  # ColumnSettings, as a person left them
    keep_requested = Signal()
    remove_requested = Signal()

    def __init__(self, theme: Theme, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._number = theme, number
        self._chat, self._own = ChatSettings(), ColumnSettings()
        self._has_adapters = False
        self.model = ElidedCombo()
        self.chip = WideChip()
        self.panel = ColumnPanel(theme, number, self)
        self.keep = button(tr("Keep this"), "chip", tr("Make this column the chat's branch"))
        self.remove = icon_button(tr("Take column {n} away").format(n=number))
        self.status = label("", "faint", wrap=True)
        self.transcript = Transcript(theme)  # Tab comes to it last, as the eye does
        self._set_up()
        self._lay_out()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # ---- what it is told ----

    def set_models(self, room_model: str, models: Sequence[ModelInfo]) -> None:
        """What can answer: the room's model first, then the others of the library."""
        names = [model.name for model in models]
        with QSignalBlocker(self.model):
            self.model.clear()
            self.model.addItem(room_model, "")
            for model in models:
                has_twin = names.count(model.name) > 1 or room_model.startswith(model.name)
                file = f" · {Path(model.path).name}" if has_twin else ""
                self.model.addItem(model_label(model) + file, model.path)
                last = self.model.count() - 1
                self.model.setItemData(last, plain_tip(model.path), Qt.ItemDataRole.ToolTipRole)
            self._show_model()

    def set_settings(self, own: ColumnSettings, chat: ChatSettings) -> None:
        """Show a column's settings over the chat's, without telling them as a change."""
        self._own, self._chat = own, chat
        with QSignalBlocker(self.model):
            self._show_model()
        self.panel.set_settings(own, chat)
        self.chip.set_words(_own_text(own, is_short=True))
        words = _own_text(own)
        self.chip.setToolTip(
            tr("How this column is set: {words}. Click to change it.").format(words=words)
        )
        self.chip.setAccessibleName(
            tr("Settings of column {n}: {words}").format(n=self._number, words=words)
        )

    def set_presets(self, listing: Listing) -> None:
        self.panel.set_presets(listing)

    def set_status(self, text: str, tip: str = "") -> None:
        """A line below the settings, "" for none."""
        self.status.setText(text)
        self.status.setToolTip(tip)
        self.status.setVisible(bool(text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < self._theme.px(NARROW_PX)
        self.keep.setText(tr("Keep") if is_narrow else tr("Keep this"))

    def _show_model(self) -> None:
        path = self._own.model_path
        if path and self.model.findData(path) < 0:
            self.model.addItem(file_label(path), path)  # not listed yet, or not any more
        self.model.choose(path)
        words = tr("Which model answers in this column: {name}")
        self.model.setToolTip(words.format(name=self.model.currentText()))

    # ---- making ----

    def _set_up(self) -> None:
        number = self._number
        self.setAccessibleName(tr("Column {n}").format(n=number))
        self.transcript.setAccessibleName(tr("Conversation of column {n}").format(n=number))
        self.model.setAccessibleName(tr("Model of column {n}").format(n=number))
        self.keep.setAccessibleName(tr("Keep column {n}").format(n=number))
        self.model.currentIndexChanged.connect(self._on_model_chosen)
        self.chip.clicked.connect(self._on_chip_clicked)
        self.panel.changed.connect(self.settings_changed)
        self.keep.clicked.connect(self.keep_requested)
        self.remove.clicked.connect(self.remove_requested)

    def _lay_out(self) -> None:
        self.setObjectName("column")
        top, second = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.model, 1)
        top.addWidget(self.remove)
        second.setSpacing(6)
        second.addWidget(self.chip, 1)
        second.addWidget(self.keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 4)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addLayout(second)
        layout.addWidget(self.status)
        layout.addWidget(self.transcript, 1)
        self.model.setMinimumContentsLength(4)
        self.model.setSizeAdjustPolicy(
            CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.set_status("")

    # ---- slots ----

    @Slot(int)
    def _on_model_chosen(self, _index: int) -> None:
        self.settings_changed.emit(self._own.with_model(self.model.currentData() or ""))

    @Slot()
    def _on_chip_clicked(self) -> None:
        self.panel.show_below(self.chip)

    @Slot()
    def _on_theme_changed(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self.remove.setIcon(icon("close", palette.text_dim))
        self.chip.setIcon(icon("sliders", palette.text_dim))
        self.chip.setMinimumWidth(px(LEAST_CHIP_PX))
        self.setMinimumWidth(px(NARROWEST_PX))
        self.setStyleSheet(f"#column {{ border: none; border-right: 1px solid {palette.line}; }}")


class WideChip(QPushButton):
    """A button as wide as there is room, whose words are cut where they do not fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.setProperty("kind", "chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_words(self, words: str) -> None:
        self._words = words
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(LEAST_CHIP_PX, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().horizontalAdvance(self.text().replace("&&", "&"))
        around = min(super().sizeHint().width() - shown, 3 * self.iconSize().width() + 8)
        room = max(0, self.width() - around)
        cut = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        self.setText(cut.replace("&", "&&"))


class ElidedCombo(CalmComboBox):
    """A combo box that cuts the words of its entry where they do not fit, and lists them whole."""

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(control, option, part, self).width() - 2
        mode = Qt.TextElideMode.ElideRight
        option.currentText = self.fontMetrics().elidedText(option.currentText, mode, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(control, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def showPopup(self) -> None:
        view = self.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 24)
        super().showPopup()


def _own_text(own: ColumnSettings, *, is_short: bool = False) -> str:
    """What is set otherwise than in the chat, in one line."""
    words = [str(own.values.get("preset", ""))]
    for name, value in own.values.items():
        if name == "temperature" and is_short:
            words.append(tr("T {value}").format(value=value_text(name, value)))
        elif name != "preset":
            is_number = value is None or isinstance(value, int | float)
            words.append(values_text({name: value}) if is_number else setting_words(name)[0])
    if not own.has_adapters and not own.model_path:
        words.append(tr("no adapters"))
    nothing = tr("Settings") if is_short else tr("as the chat")
    return " · ".join(word for word in words if word) or nothing
