"""A small round light: what state something is in, told by colour and by its tooltip. Shape
differs too, for all eyes."""

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget


class Dot(QWidget):
    """Filled, or a ring."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color = QColor("#000000")
        self._is_filled = True
        self.set_size(8)

    def set_size(self, size_px: int) -> None:
        self.setFixedSize(QSize(size_px, size_px))

    def set_look(self, color: str, is_filled: bool) -> None:
        """Colour as "#RRGGBB"."""
        self._color, self._is_filled = QColor(color), is_filled
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._color, 1.5)
        painter.setPen(pen)
        if self._is_filled:
            painter.setBrush(self._color)
        radius = self.width() / 2 - 1
        painter.drawEllipse(QPointF(self.width() / 2, self.height() / 2), radius, radius)
        painter.end()
