"""Curves over steps, by pyqtgraph in the theme's colours: a grid, named lines, a mark, and a
crosshair for mouse and arrow keys that says the values. Knows no run.

Imports pyqtgraph, which takes a quarter of a second: import this late (chart_loading.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from msgspec import Struct
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.theme import Theme
from gui.widgets.chart_math import Figures, even_ticks, finite, log_ticks, nearest, thinned
from gui.widgets.kinds import label

MOST_POINTS, LEAST_POINTS = 1_600, 200
MOST_DOTS = 60
REDRAW_MS = 80  # after the last of several changes of the width
TICK_PX, STEP_TICK_PX = 24, 60  # room for each of an axis' ticks
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -20, Qt.Key.Key_PageDown: 20}


class ChartLine(Struct, frozen=True, eq=False):
    """A curve. x: sorted, (n,); series: which of the palette's chart colours; faint: drawn lightly,
    behind the others, and not told by the crosshair; dots: its points are marked."""

    name: str
    x: Figures
    y: Figures
    series: int = 0
    width: float = 1.5
    is_faint: bool = False
    has_dots: bool = False


class Chart(QWidget):
    """Args:
    name: what it shows, for a reader.
    words: a value in words, for the crosshair; axis_words: shorter, for the axis.
    x_words: a place on the axis below in words, None for steps; x_axis_words: shorter.
    snaps: the arrow keys go from point to point of the first curve; for curves of few points.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        words: Callable[[float], str],
        height_px: int,
        parent: QWidget | None = None,
        axis_words: Callable[[float], str] | None = None,
        x_words: Callable[[float], str] | None = None,
        *,
        snaps: bool = False,
        x_axis_words: Callable[[float], str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._x_words, self._snaps = x_words, snaps
        self._x_axis_words = x_axis_words or (lambda value: f"{value:,.0f}")
        self._theme, self._words, self._height_px = theme, words, height_px
        self._name, self._axis_words = name, axis_words or words
        self.lines: list[ChartLine] = []
        self.chosen = math.nan  # x of the crosshair
        self._end, self.is_log = 1.0, False
        self._mark: tuple[float, str] | None = None
        # Not pyqtgraph's PlotWidget: its hidden form of options takes 15 ms to make.
        self.plot: Any = pg.GraphicsView(self, background=None)
        self._box: Any = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0.0)
        self._left: Any = pg.AxisItem("left", linkView=self._box)
        self._bottom: Any = pg.AxisItem("bottom", linkView=self._box)
        self._curves: list[Any] = []
        self._dots: Any = pg.ScatterPlotItem(pen=None)
        self._cross: Any = pg.InfiniteLine(angle=90, movable=False)
        self._marked: Any = pg.InfiniteLine(angle=90, movable=False)
        self._redraw = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._redraw.timeout.connect(self._on_redraw_due)
        self.readout = label("", "mono")
        self.readout.setParent(self)
        self.readout.hide()
        self._set_up()
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()

    # ---- what is shown ----

    def set_lines(self, lines: list[ChartLine]) -> None:
        self.lines = lines
        while len(self._curves) > len(lines):
            self._box.removeItem(self._curves.pop())
        while len(self._curves) < len(lines):
            self._curves.append(pg.PlotCurveItem(antialias=True))
            self._box.addItem(self._curves[-1], ignoreBounds=True)
        self._dots.clear()
        for curve, line in zip(self._curves, lines, strict=True):
            self._draw(curve, line)
        self._fit()
        self._describe()

    def set_end(self, end: float) -> None:
        """Up to which x the axis goes, at least."""
        if end != self._end:
            self._end = max(1.0, end)
            self._fit()

    def set_log(self, is_log: bool) -> None:
        """Whether the values stand on a logarithmic axis."""
        if is_log != self.is_log:
            self.is_log = is_log
            self.set_lines(self.lines)

    def set_mark(self, x: float | None, words: str = "") -> None:
        """A dotted line across, such as at the best step."""
        self._mark = None if x is None else (x, words)
        self._marked.setVisible(x is not None)
        if x is not None:
            self._marked.setPos(x)
        self._describe()

    def choose(self, x: float) -> None:
        """Put the crosshair there; nan takes it away."""
        self.chosen = x
        is_there = not math.isnan(x)
        self._cross.setVisible(is_there)
        if is_there:
            self._cross.setPos(x)
        self._show_readout(self.values_at(x) if is_there else "")
        self._describe()

    def values_at(self, x: float) -> str:
        """The curves' values nearest to a step, in words."""
        told = []
        for line in self.lines:
            place = nearest(line.x, x)
            if place >= 0 and not line.is_faint:
                told.append(f"{line.name} {self._words(float(line.y[place]))}")
        where = self._x_words(x) if self._x_words else self.tr("step %s") % f"{x:,.0f}"
        return " · ".join([where, *told])

    def _show_readout(self, words: str) -> None:
        """In the upper right corner, where falling curves leave room."""
        self.readout.setText(words)
        self.readout.adjustSize()
        self.readout.move(max(0, self.width() - self.readout.width() - self._theme.px(4)), 0)
        self.readout.setVisible(bool(words))
        self.readout.raise_()

    # ---- drawing ----

    def _draw(self, curve: Any, line: ChartLine) -> None:
        x, y = finite(line.x, self._placed(line.y))
        x, y = thinned(x, y, min(MOST_POINTS, max(LEAST_POINTS, 2 * self.width())))
        colour = self.colour_of(line)
        # Pens wider than a pixel are drawn some ten times slower.
        width = line.width if len(x) <= MOST_POINTS // 2 else 1.0
        curve.setData(x, y, pen=pg.mkPen(colour, width=width))
        curve.setZValue(1 if line.is_faint else 2)
        if line.has_dots and len(x) <= MOST_DOTS:
            self._dots.addPoints(x=x, y=y, size=self._theme.px(5), brush=pg.mkBrush(colour))

    def colour_of(self, line: ChartLine) -> QColor:
        series = self._theme.palette.series
        colour = QColor(series[line.series % len(series)])
        colour.setAlphaF(0.28 if line.is_faint else 1.0)
        return colour

    def _placed(self, y: Figures) -> Figures:
        """Values as they stand on the axis; nan for what has no place there."""
        if not self.is_log:
            return y
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y > 0.0, np.log10(y), np.nan)

    def _fit(self) -> None:
        """The axes hold all of it, with room above and below."""
        ranges = [_range(self._placed(line.y)) for line in self.lines]
        known = [one for one in ranges if one is not None]
        self._box.setXRange(0.0, max(self._end, self._last()), padding=0.0)
        low = min((one[0] for one in known), default=0.0)
        high = max((one[1] for one in known), default=1.0)
        room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
        if not self.is_log and 0.0 <= low < high * 0.6:
            self._box.setYRange(0.0, high + room, padding=0.0)
        else:
            self._box.setYRange(low - room, high + room, padding=0.0)

    def _last(self) -> float:
        return max((float(line.x[-1]) for line in self.lines if len(line.x)), default=0.0)

    # ---- building ----

    def _set_up(self) -> None:
        grid = pg.GraphicsLayout()
        # At the right, for half of the last step's number.
        grid.setContentsMargins(0, 0, self._theme.px(16), 0)
        grid.setSpacing(0)
        grid.addItem(self._left, 0, 0)
        grid.addItem(self._box, 0, 1)
        grid.addItem(self._bottom, 1, 1)
        self.plot.setCentralItem(grid)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self.plot.viewport().installEventFilter(self)
        for item in (self._cross, self._marked, self._dots):
            item.setZValue(3)
            self._box.addItem(item, ignoreBounds=True)
        for line in (self._cross, self._marked):
            line.setVisible(False)
        for axis in (self._left, self._bottom):
            axis.setZValue(-1)  # the grid runs behind the curves
            axis.enableAutoSIPrefix(False)
        self._left.tickStrings = self._value_strings
        self._left.tickValues = self._tick_values
        self._bottom.tickValues = self._step_ticks
        self._bottom.tickStrings = lambda values, scale, spacing: [
            self._x_axis_words(one) for one in values
        ]
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self._name)

    def _value_strings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [self._axis_words(10.0**one if self.is_log else one) for one in values]

    def _tick_values(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """A handful of round values: 1, 2 and 5 of each power of ten where the axis is
        logarithmic, else a few at one distance."""
        most = max(2, int(size / self._theme.px(TICK_PX)))
        ticks = log_ticks(low, high) if self.is_log else even_ticks(low, high, most)
        return [(1.0, ticks)]

    def _step_ticks(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        most = max(2, int(size / self._theme.px(STEP_TICK_PX)))
        return [(1.0, [one for one in even_ticks(low, high, most) if one == round(one)])]

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.plot, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(240), self._theme.px(self._height_px))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(80), self._theme.px(self._height_px))

    def _describe(self) -> None:
        """The newest values, or those under the crosshair, for who does not see the curves."""
        at = self._last() if math.isnan(self.chosen) else self.chosen
        has_any = any(len(line.x) for line in self.lines)
        words = self.values_at(at) if has_any else self.tr("nothing yet")
        if self._mark is not None:
            words += f" · {self._mark[1]}"
        self.setAccessibleDescription(words)

    # ---- mouse and keys ----

    @Slot(object)
    def _on_mouse_moved(self, place: QPointF) -> None:
        view = self._box
        if view.sceneBoundingRect().contains(place):
            x = view.mapSceneToView(place).x()
            self.choose(self._moved(x, 0) if self._snaps else max(0.0, round(x)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.choose(math.nan)
        # A wheel over a chart scrolls the page.
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = self._last()
        at = last if math.isnan(self.chosen) else self.chosen
        key = Qt.Key(event.key())
        if key in _STEPS:
            self.choose(self._moved(at, _STEPS[key]))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.choose(0.0 if key == Qt.Key.Key_Home else last)
        else:
            super().keyPressEvent(event)

    def _moved(self, at: float, n_steps: int) -> float:
        """Where the crosshair goes by so many steps, or points."""
        if self._snaps and self.lines and len(self.lines[0].x):
            x = self.lines[0].x
            place = nearest(x, at) + n_steps
            return float(x[min(len(x) - 1, max(0, place))])
        return min(self._last(), max(0.0, at + n_steps))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if any(len(line.x) > LEAST_POINTS for line in self.lines):
            self._redraw.start()  # more pixels show more points

    @Slot()
    def _on_redraw_due(self) -> None:
        self.set_lines(self.lines)

    @Slot()
    def _dress(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        font = self._theme.font("body")
        font.setPixelSize(px(11))
        for axis in (self._left, self._bottom):
            axis.setPen(pg.mkPen(None))
            axis.setTickPen(pg.mkPen(palette.line))
            axis.setTextPen(palette.text_faint)
            axis.setStyle(tickFont=font, tickLength=0, hideOverlappingLabels=False)
        self._left.setGrid(255)
        self._left.setWidth(px(46))
        self._bottom.setHeight(px(20))
        self._cross.setPen(pg.mkPen(palette.text_faint, width=1))
        self._marked.setPen(pg.mkPen(palette.text_faint, width=1, style=Qt.PenStyle.DotLine))
        self.plot.setBackground(palette.pane)
        self.readout.setStyleSheet(f"background: {palette.pane};")
        self.updateGeometry()
        self.set_lines(self.lines)


def _range(y: Figures) -> tuple[float, float] | None:
    known = y[np.isfinite(y)]
    return (float(known.min()), float(known.max())) if len(known) else None
