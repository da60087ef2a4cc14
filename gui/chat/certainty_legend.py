"""What the colours of tokens mean, in one line: surprising, and a swatch for each step."""

from math import ceil

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.ramp import LIMITS

_GAP_PX = 7


class CertaintyLegend(QWidget):
    """A painted line; as wide as its words."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(
            tr("Legend: words over 50 % have no colour, then {steps}").format(
                steps=", ".join(self._words()[1:])
            )
        )
        self.setToolTip(
            tr(
                "How probable each token was, of all tokens that could have stood there. A thin"
                " mark is a token that shows nothing, such as ** around bold words; the tokens of a"
                " formula share its box from left to right."
            )
        )
        theme.changed.connect(self._on_theme_changed)

    def sizeHint(self) -> QSize:
        width = sum(box.width() for _, box in self._parts()) + self._n_gaps() * self._gap
        return QSize(ceil(width), ceil(QFontMetricsF(self._font()).height()) + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self._theme.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        for number, (word, box) in enumerate(self._placed()):
            if word:
                painter.setPen(QColor(palette.text_faint))
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, word)
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(palette.surprise[(number - 1) // 2]))
                painter.drawRoundedRect(box, 3, 3)
        painter.end()

    def _words(self) -> list[str]:
        return [tr("surprising"), *(f"<{limit * 100:.0f} %" for limit in LIMITS)]

    def _font(self) -> QFont:
        font = self._theme.font("body")
        font.setPixelSize(self._theme.px(11))
        return font

    @property
    def _gap(self) -> int:
        return self._theme.px(_GAP_PX)

    def _n_gaps(self) -> int:
        return len(self._parts()) - 1

    def _parts(self) -> list[tuple[str, QRectF]]:
        """Words and (without a word) swatches, in their order."""
        metrics, px = QFontMetricsF(self._font()), self._theme.px
        first, *steps = self._words()
        parts = [(first, QRectF(0, 0, metrics.horizontalAdvance(first), 0))]
        for word in steps:
            parts.append(("", QRectF(0, 0, px(14), px(10))))
            parts.append((word, QRectF(0, 0, metrics.horizontalAdvance(word) + 1, 0)))
        return parts

    def _placed(self) -> list[tuple[str, QRectF]]:
        x, placed = 0.0, []
        for word, box in self._parts():
            height = box.height() or self.height()
            placed.append((word, QRectF(x, (self.height() - height) / 2, box.width(), height)))
            x += box.width() + self._gap
        return placed

    @Slot()
    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()
