"""Settings that are one number or one of a few choices, without a slider: lengths, budgets, the
seed, Mirostat, the overflow policy.
"""

import random
from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QSpinBox, QWidget

from gui import icons
from gui.chat.chat_settings import MAX_SEED, RANGES
from gui.chat.setting_row import SettingRow
from gui.chat.setting_words import special_number_words
from gui.chat.wheel_guard import WheelGuard
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import icon_button

SPIN_PX, LEAST_SPIN_PX = 92, 76
RANDOM = -1
NEW_SEEDS = 10_000  # short enough to be read out and typed again


class WordedSpinBox(QSpinBox):
    """A number box in which some numbers are shown, and may be typed, as words."""

    def __init__(self, words: dict[int, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words

    def textFromValue(self, value: int) -> str:
        return self._words.get(value) or super().textFromValue(value)

    def valueFromText(self, text: str) -> int:
        typed = text.strip().casefold()
        for number, word in self._words.items():
            if typed == word.casefold():
                return number
        return super().valueFromText(text)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        typed = text.strip().casefold()
        words = [word.casefold() for word in self._words.values()]
        if typed in words:
            return QValidator.State.Acceptable, text, position
        if typed and any(word.startswith(typed) for word in words):
            return QValidator.State.Intermediate, text, position
        return super().validate(text, position)


class SpinRow(SettingRow):
    """A whole number."""

    def __init__(
        self,
        theme: Theme,
        name: str,
        parent: QWidget | None = None,
        words: dict[int, str] | None = None,
        low: int | None = None,
    ) -> None:
        bounds = RANGES[name]
        self.spin = WordedSpinBox(words or special_number_words(name))
        super().__init__(theme, name, parent)
        self.spin.setRange(int(bounds.low) if low is None else low, int(bounds.high))
        self.spin.setSingleStep(int(bounds.step))
        self.spin.setKeyboardTracking(False)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setProperty("kind", "flat")
        self.set_field(self.spin)
        WheelGuard(self).watch(self.spin)
        self.spin.valueChanged.connect(self._on_changed)

    def set_value(self, value: int | None) -> None:
        with QSignalBlocker(self.spin):
            self.spin.setValue(RANDOM if value is None else value)

    @Slot(int)
    def _on_changed(self, value: int) -> None:
        self.changed.emit(value)

    def _dress(self) -> None:
        super()._dress()
        # In a narrow pane the name goes first: it is never cut.
        self.spin.setMinimumWidth(self.theme.px(LEAST_SPIN_PX))
        self.spin.setMaximumWidth(self.theme.px(SPIN_PX))


class LengthRow(SpinRow):
    """The reply length, in which nothing lies between no limit and one token."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "max_tokens", parent, words={0: tr("no limit")}, low=0)

    def set_value(self, value: int | None) -> None:
        super().set_value(max(0, value or 0))

    @Slot(int)
    def _on_changed(self, value: int) -> None:
        self.changed.emit(value or RANDOM)


class SeedRow(SpinRow):
    """The seed: drawn anew for each reply, or locked.

    Args:
        last_seed: the seed of the last reply shown, which the lock keeps; None where there is none.
    """

    def __init__(
        self, theme: Theme, last_seed: Callable[[], int | None], parent: QWidget | None = None
    ) -> None:
        self.lock = icon_button(tr("Keep the seed"), "mark")
        super().__init__(theme, "seed", parent, words={RANDOM: tr("random")}, low=RANDOM)
        self._last_seed = last_seed
        self.lock.setCheckable(True)
        self.lock.toggled.connect(self._on_lock_toggled)
        self.head.addWidget(self.lock)
        self._show_lock(self.spin.value())

    def set_value(self, value: int | None) -> None:
        super().set_value(value)
        self._show_lock(self.spin.value())

    def set_off(self, reason: str) -> None:
        super().set_off(reason)
        self.lock.setEnabled(not reason)

    @Slot(int)
    def _on_changed(self, value: int) -> None:
        self._show_lock(value)
        self.changed.emit(None if value == RANDOM else value)

    @Slot(bool)
    def _on_lock_toggled(self, is_locked: bool) -> None:
        last = self._last_seed()
        drawn = random.randrange(NEW_SEEDS) if last is None else min(max(last, 0), MAX_SEED)
        self.spin.setValue(drawn if is_locked else RANDOM)

    def _show_lock(self, value: int) -> None:
        is_locked = value != RANDOM
        with QSignalBlocker(self.lock):
            self.lock.setChecked(is_locked)
        self.lock.setToolTip(
            tr("Locked: every reply is drawn with this seed. Click for a new one each time.")
            if is_locked
            else tr("Lock: draw the next replies with the seed of the last one.")
        )
        self._dress()

    def _dress(self) -> None:
        super()._dress()
        palette = self.theme.palette
        is_locked = self.lock.isChecked()
        colour = palette.accent if is_locked else palette.text_faint
        self.lock.setIcon(icons.icon("lock" if is_locked else "unlock", colour))


class ChoiceRow(SettingRow):
    """One of a few choices; values and their visible names."""

    def __init__(
        self,
        theme: Theme,
        name: str,
        choices: list[tuple[str, object]],
        parent: QWidget | None = None,
        *,
        below: bool = False,
    ) -> None:
        self.combo = CalmComboBox()
        super().__init__(theme, name, parent)
        self.combo.add_choices(choices)
        self.set_field(self.combo, below=below)
        self.combo.currentIndexChanged.connect(self._on_changed)

    def set_value(self, value: object) -> None:
        with QSignalBlocker(self.combo):
            self.combo.choose(value)

    @Slot(int)
    def _on_changed(self, _index: int) -> None:
        self.changed.emit(self.combo.currentData())
