"""A small chart of counts: bars side by side over a range, with a mark on it. Paints itself; Left
and Right go through the bars, each told in words.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import Theme
from gui.widgets.plain_tip import plain_tip

HEIGHT_PX, GAP_PX = 132, 2
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class Bar(Struct, frozen=True):
    """One bar over low..high. words: what it stands for."""

    low: float
    high: float
    n: int
    words: str


class BarChart(QWidget):
    """Bars of one range; `chosen` is the one that keys stand on, -1 for none."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.bars: list[Bar] = []
        self.mark = 0.0
        self._mark_words = ""
        self.chosen = -1
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._on_theme)

    def set_bars(self, bars: Sequence[Bar], mark: float = 0.0, mark_words: str = "") -> None:
        """Show these. mark: a value of the range with a line of its own, 0 for none."""
        self.bars, self.mark, self._mark_words = list(bars), mark, mark_words
        self.chosen = -1
        told = "; ".join(f"{bar.words}: {bar.n:,}" for bar in self.bars if bar.n)
        self.setAccessibleDescription(". ".join(part for part in (told, mark_words) if part))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(320), self._theme.px(HEIGHT_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(160), self._theme.px(HEIGHT_PX))

    # ---- places ----

    def _plot(self) -> QRectF:
        px = self._theme.px
        below = QFontMetricsF(self._theme.font("label")).height() + px(4)
        return QRectF(self.rect()).adjusted(px(4), px(8), -px(4), -below)

    def _x(self, value: float) -> float:
        plot, low, high = self._plot(), self.bars[0].low, self.bars[-1].high
        share = (value - low) / max(1e-9, high - low)
        return plot.left() + plot.width() * min(1.0, max(0.0, share))

    def bar_at(self, x: float) -> int:
        """The bar under a place; -1 where there is none."""
        spans = ((self._x(bar.low), self._x(bar.high)) for bar in self.bars)
        return next((at for at, (left, right) in enumerate(spans) if left <= x < right), -1)

    # ---- events ----

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot, palette = self._plot(), self._theme.palette
        painter.setPen(QPen(QColor(palette.line), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        if self.bars:
            self._paint_bars(painter, plot)
            self._paint_ends(painter, plot)
            self._paint_mark(painter, plot)
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    def _paint_bars(self, painter: QPainter, plot: QRectF) -> None:
        palette = self._theme.palette
        most = max(1, max(bar.n for bar in self.bars))
        painter.setPen(Qt.PenStyle.NoPen)
        for at, bar in enumerate(self.bars):
            if not bar.n:
                continue
            left, right = self._x(bar.low), self._x(bar.high)
            # One row of many is seen too.
            height = max(2.0, plot.height() * bar.n / most)
            painter.setBrush(QColor(palette.text if at == self.chosen else palette.series[0]))
            width = max(1.0, right - left - GAP_PX)
            painter.drawRect(QRectF(left + 1, plot.bottom() - height, width, height))

    def _paint_ends(self, painter: QPainter, plot: QRectF) -> None:
        painter.setFont(self._theme.font("label"))
        painter.setPen(QColor(self._theme.palette.text_faint))
        below = QRectF(plot.left(), plot.bottom() + 2, plot.width(), self.height() - plot.bottom())
        aligned, top = Qt.AlignmentFlag, Qt.AlignmentFlag.AlignTop
        painter.drawText(below, aligned.AlignLeft | top, f"{self.bars[0].low:,.0f}")
        painter.drawText(below, aligned.AlignRight | top, f"{self.bars[-1].high:,.0f}")

    def _paint_mark(self, painter: QPainter, plot: QRectF) -> None:
        if not self.bars[0].low < self.mark < self.bars[-1].high:
            return
        colour, x = QColor(self._theme.palette.warn), self._x(self.mark)
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        metrics = QFontMetricsF(self._theme.font("label"))
        words = f"{self.mark:,.0f}"
        width = metrics.horizontalAdvance(words)
        left = min(max(plot.left(), x - width / 2), plot.right() - width)
        painter.setFont(self._theme.font("label"))
        painter.setPen(colour)
        painter.drawText(QPointF(left, plot.bottom() + 2 + metrics.ascent()), words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self.bars:
            super().keyPressEvent(event)
            return
        self.chosen = min(max(0, self.chosen + step), len(self.bars) - 1)
        self.setAccessibleDescription(self.words(self.chosen))
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.words(self.bar_at(event.pos().x())) or self.accessibleName()
            QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return super().event(event)

    def words(self, at: int) -> str:
        """A bar in words."""
        if not 0 <= at < len(self.bars):
            return self._mark_words
        return f"{self.bars[at].words}: {self.bars[at].n:,}"

    @Slot()
    def _on_theme(self) -> None:
        self.updateGeometry()
        self.update()
