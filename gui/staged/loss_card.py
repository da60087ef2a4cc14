"""The loss as it falls: training, smoothed as wished, and validation; other runs over it; the best
step marked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QLabel, QSlider, QWidget

from gui.chat.wheel_guard import WheelGuard
from gui.run_record import RunRecord
from gui.staged.cards import Card
from gui.staged.progress_words import loss_text
from gui.staged.run_axis import RunAxis
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, label

if TYPE_CHECKING:
    from gui.widgets.chart import Chart, ChartLine
    from gui.widgets.chart_math import Smoother

HEIGHT_PX = 250
TRAIN, VALIDATION, FIRST_OTHER = 0, 1, 2  # of the palette's series


def _as_it_is(_record: RunRecord) -> float:
    return 1.0


class LossKind(Struct, frozen=True):
    """How the losses of a kind of run are told.

    scale: from nats per token to what is shown; nan while that is not known. name: of the chart,
    for a reader. train, held_out: the curves' names, with what they mean.
    """

    title: str
    name: str
    train: str
    train_tip: str
    held_out: str
    held_out_tip: str
    axis: RunAxis = RunAxis()
    scale: Callable[[RunRecord], float] = _as_it_is


def tuning_loss() -> LossKind:
    """Of a fine-tuning: nats per learned token over steps."""
    return LossKind(
        title=tr("Loss"),
        name=tr("Loss over steps; arrow keys read the values"),
        train=tr("train"),
        train_tip=tr("How wrong the last step’s answers were, per learned token"),
        held_out=tr("validation"),
        held_out_tip=tr(
            "The same on rows that are never learned: when it rises while training falls, the "
            "model learns by heart"
        ),
    )


class LossCard(Card):
    """Shows records; asks which other runs to lay over it."""

    overlay_asked = Signal()
    look_changed = Signal(int, bool)  # smoothing in per cent, whether the axis is logarithmic

    def __init__(
        self, theme: Theme, kind: LossKind | None = None, parent: QWidget | None = None
    ) -> None:
        self._kind = kind or tuning_loss()
        super().__init__(theme, self._kind.title, parent)
        self.chart: Chart | None = None
        self._record: RunRecord | None = None
        self._others: list[tuple[str, RunRecord]] = []
        self.train, self.validation = label(""), label("")
        self.train.setToolTip(self._kind.train_tip)
        self.validation.setToolTip(self._kind.held_out_tip)
        self._figures = FlowLayout()
        for part in (self.title, self.train, self.validation):
            self._figures.addWidget(part)
        pane = FlowPane()
        pane.setLayout(self._figures)
        self.head.insertWidget(0, pane, 2)
        self.waiting = label("", "dim", wrap=True)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.log = QCheckBox(tr("Logarithmic"))
        self.overlay = button(
            tr("Lay runs over it…"), "link", tr("Draw other runs’ losses on the same chart")
        )
        self._legend: list[QLabel] = []
        self._smoothers: dict[str, Smoother] = {}  # by the run's folder
        self._tools = FlowLayout()
        self._set_up()
        theme.changed.connect(self._dress)
        self._dress()

    def add_chart(self) -> None:
        """Charts can be made now."""
        from gui.widgets.chart import Chart

        axis = self._kind.axis
        self.chart = Chart(
            self.theme,
            self._kind.name,
            loss_text,
            HEIGHT_PX,
            self,
            x_words=axis.words,
            snaps=axis.snaps,
            x_axis_words=axis.tick,
        )
        self.column.insertWidget(1, self.chart)
        self._show()

    def set_records(self, record: RunRecord, others: Sequence[tuple[str, RunRecord]]) -> None:
        """The run, and others by name."""
        self._record, self._others = record, list(others)
        self._show()

    def set_waiting(self, words: str) -> None:
        """What is done while there is no loss yet; "" once there is."""
        self.waiting.setText(words)
        self.waiting.setVisible(bool(words))

    def set_look(self, smoothing: int, *, is_log: bool) -> None:
        """As it was looked at before; nothing is told."""
        with QSignalBlocker(self.smoothing), QSignalBlocker(self.log):
            self.smoothing.setValue(smoothing)
            self.log.setChecked(is_log)
        self._show()

    # ---- showing ----

    def _show(self) -> None:
        record = self._record
        if record is None:
            return
        self._show_figures(record)
        if self.chart is None:
            return
        self.chart.set_log(self.log.isChecked())
        axis, best = self._kind.axis, record.best_step
        self.chart.set_end(axis.end(record))
        at = best * axis.per_step(record)
        self.chart.set_mark(at if best > 0 else None, self.note.text())
        self.chart.set_lines(self._lines(record))

    def _show_figures(self, record: RunRecord) -> None:
        kind, scale = self._kind, self._kind.scale(record)
        for part, name, losses in (
            (self.train, kind.train, record.losses),
            (self.validation, kind.held_out, record.validation_losses),
        ):
            last = scale * float(losses[-1]) if len(losses) else math.nan
            part.setText(f"{name} {loss_text(last)}")
        best = record.best_step
        self.note.setText(tr("best: step {step}").format(step=f"{best:,}") if best >= 0 else "")
        self._show_legend()

    def _lines(self, record: RunRecord) -> list[ChartLine]:
        from gui.widgets.chart import ChartLine

        kind = self._kind
        lines = self._train_lines(record, kind.train, TRAIN, has_raw=True)
        x = kind.axis.of(record, record.validation_steps)
        y = kind.scale(record) * record.validation_losses
        lines.append(ChartLine(kind.held_out, x, y, VALIDATION, 2.0, has_dots=True))
        for place, (name, other) in enumerate(self._others):
            lines += self._train_lines(other, name, FIRST_OTHER + place, has_raw=False)
        return lines

    def _train_lines(
        self, record: RunRecord, name: str, series: int, *, has_raw: bool
    ) -> list[ChartLine]:
        from gui.widgets.chart import ChartLine
        from gui.widgets.chart_math import Smoother, finite

        x = self._kind.axis.of(record, record.steps)
        steps, losses = finite(x, self._kind.scale(record) * record.losses)
        amount = _decay(self.smoothing.value())
        smoother = self._smoothers.setdefault(record.path, Smoother())
        smooth = ChartLine(name, steps, smoother.of(losses, amount), series, 2.0)
        if not has_raw or not amount:
            return [smooth]
        return [ChartLine(name, steps, losses, series, 1.0, is_faint=True), smooth]

    def _show_legend(self) -> None:
        names = [name for name, _ in self._others]
        while len(self._legend) < len(names):
            self._legend.append(label("", "faint"))
            self._tools.addWidget(self._legend[-1])
            self._colour()
        for one, name in zip(self._legend, names, strict=False):
            one.setText(f"— {name}")
            one.show()
        for one in self._legend[len(names) :]:
            one.hide()

    # ---- building ----

    def _set_up(self) -> None:
        self.smoothing.setRange(0, 99)
        self.smoothing.setAccessibleName(tr("Smoothing"))
        self.smoothing.setToolTip(
            tr(
                "How much of the curve’s past goes into each point: steps differ by chance, their "
                "average tells more"
            )
        )
        WheelGuard(self).watch(self.smoothing)
        self.log.setToolTip(tr("A logarithmic axis shows small changes at the end of a run"))
        words = label(tr("Smoothing"), "dim")
        words.setBuddy(self.smoothing)
        for part in (words, self.smoothing, self.log, self.overlay):
            self._tools.addWidget(part)
        self.column.addWidget(self.waiting)
        self.column.addLayout(self._tools)
        self.waiting.hide()
        self.smoothing.valueChanged.connect(self._on_look_changed)
        self.log.toggled.connect(self._on_look_changed)
        self.overlay.clicked.connect(self.overlay_asked)

    @Slot()
    def _on_look_changed(self) -> None:
        self.look_changed.emit(self.smoothing.value(), self.log.isChecked())
        self._show()

    @Slot()
    def _dress(self) -> None:
        self.smoothing.setFixedWidth(self.theme.px(110))
        self._tools.setSpacing(self.theme.px(12))
        self._figures.setSpacing(self.theme.px(12))
        self._colour()

    def _colour(self) -> None:
        series = self.theme.palette.series
        coloured = [(self.train, TRAIN), (self.validation, VALIDATION)]
        coloured += [(one, FIRST_OTHER + place) for place, one in enumerate(self._legend)]
        for one, place in coloured:
            one.setStyleSheet(f"color: {series[place % len(series)]};")


def _decay(value: int) -> float:
    """The slider's per cent as the weight of the past: finer where it is high."""
    return 1.0 - (1.0 - value / 100.0) ** 2 if value else 0.0
