"""A door: a card that leads into a room, with what is behind it and how long it takes."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from gui import icons
from gui.theme import Theme
from gui.widgets.kinds import label

_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Door(QFrame):
    """A card that is clicked as a whole, or entered by Enter and Space."""

    clicked = Signal()

    def __init__(
        self,
        theme: Theme,
        icon_name: str,
        title: str,
        text: str,
        time: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._icon_name = theme, icon_name
        self._sign = QLabel(self)
        self._is_lit = False
        self.setObjectName("door")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{title}. {text}")
        self.setToolTip(text)
        layout = self._column = QVBoxLayout(self)
        for part in (
            self._sign,
            label(title, "heading", wrap=True),
            label(text, "dim", wrap=True),
        ):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addWidget(label(time, "faint"))
        theme.changed.connect(self._dress)
        self._dress()

    def click(self) -> None:
        self.clicked.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.click()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _KEYS:
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._light(True)

    def leaveEvent(self, event: object) -> None:
        self._light(self.hasFocus())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._light(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._light(self.underMouse())

    def _light(self, is_lit: bool) -> None:
        if is_lit != self._is_lit:
            self._is_lit = is_lit
            self._dress()

    def _dress(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self._column.setContentsMargins(px(20), px(20), px(18), px(16))
        self._column.setSpacing(px(6))
        sign = icons.pixmap(self._icon_name, palette.accent, px(24), self.devicePixelRatioF())
        self._sign.setPixmap(sign)
        self.setMinimumHeight(px(176))
        line = palette.accent if self._is_lit else palette.line
        self.setStyleSheet(
            f"#door {{ background: {palette.pane}; border: 1px solid {line};"
            f" border-radius: {px(12)}px; }}"
        )
