"""Shares as bars lying under one another, 0 to 100 %: a name, one bar or several, thin marks across
for what they are held against, a value. Paints itself; Up and Down go through the rows, each told
in words. Knows nothing of what it shows.
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
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolTip, QWidget

from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import label
from gui.widgets.plain_tip import plain_tip

BAR_PX, GAP_PX, ROW_GAP_PX, COLUMN_PX = 8, 3, 12, 14
MOST_NAME = 0.4  # of the width
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class ShareRow(Struct, frozen=True):
    """shares: a bar each, 0..1; marks: a line across each, 0..1; value: what stands at the right;
    words: the row as it is told."""

    name: str
    shares: tuple[float, ...]
    value: str
    words: str
    marks: tuple[float, ...] = ()


class ShareBars(QWidget):
    """`chosen` is the row that keys stand on, -1 for none."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: list[ShareRow] = []
        self.chosen = -1
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._on_theme)

    def set_rows(self, rows: Sequence[ShareRow]) -> None:
        """Show these."""
        self.rows, self.chosen = list(rows), -1
        self.setAccessibleDescription(". ".join(row.words for row in self.rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(320), self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(180), self._height())

    # ---- places ----

    def _height(self) -> int:
        return round(sum(map(self._row_height, self.rows))) + 2 * self._theme.px(4)

    def _row_height(self, row: ShareRow) -> float:
        px, n = self._theme.px, len(row.shares)
        bars = n * px(BAR_PX) + (n - 1) * px(GAP_PX)
        return max(bars, QFontMetricsF(self._theme.font()).height()) + px(ROW_GAP_PX)

    def _box(self, at: int) -> QRectF:
        """A row's place."""
        top = self._theme.px(4) + sum(map(self._row_height, self.rows[:at]))
        return QRectF(0, top, self.width(), self._row_height(self.rows[at]))

    def _track(self, box: QRectF) -> QRectF:
        """Where a row's bars go, 0 at the left and 100 % at the right."""
        px, metrics = self._theme.px, QFontMetricsF(self._theme.font())
        wide = metrics.horizontalAdvance
        name = min(MOST_NAME * box.width(), max(wide(row.name) for row in self.rows))
        value = max(wide(row.value) for row in self.rows)
        gap = px(COLUMN_PX)
        return box.adjusted(px(4) + name + gap, 0, -(px(4) + value + gap), 0)

    def row_at(self, y: float) -> int:
        """The row under a place; -1 where there is none."""
        boxes = enumerate(map(self._box, range(len(self.rows))))
        return next((at for at, box in boxes if box.top() <= y < box.bottom()), -1)

    # ---- painting ----

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        for at, row in enumerate(self.rows):
            box = self._box(at)
            if at == self.chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(palette.accent_soft))
                painter.drawRoundedRect(box, 6, 6)
            self._paint_words(painter, row, box)
            self._paint_bars(painter, row, self._track(box))
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    def _paint_words(self, painter: QPainter, row: ShareRow, box: QRectF) -> None:
        track, px, aligned = self._track(box), self._theme.px, Qt.AlignmentFlag
        font = self._theme.font()
        painter.setFont(font)
        painter.setPen(QColor(self._theme.palette.text))
        room = track.left() - px(COLUMN_PX) - px(4)
        elide = Qt.TextElideMode.ElideRight
        name = QFontMetricsF(font).elidedText(row.name, elide, room + 1)
        painter.drawText(box.adjusted(px(4), 0, 0, 0), aligned.AlignVCenter, name)
        painter.setPen(QColor(self._theme.palette.text_dim))
        right = aligned.AlignRight | aligned.AlignVCenter
        painter.drawText(box.adjusted(0, 0, -px(4), 0), right, row.value)

    def _paint_bars(self, painter: QPainter, row: ShareRow, track: QRectF) -> None:
        palette, px, n = self._theme.palette, self._theme.px, len(row.shares)
        tall, gap = px(BAR_PX), px(GAP_PX)
        top = track.center().y() - (n * tall + (n - 1) * gap) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        for number, share in enumerate(row.shares):
            bar = QRectF(track.left(), top + number * (tall + gap), track.width(), tall)
            painter.setBrush(QColor(palette.line))
            painter.drawRoundedRect(bar, tall / 2, tall / 2)
            if share > 0.0:
                # One of many is seen too.
                bar.setWidth(max(float(tall), track.width() * min(1.0, share)))
                painter.setBrush(bar_colour(self._theme, number))
                painter.drawRoundedRect(bar, tall / 2, tall / 2)
        reach = (n * tall + (n - 1) * gap) / 2 + px(3)
        for number, share in enumerate(row.marks):
            x = track.left() + track.width() * min(1.0, max(0.0, share))
            painter.setPen(mark_pen(self._theme, number))
            middle = track.center().y()
            painter.drawLine(QPointF(x, middle - reach), QPointF(x, middle + reach))

    # ---- keys and mouse ----

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self.rows:
            super().keyPressEvent(event)
            return
        self.chosen = min(max(0, self.chosen + step), len(self.rows) - 1)
        self.setAccessibleDescription(self.rows[self.chosen].words)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self.row_at(event.pos().y())
            words = self.rows[at].words if at >= 0 else self.accessibleName()
            QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return super().event(event)

    @Slot()
    def _on_theme(self) -> None:
        self.updateGeometry()
        self.update()


