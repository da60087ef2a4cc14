"""A few exclusive choices side by side, as chips: the small cousin of a combo box."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLayout, QPushButton, QWidget

from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button


class Choice(QWidget):
    """One of several keys. Left and Right change it."""

    changed = Signal(str)  # the key that a person chose

    def __init__(
        self, choices: list[tuple[str, str]], parent: QWidget | None = None, *, wraps: bool = False
    ) -> None:
        """choices: keys and their visible names. wraps: in rows where one is too short."""
        super().__init__(parent)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        row: QLayout = FlowLayout(self) if wraps else QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for key, name in choices:
            one = button(name, "chip")
            one.setCheckable(True)
            one.toggled.connect(lambda is_on, key=key: self._on_toggled(key, is_on))
            self._group.addButton(one)
            self._buttons[key] = one
            row.addWidget(one)

    @property
    def buttons(self) -> dict[str, QPushButton]:
        """The chips, by their keys."""
        return dict(self._buttons)

    @property
    def value(self) -> str:
        return next((key for key, one in self._buttons.items() if one.isChecked()), "")

    def set_value(self, key: str) -> None:
        """Show a choice without telling it as a change; "" for none."""
        self._group.setExclusive(bool(key))
        for one_key, one in self._buttons.items():
            with QSignalBlocker(one):
                one.setChecked(one_key == key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        keys = list(self._buttons)
        following = self._buttons[keys[(keys.index(self.value) + step) % len(keys)]]
        following.setFocus(Qt.FocusReason.TabFocusReason)
        following.setChecked(True)

    def _on_toggled(self, key: str, is_on: bool) -> None:
        if is_on:
            self.changed.emit(key)
