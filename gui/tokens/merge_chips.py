"""The pieces of one moment as chips in a row: the one just made is filled, the two that merge next
have a ring around them. Paints itself; knows no steps.
"""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import Theme
from gui.tokens.words import tr
from gui.widgets.token_text import shown

CHIP_PX, GAP_PX, PAD_PX, CORNER_PX = 26, 5, 8, 7
MOST_CHIPS = 600


class MergeChips(QWidget):
    """As high as its rows."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._texts: list[str] = []
        self._made = self._next = -1
        self._boxes: list[QRectF] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Pieces of this moment"))
        theme.changed.connect(self._on_theme_changed)

    def show_pieces(self, pieces: Sequence[bytes], made: int = -1, next_pair: int = -1) -> None:
        """made: the piece that the last step made; next_pair: the left one of the two that merge
        next; -1 for none."""
        self._texts = [shown(piece) for piece in pieces[:MOST_CHIPS]]
        self._made, self._next = made, next_pair
        self.setAccessibleDescription(", ".join(self._texts))
        self._place()

    @property
    def texts(self) -> list[str]:
        return list(self._texts)

    @property
    def marked(self) -> tuple[int, int]:
        """The piece just made and the left one of the next pair; -1 for none."""
        return self._made, self._next

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(200), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place()

    def _place(self) -> None:
        """Chips from left to right, and on a new row where the width is used up."""
        px, metrics = self._theme.px, QFontMetricsF(self._theme.font("mono"))
        x, y, gap, height = 0.0, 0.0, px(GAP_PX), px(CHIP_PX)
        self._boxes = []
        for text in self._texts:
            width = min(metrics.horizontalAdvance(text) + 2 * px(PAD_PX), float(self.width()))
            if x and x + width > self.width():
                x, y = 0.0, y + height + gap
            self._boxes.append(QRectF(x, y, width, height))
            x += width + gap
        self.setFixedHeight(round(y + height))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("mono"))
        for index, box in enumerate(self._boxes):
            if box.intersects(QRectF(event.rect())):
                self._paint_chip(painter, index, box)
        painter.end()

    def _paint_chip(self, painter: QPainter, index: int, box: QRectF) -> None:
        palette, px = self._theme.palette, self._theme.px
        is_next = self._next >= 0 and index in (self._next, self._next + 1)
        fill = palette.accent_soft if index == self._made else _token_colour(palette.token, index)
        painter.setBrush(QColor(fill))
        painter.setPen(QPen(QColor(palette.accent), 2) if is_next else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), px(CORNER_PX), px(CORNER_PX))
        painter.setPen(QColor(palette.accent if index == self._made else palette.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._texts[index])

    @Slot()
    def _on_theme_changed(self) -> None:
        self._place()


def _token_colour(colours: Sequence[str], index: int) -> str:
    return colours[index % len(colours)]
