"""A button that gives way in a narrow window: its text is cut, its neighbours stay."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from gui.theme import Theme


class ShrinkingButton(QPushButton):
    """least_px: the width that it is never without, as drawn."""

    def __init__(self, theme: Theme, least_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._least_px = theme, least_px
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(self._least_px), super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        # At its full width rounding must not cut the last letters.
        if self.width() >= self.sizeHint().width():
            QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)
            return
        around = self.sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text())
        room = self.width() - around
        option.text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room, Qt.TextFlag.TextShowMnemonic.value
        )
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)
