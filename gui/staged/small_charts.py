"""Four small charts under the loss: learning rate, gradient norm, speed, memory. Made one by one,
so that none of the window's turns is long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gui.run_record import RunRecord
from gui.staged.cards import Card
from gui.staged.progress_words import gb_text, rate_text, speed_text
from gui.staged.run_axis import RunAxis, steps_axis
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import label

if TYPE_CHECKING:
    from gui.widgets.chart import Chart
    from gui.widgets.chart_math import Figures

HEIGHT_PX = 104
SERIES = 0
# Values in short, where the whole words would not fit beside a small chart.
_AXES: dict[str, Callable[[float], str]] = {
    "speed": lambda value: f"{value:,.0f}",
    "memory": lambda value: f"{value / 1e9:.2g}",
}


class SmallCharts(Card):
    """A chart each, with the newest value beside its name."""

    def __init__(
        self, theme: Theme, axis: RunAxis | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, tr("The run’s other figures"), parent)
        self._axis = axis or steps_axis()
        self.charts: dict[str, Chart] = {}
        self._record: RunRecord | None = None
        self._kinds = _kinds()
        self._names: dict[str, QLabel] = {}
        self._grid = QGridLayout()
        self.column.addLayout(self._grid)
        for place, (key, (name, tip, _words, _of)) in enumerate(self._kinds.items()):
            self._names[key] = label(name, "dim", wrap=True)
            self._names[key].setToolTip(tip)
            self._grid.addWidget(self._names[key], place // 2 * 2, place % 2)
        self._waiting, self._stale = list(self._kinds), list[str]()
        theme.changed.connect(self._dress)
        self._dress()

    def add_charts(self) -> None:
        """Charts can be made now: the first, and the others in turns to come."""
        self._add_next()

    def set_record(self, record: RunRecord) -> None:
        """Shown chart by chart, in turns to come."""
        is_showing, self._stale = bool(self._stale), list(self._kinds)
        self._record = record
        if not is_showing:
            QTimer.singleShot(0, self, self._show_next)

    @Slot()
    def _show_next(self) -> None:
        if self._stale:
            self._show(self._stale.pop(0))
        if self._stale:
            QTimer.singleShot(0, self, self._show_next)

    @Slot()
    def _add_next(self) -> None:
        from gui.widgets.chart import Chart

        if not self._waiting:
            return
        key = self._waiting.pop(0)
        name, _tip, words, _of = self._kinds[key]
        axis = self._axis
        self.charts[key] = Chart(
            self.theme,
            name,
            words,
            HEIGHT_PX,
            self,
            _AXES.get(key),
            axis.words,
            snaps=axis.snaps,
            x_axis_words=axis.tick,
        )
        place = list(self._kinds).index(key)
        self._grid.addWidget(self.charts[key], place // 2 * 2 + 1, place % 2)
        self._show(key)
        QTimer.singleShot(0, self, self._add_next)

    def _show(self, key: str) -> None:
        from gui.widgets.chart_math import finite

        record = self._record
        if record is None:
            return
        name, _tip, words, of = self._kinds[key]
        x, y = finite(self._axis.of(record, record.steps), of(record))
        self._names[key].setText(f"{name}  {words(float(y[-1]))}" if len(y) else name)
        chart = self.charts.get(key)
        if chart is not None:
            from gui.widgets.chart import ChartLine

            chart.set_end(self._axis.end(record))
            chart.set_lines([ChartLine(name, x, y, SERIES)])

    @Slot()
    def _dress(self) -> None:
        self._grid.setHorizontalSpacing(self.theme.px(16))
        self._grid.setVerticalSpacing(self.theme.px(2))


Kind = tuple[str, str, Callable[[float], str], "Callable[[RunRecord], Figures]"]


def _kinds() -> dict[str, Kind]:
    """key -> name, what it means, a value in words, where it stands in a record."""
    return {
        "rate": (
            tr("Learning rate"),
            tr("The size of each step; it rises at first, then falls"),
            rate_text,
            lambda record: record.learning_rates,
        ),
        "norm": (
            tr("Gradient norm"),
            tr("How strongly a step pulls at the weights; a sudden peak means trouble"),
            lambda value: f"{value:.2f}",
            lambda record: record.grad_norms,
        ),
        "speed": (
            tr("Speed"),
            tr("Tokens learned from per second; padding does not count"),
            speed_text,
            lambda record: record.tokens_per_s,
        ),
        "memory": (
            tr("Memory"),
            tr("What the run’s process holds"),
            gb_text,
            lambda record: record.memory_bytes,
        ),
    }
