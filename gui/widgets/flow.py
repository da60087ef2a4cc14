"""A layout that sets widgets in rows, like words in a paragraph."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Widgets from left to right, and on a new row where the width is used up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._lay(QRect(0, 0, width, 0), is_real=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._lay(rect, is_real=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size.grownBy(margins)

    def _lay(self, rect: QRect, *, is_real: bool) -> int:
        """Place the items (or only measure); the height that they take."""
        margins = self.contentsMargins()
        inner, gap = rect.marginsRemoved(margins), max(0, self.spacing())
        y = inner.y()
        for row in self._rows(inner.width(), gap):
            height, x = max(item.sizeHint().height() for item in row), inner.x()
            for item in row:
                hint = item.sizeHint()
                width = min(hint.width(), inner.width())
                if is_real:
                    top = y + (height - hint.height()) // 2
                    item.setGeometry(QRect(QPoint(x, top), QSize(width, hint.height())))
                x += width + gap
            y += height + gap
        used = max(0, y - gap - inner.y())
        return used + margins.top() + margins.bottom()

    def _rows(self, width: int, gap: int) -> list[list[QLayoutItem]]:
        """The visible items, as many in a row as fit."""
        rows: list[list[QLayoutItem]] = []
        left = 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            wanted = min(item.sizeHint().width(), width)
            if not rows or left + wanted > width:
                rows.append([])
                left = 0
            rows[-1].append(item)
            left += wanted + gap
        return rows
