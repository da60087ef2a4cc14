"""Which rows are kept aside to measure what was learned, and what is learned of a conversation."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from engine.process.tune_messages import ReadRows, RowPage
from finetune.config import help_of
from gui.theme import Theme
from gui.tune.row_words import rows_text
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, label

MOST_PERCENT = 50
SETTLE_MS = 150
SLIDER_PX = 150


class SplitStrip(FlowPane):
    """Changes the draft's data.validation and data.learn_from."""

    def __init__(self, theme: Theme, desk: RowsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._desk, self._state = theme, desk, desk.parts.state
        self._job = 0
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self._count)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.words = label("", "dim")
        self.share_button = button(
            tr("Keep a share aside instead"), "chip", tr("Rows of this dataset measure the run")
        )
        self.learn_from = Choice(
            [
                ("all", tr("all answers")),
                ("last", tr("the last one")),
                ("marked", tr("what is marked")),
            ]
        )
        self._lay_out()
        self.slider.valueChanged.connect(self._on_moved)
        self.share_button.clicked.connect(self._on_share)
        self.learn_from.changed.connect(self._on_learn_from)
        self._state.draft_changed.connect(self.show_draft)
        self._state.dataset_changed.connect(self._on_rows)
        theme.changed.connect(self._dress)
        self._dress()
        self.show_draft()
        self._on_rows()

    def _lay_out(self) -> None:
        self.slider.setRange(0, MOST_PERCENT)
        self.slider.setAccessibleName(tr("Share of rows kept aside, in percent"))
        self.slider.setToolTip(
            tr(
                "Rows kept aside are never learned from: the loss on them tells whether the model "
                "learned or only remembers. Which ones goes by their content, so it stays"
            )
        )
        tips = {
            "all": tr("Every answer of a conversation, with its end token"),
            "last": tr("Only the last answer; those before it are read"),
            "marked": tr("Messages whose own mark says “learn”"),
        }
        for key, one in self.learn_from.buttons.items():
            one.setToolTip(tips[key])
        self._flow = FlowLayout(self)
        self._flow.addWidget(_pair(label(tr("Kept aside"), "dim"), self.slider, self.words))
        self._flow.addWidget(self.share_button)
        learned = label(tr("Learned"), "dim")
        learned.setToolTip(help_of("data.learn_from"))
        self._flow.addWidget(learned)
        self._flow.addWidget(self.learn_from)

    @Slot()
    def show_draft(self) -> None:
        """Show what the draft says."""
        data = self._state.draft.data
        is_share = isinstance(data.validation, float)
        with QSignalBlocker(self.slider):
            percent = round(100 * data.validation) if isinstance(data.validation, float) else 0
            self.slider.setValue(percent)
        self.slider.setEnabled(is_share)
        self.share_button.setVisible(not is_share)
        self.learn_from.set_value(data.learn_from)
        if not is_share:
            self.words.setText(tr("a file of its own: {path}").format(path=data.validation))
        else:
            self._timer.start()

    @Slot()
    def _on_rows(self) -> None:
        self._timer.start()

    @Slot()
    def _count(self) -> None:
        """Ask how many rows that is."""
        info, share = self._desk.info, self._state.draft.data.validation
        self._desk.parts.worker.cancel(self._job)
        self._job = 0
        if info is None or not isinstance(share, float):
            return
        self._job = self._desk.ask(
            lambda job: ReadRows(
                job=job, dataset=info.id, count=0, only="validation", validation=share
            ),
            self._on_counted,
        )

    def _on_counted(self, page: RowPage) -> None:
        self._job = 0
        percent = self.slider.value()
        words = tr("{percent} %: {rows}").format(percent=percent, rows=rows_text(page.n_total))
        self.words.setText(words)
        self.slider.setAccessibleDescription(words)

    @Slot(int)
    def _on_moved(self, percent: int) -> None:
        self._state.change(data__validation=percent / 100)

    @Slot()
    def _on_share(self) -> None:
        self._state.change(data__validation=0.1)

    @Slot(str)
    def _on_learn_from(self, key: str) -> None:
        self._state.change(data__learn_from=key)

    def close_timers(self) -> None:
        """The window is closing."""
        self._timer.stop()

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.slider.setFixedWidth(px(SLIDER_PX))
        self._flow.setContentsMargins(px(16), px(6), px(16), px(6))
        self._flow.setSpacing(px(16))
        self.fit()


def _pair(*parts: QWidget) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for part in parts:
        row.addWidget(part)
    return box