def bar_colour(theme: Theme, number: int) -> QColor:
    """Of a row's nth bar."""
    series = theme.palette.series
    return QColor(series[number % len(series)])


def mark_pen(theme: Theme, number: int) -> QPen:
    """Of a row's nth mark: a whole line, then a dotted one."""
    style = Qt.PenStyle.SolidLine if number == 0 else Qt.PenStyle.DotLine
    return QPen(QColor(theme.palette.text), max(1.5, theme.px(1.5)), style)


class ShareLegend(QWidget):
    """What the bars and the marks stand for, in a row above them."""

    def __init__(
        self,
        theme: Theme,
        bars: Sequence[tuple[str, str]],
        marks: Sequence[tuple[str, str]] = (),
        parent: QWidget | None = None,
    ) -> None:
        """bars, marks: a name each, and what it means."""
        super().__init__(parent)
        self._theme = theme
        row = FlowLayout(self)
        row.setSpacing(theme.px(16))
        told = [(_Swatch(theme, n, is_mark=False), *one) for n, one in enumerate(bars)]
        told += [(_Swatch(theme, n, is_mark=True), *one) for n, one in enumerate(marks)]
        for swatch, name, tip in told:
            part = QWidget(self)
            inside = QHBoxLayout(part)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.setSpacing(theme.px(6))
            words = label(name, "dim")
            inside.addWidget(swatch)
            inside.addWidget(words)
            part.setToolTip(plain_tip(tip))
            row.addWidget(part)


class _Swatch(QWidget):
    """A bar's colour, or a mark's line."""

    def __init__(self, theme: Theme, number: int, *, is_mark: bool) -> None:
        super().__init__()
        self._theme, self._number, self._is_mark = theme, number, is_mark
        theme.changed.connect(self._on_theme)
        self._on_theme()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        if self._is_mark:
            painter.setPen(mark_pen(self._theme, self._number))
            middle = box.center().x()
            painter.drawLine(QPointF(middle, box.top() + 1), QPointF(middle, box.bottom() - 1))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(bar_colour(self._theme, self._number))
            tall = self._theme.px(BAR_PX)
            bar = QRectF(box.left(), box.center().y() - tall / 2, box.width(), tall)
            painter.drawRoundedRect(bar, tall / 2, tall / 2)
        painter.end()

    @Slot()
    def _on_theme(self) -> None:
        px = self._theme.px
        self.setFixedSize(px(4) if self._is_mark else px(14), px(14))
        self.update()
