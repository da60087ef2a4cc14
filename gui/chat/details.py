"""The right pane of the chat room: how full the context is, and how this chat's replies are drawn.

Holds the settings of the chat on show as one value; says when a person changed it.
"""

from typing import get_args

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.process.messages import Overflow
from gui.chat.chat_settings import (
    MAX_REPLY_TOKENS,
    MAX_SEED,
    NO_LIMIT,
    RANGES,
    ChatSettings,
)
from gui.chat.context_meter import ContextMeter
from gui.chat.number_field import NumberField
from gui.chat.setting_words import setting_words
from gui.chat.wheel_guard import WheelGuard
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import caps

TYPING_MS = 300


class DetailsPane(QScrollArea):
    """Context meter, sampling, reply length, seed, system prompt, overflow, Reset."""

    settings_changed = Signal(object)  # ChatSettings, as a person left them

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._settings = ChatSettings()
        self.meter = ContextMeter(theme, self)
        self.fields = {name: NumberField(*setting_words(name), RANGES[name]) for name in RANGES}
        self.max_tokens = QSpinBox()
        self.seed = QSpinBox()
        self.system_prompt = QPlainTextEdit()
        self.overflow = CalmComboBox()
        self.reset_button = QPushButton(tr("Reset"))
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._guard = WheelGuard(self)
        self._set_up_numbers()
        self._set_up_words()
        self._lay_out()
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_settings(self._settings)

    # ---- what the room tells ----

    @property
    def settings(self) -> ChatSettings:
        return self._settings

    def set_settings(self, settings: ChatSettings) -> None:
        """Show a chat's settings, without telling them as a change."""
        self.flush()
        self._settings = settings
        for name, field in self.fields.items():
            field.set_value(float(getattr(settings, name)))
        parts = (self.max_tokens, self.seed, self.overflow, self.system_prompt)
        blockers = [QSignalBlocker(part) for part in parts]
        self.max_tokens.setValue(max(0, settings.max_tokens))
        self.seed.setValue(-1 if settings.seed is None else settings.seed)
        self.overflow.setCurrentIndex(self.overflow.findData(settings.overflow))
        if self.system_prompt.toPlainText() != settings.system_prompt:
            self.system_prompt.setPlainText(settings.system_prompt)
        for blocker in blockers:
            blocker.unblock()
        self._show_reset()

    def add_section(self, title: str, section: QWidget) -> None:
        """A further part of the pane, with its heading, above Sampling."""
        self._sections.addWidget(caps(title))
        self._sections.addWidget(section)
        self._sections.addSpacing(6)

    def flush(self) -> None:
        """Tell a system prompt that was typed a moment ago now."""
        if self._typing.isActive():
            self._typing.stop()
            self._on_typing_paused()

    # ---- making ----

    def _set_up_numbers(self) -> None:
        self.max_tokens.setRange(0, MAX_REPLY_TOKENS)
        self.max_tokens.setSpecialValueText(tr("no limit"))
        self.max_tokens.setSingleStep(64)
        self.seed.setRange(-1, MAX_SEED)
        self.seed.setSpecialValueText(tr("random"))
        for field in self.fields.values():
            self._guard.watch(field.spin)
            self._guard.watch(field.slider)
        for spin in (self.max_tokens, self.seed):
            self._guard.watch(spin)
            spin.setKeyboardTracking(False)
            spin.setAlignment(Qt.AlignmentFlag.AlignRight)
            spin.setProperty("kind", "flat")

    def _set_up_words(self) -> None:
        _teach(self.max_tokens, *setting_words("max_tokens"))
        _teach(self.seed, *setting_words("seed"))
        _teach(self.overflow, *setting_words("overflow"))
        _teach(self.system_prompt, *setting_words("system_prompt"))
        words = {
            "stop": tr("Stop the reply"),
            "drop_oldest": tr("Drop the oldest turns"),
            "fail": tr("Refuse to answer"),
        }
        for policy in get_args(Overflow):
            self.overflow.addItem(words[policy], policy)
        self.system_prompt.setPlaceholderText(
            tr("None: the model's own. Say here who it should be.")
        )
        self.system_prompt.setTabChangesFocus(True)
        self.reset_button.setProperty("kind", "quiet")
        self.reset_button.setToolTip(tr("Put every setting of this chat back to its default"))

    def _lay_out(self) -> None:
        inner = self._inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(caps(tr("Model")))
        layout.addWidget(self.meter)
        layout.addWidget(_label(tr("When it is full"), self.overflow))
        layout.addWidget(self.overflow)
        layout.addSpacing(6)
        self._sections = QVBoxLayout()
        self._sections.setSpacing(10)
        layout.addLayout(self._sections)
        layout.addWidget(caps(tr("Sampling")))
        for field in self.fields.values():
            layout.addWidget(field)
        layout.addLayout(_row(tr("Reply length"), self.max_tokens))
        layout.addLayout(_row(tr("Seed"), self.seed))
        layout.addSpacing(6)
        layout.addWidget(caps(tr("System prompt")))
        layout.addWidget(self.system_prompt)
        layout.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        inner.setObjectName("details")
        self.setWidget(inner)
        # Never wider than the pane: a long word or entry must not push the numbers out of sight.
        inner.setMinimumWidth(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Settings of this chat"))

    def _connect(self) -> None:
        for name, field in self.fields.items():
            field.value_changed.connect(self._setter(name))
        self.max_tokens.valueChanged.connect(self._on_max_tokens_changed)
        self.seed.valueChanged.connect(self._on_seed_changed)
        self.overflow.currentIndexChanged.connect(self._on_overflow_changed)
        self.system_prompt.textChanged.connect(self._typing.start)
        self._typing.timeout.connect(self._on_typing_paused)
        self.reset_button.clicked.connect(self._on_reset)

    # ---- slots ----

    def _setter(self, name: str) -> "_Setter":
        return _Setter(self, name)

    def change(self, name: str, value: object) -> None:
        """One setting as a person left it."""
        if getattr(self._settings, name) != value:
            self._settings = self._settings.with_value(name, value)
            self._show_reset()
            self.settings_changed.emit(self._settings)

    @Slot(int)
    def _on_max_tokens_changed(self, value: int) -> None:
        self.change("max_tokens", value or NO_LIMIT)

    @Slot(int)
    def _on_seed_changed(self, value: int) -> None:
        self.change("seed", None if value < 0 else value)

    @Slot(int)
    def _on_overflow_changed(self, _index: int) -> None:
        self.change("overflow", self.overflow.currentData())

    @Slot()
    def _on_typing_paused(self) -> None:
        self.change("system_prompt", self.system_prompt.toPlainText())

    @Slot()
    def _on_reset(self) -> None:
        self._typing.stop()
        fresh = ChatSettings(unknown=self._settings.unknown)
        self.set_settings(fresh)
        self.settings_changed.emit(fresh)

    @Slot()
    def _on_theme_changed(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self.system_prompt.setFixedHeight(px(92))
        for field in self.fields.values():
            field.spin.setFixedWidth(px(64))
        for spin in (self.max_tokens, self.seed):
            spin.setFixedWidth(px(104))
        self._inner.setStyleSheet(
            "#details { background: transparent; }"
            "QAbstractSpinBox[kind=flat] { border: 1px solid transparent; background: transparent;"
            f" padding: 0 2px; min-height: {px(20)}px; border-radius: {px(4)}px; }}"
            # The field inside and the arrows must not take room of their own. NoButtons would do,
            # but under a style sheet it leaves the field a width of one pixel (seen in Qt 6.11).
            "QAbstractSpinBox[kind=flat] QLineEdit { border: none; background: transparent;"
            " padding: 0; min-height: 0; }"
            "QAbstractSpinBox[kind=flat]::up-button, QAbstractSpinBox[kind=flat]::down-button"
            " { width: 0px; margin: 0px; border: none; }"
            "QAbstractSpinBox[kind=flat]::up-arrow, QAbstractSpinBox[kind=flat]::down-arrow"
            " { image: none; width: 0px; height: 0px; }"
            f"QAbstractSpinBox[kind=flat]:hover {{ border-color: {palette.line}; }}"
            f"QAbstractSpinBox[kind=flat]:focus {{ border-color: {palette.accent}; }}"
        )

    def _show_reset(self) -> None:
        default = ChatSettings(unknown=self._settings.unknown)
        self.reset_button.setEnabled(self._settings != default)


class _Setter:
    """A slot that knows which setting it sets."""

    def __init__(self, pane: DetailsPane, name: str) -> None:
        self._pane, self._name = pane, name

    def __call__(self, value: float) -> None:
        is_whole = RANGES[self._name].decimals == 0
        number = int(value) if is_whole else round(value, RANGES[self._name].decimals)
        self._pane.change(self._name, number)


def _row(name: str, field: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(_label(name, field), 1)
    row.addWidget(field)
    return row


def _label(name: str, field: QWidget) -> QLabel:
    label = QLabel(name)
    label.setBuddy(field)
    label.setToolTip(field.toolTip())
    return label


def _teach(field: QWidget, name: str, tip: str) -> None:
    field.setAccessibleName(name)
    field.setToolTip(tip)
