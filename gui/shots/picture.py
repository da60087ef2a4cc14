"""A picture of the window and of what floats before it: popups, menus, dialogs."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget


def photograph(window: QWidget) -> QImage:
    """The window and all before it, as on a screen."""
    picture = window.grab().toImage()
    painter = QPainter(picture)
    for front in _fronts(window):
        place = _place(front, window)
        painter.drawPixmap(place, front.grab())
        if front.windowType() in (Qt.WindowType.Dialog, Qt.WindowType.Window):
            # The frame that the desktop would give it.
            painter.setPen(front.palette().mid().color())
            painter.drawRect(QRect(place, front.size()).adjusted(-1, -1, 0, 0))
    painter.end()
    return picture


def close_fronts(window: QWidget) -> None:
    """Leave nothing before the window."""
    for front in _fronts(window):
        front.close()


def _fronts(window: QWidget) -> list[QWidget]:
    return [one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not window]


def _place(front: QWidget, window: QWidget) -> QPoint:
    return front.mapToGlobal(QPoint(0, 0)) - window.mapToGlobal(QPoint(0, 0))
