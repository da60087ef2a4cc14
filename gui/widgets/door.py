"""A door: a card that leads into a room, with what is behind it and how long it takes.

Tall beside others; compact, a sign with words beside it, where there is little room or no other
door; brief, without the words below the title, where there is less.
"""

from PySide6.QtCore import Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QVBoxLayout, QWidget

from gui import icons
from gui.theme import Theme
from gui.widgets.kinds import label

TALL_PX = 176
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
        self._title, self._text = label(title, "heading", wrap=True), label(text, "dim", wrap=True)
        self._time = label(time, "faint")
        self._is_lit = self._is_compact = self._is_brief = False
        self.setObjectName("door")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{title}. {text}")
        self.setAccessibleDescription(time)
        self.setToolTip(f"{text} ({time})")
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()

    def set_compact(self, is_compact: bool, *, is_brief: bool = False) -> None:
        """A line in place of a tall card; brief: of the title alone."""
        if (is_compact, is_brief) != (self._is_compact, self._is_brief):
            self._is_compact, self._is_brief = is_compact, is_brief
            self._dress()

    @property
    def is_compact(self) -> bool:
        return self._is_compact

    def click(self) -> None:
        self.clicked.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
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

    # ---- looks ----

    def _lay_out(self) -> None:
        self._words = QVBoxLayout()
        self._words.addStretch(1)
        self._words.addWidget(self._title)
        self._words.addWidget(self._text)
        self._words.addStretch(1)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.addWidget(self._sign)
        self._box.addLayout(self._words)
        self._box.addStretch(1)
        self._box.addWidget(self._time)

    def _light(self, is_lit: bool) -> None:
        if is_lit != self._is_lit:
            self._is_lit = is_lit
            self._dress()

    def _dress(self) -> None:
        palette, px, is_compact = self._theme.palette, self._theme.px, self._is_compact
        directions = QBoxLayout.Direction
        self._box.setDirection(directions.LeftToRight if is_compact else directions.TopToBottom)
        if is_compact:
            self._box.setContentsMargins(px(14), px(9), px(14), px(9))
        else:
            self._box.setContentsMargins(px(20), px(20), px(18), px(16))
        for part in (self._text, self._time):
            part.setVisible(not self._is_brief)
        self._box.setSpacing(px(12) if is_compact else px(6))
        # Beside the sign the words take the width; below it they stand at the top.
        self._box.setStretch(1, 1 if is_compact else 0)
        self._box.setStretch(2, 0 if is_compact else 1)
        self._words.setSpacing(px(1) if is_compact else px(6))
        size = px(20 if is_compact else 24)
        sign = icons.pixmap(self._icon_name, palette.accent, size, self.devicePixelRatioF())
        self._sign.setPixmap(sign)
        self.setMinimumHeight(0 if is_compact else px(TALL_PX))
        line = palette.accent if self._is_lit else palette.line
        self.setStyleSheet(
            f"#door {{ background: {palette.pane}; border: 1px solid {line};"
            f" border-radius: {px(12)}px; }}"
        )
