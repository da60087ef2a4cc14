"""Bits of a text added up from its beginning to each token: steep where the model was surprised.
Paints itself; emits which token was asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import Theme
from gui.tokens.words import tr
from gui.widgets.plain_tip import plain_tip

HEIGHT_PX = 96
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -50, Qt.Key.Key_PageDown: 50}


class SurpriseChart(QWidget):
    """A line over the tokens. Click, Left, Right, Page keys, Home and End choose one."""

    token_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._totals: npt.NDArray[np.float64] = np.zeros(0)
        self._n_tokens = 0
        self.chosen = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("Bits so far, over the text"))
        theme.changed.connect(self._on_theme_changed)

    def set_totals(self, totals: npt.NDArray[np.float64], n_tokens: int) -> None:
        """Bits up to and with each token that is known, of n_tokens."""
        self._totals, self._n_tokens = totals, max(n_tokens, len(totals))
        self._describe()
        self.update()

    def set_chosen(self, token: int) -> None:
        self.chosen = token
        self._describe()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(320), self._theme.px(HEIGHT_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(120), self._theme.px(HEIGHT_PX))

    # ---- places ----

    def _plot(self) -> QRectF:
        px = self._theme.px
        return QRectF(self.rect()).adjusted(px(4), px(6), -px(4), -px(6))

    def token_at(self, x: float) -> int:
        """The token under a place; -1 where there are none."""
        if not len(self._totals):
            return -1
        plot = self._plot()
        share = (x - plot.x()) / max(1.0, plot.width())
        return min(max(0, int(share * self._n_tokens)), len(self._totals) - 1)

    def _line(self) -> QPolygonF:
        """At most two points for each pixel, however long the text is."""
        plot, n_known = self._plot(), len(self._totals)
        n_points = min(n_known, max(2, 2 * int(plot.width())))
        picked = np.linspace(0, n_known - 1, n_points).astype(np.int64)
        top = max(1.0, float(self._totals[-1]))
        points = [QPointF(plot.left(), plot.bottom())]
        for index in picked.tolist():
            x = plot.left() + plot.width() * (index + 1) / self._n_tokens
            points.append(QPointF(x, plot.bottom() - plot.height() * self._totals[index] / top))
        return QPolygonF(points)

    # ---- events ----

    def paintEvent(self, event: QPaintEvent) -> None:
        palette, plot = self._theme.palette, self._plot()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(palette.line), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        if len(self._totals):
            self._paint_line(painter, plot)
            self._paint_chosen(painter, plot)
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    def _paint_line(self, painter: QPainter, plot: QRectF) -> None:
        palette, line = self._theme.palette, self._line()
        below = QPolygonF(line)
        below.append(QPointF(line.last().x(), plot.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.accent_soft))
        painter.drawPolygon(below)
        painter.setPen(QPen(QColor(palette.accent), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)

    def _paint_chosen(self, painter: QPainter, plot: QRectF) -> None:
        if not 0 <= self.chosen < len(self._totals):
            return
        x = plot.left() + plot.width() * (self.chosen + 0.5) / self._n_tokens
        painter.setPen(QPen(QColor(self._theme.palette.text_dim), 1))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._ask_for(self.token_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = Qt.Key(event.key()), len(self._totals) - 1
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._ask_for(0 if key == Qt.Key.Key_Home else last)
        elif key in _STEPS:
            self._ask_for(min(max(0, self.chosen + _STEPS[key]), last))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.words(self.token_at(event.pos().x()))
            QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return super().event(event)

    def _ask_for(self, token: int) -> None:
        if 0 <= token < len(self._totals):
            self.token_asked.emit(token)

    # ---- words ----

    def words(self, token: int) -> str:
        """One token in words."""
        if not 0 <= token < len(self._totals):
            return tr("Bits added up over the text: steep where the model is surprised")
        words = tr("token {n}: {bits} bits so far. Click to go there.")
        return words.format(n=f"{token + 1:,}", bits=f"{self._totals[token]:,.1f}")

    def _describe(self) -> None:
        n_known = len(self._totals)
        total = f"{float(self._totals[-1]):,.1f}" if n_known else "0"
        words = tr("{bits} bits over {n} tokens").format(bits=total, n=f"{n_known:,}")
        if 0 <= self.chosen < n_known:
            words = f"{self.words(self.chosen)} {words}"
        self.setAccessibleDescription(words)

    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()
