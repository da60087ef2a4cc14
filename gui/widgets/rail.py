"""The rail of rooms on the left: labelled buttons, pages of the window below them. Knows no
room, only keys and names."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from gui import icons
from gui.theme import Theme


class Rail(QFrame):
    """One button per page, one of them chosen. Up and Down go from one to the next."""

    chosen = Signal(str)  # the key of the page that was clicked

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._buttons: dict[str, QToolButton] = {}
        self._icons: dict[str, str] = {}
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.addStretch(1)
        self.setProperty("kind", "rail")
        self.setAccessibleName(self.tr("Rooms"))
        self._dress()
        theme.changed.connect(self._dress)

    def add_page(self, key: str, name: str, icon_name: str, at_bottom: bool = False) -> None:
        """A button for a page, above the gap or below it."""
        button = QToolButton()
        button.setText(name)
        button.setAccessibleName(name)
        button.setProperty("kind", "rail")
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.chosen.emit(key))
        n_above = len(self._buttons)
        self._column.insertWidget(-1 if at_bottom else n_above, button)
        self._group.addButton(button)
        self._buttons[key], self._icons[key] = button, icon_name
        self._dress_button(key)

    def choose(self, key: str) -> None:
        """Mark a page as the one shown; a key without a button marks none."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)
            return
        self._group.setExclusive(False)
        for button in self._buttons.values():
            button.setChecked(False)
        self._group.setExclusive(True)

    def set_tooltip(self, key: str, tooltip: str) -> None:
        self._buttons[key].setToolTip(tooltip)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()))
        keys = [key for key, button in self._buttons.items() if button.hasFocus()]
        if step is None or not keys:
            super().keyPressEvent(event)
            return
        order = list(self._buttons)
        following = order[(order.index(keys[0]) + step) % len(order)]
        self._buttons[following].setFocus(Qt.FocusReason.TabFocusReason)
        self._buttons[following].click()

    def _dress(self) -> None:
        px = self._theme.px
        self.setFixedWidth(px(74))
        self._column.setContentsMargins(px(4), px(12), px(4), px(12))
        self._column.setSpacing(px(6))
        for key in self._buttons:
            self._dress_button(key)

    def _dress_button(self, key: str) -> None:
        px, palette = self._theme.px, self._theme.palette
        button = self._buttons[key]
        button.setIcon(icons.icon(self._icons[key], palette.text_dim, palette.accent))
        button.setIconSize(QSize(px(20), px(20)))
        button.setFixedSize(px(66), px(50))
