"""The strip above a dataset's rows: its name, its views, what can be done with it as a whole."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from engine.process.tune_messages import DatasetInfo
from gui.icons import icon
from gui.theme import Theme
from gui.tune.row_words import dataset_facts, excerpt
from gui.tune.words import tr
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, label
from gui.widgets.plain_tip import plain_tip

ROWS, DUPLICATES, PROBLEMS, STATS = "rows", "duplicates", "problems", "stats"
NAME_LETTERS = 40


class DataHeader(FlowPane):
    """Hidden while there is no dataset."""

    view_chosen = Signal(str)
    new_row_asked = Signal()
    more_asked = Signal()
    export_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.name = label("", "heading")
        self.views = Choice(
            [
                (ROWS, tr("Rows")),
                (DUPLICATES, tr("Repeated")),
                (PROBLEMS, tr("Problems")),
                (STATS, tr("In numbers")),
            ]
        )
        self.new_row = button(tr("New row"), "chip", tr("Write one more row (Ctrl+Shift+R)"))
        self.more = button(
            tr("More data"), "chip", tr("Bring more rows, or go on with another dataset")
        )
        self.export = button(
            tr("Export"), "chip", tr("Write all rows as a JSONL file of messages, as edited")
        )
        self._explain()
        self._flow = FlowLayout(self)
        for part in (self.name, self.views, self.new_row, self.more, self.export):
            self._flow.addWidget(part)
        self.views.changed.connect(self.view_chosen)
        self.new_row.clicked.connect(self.new_row_asked)
        self.more.clicked.connect(self.more_asked)
        self.export.clicked.connect(self.export_asked)
        theme.changed.connect(self._dress)
        self._dress()

    def _explain(self) -> None:
        tips = {
            ROWS: tr("Every row, to search, edit and delete"),
            DUPLICATES: tr("Rows that say what another says"),
            PROBLEMS: tr("Rows of the file that could not be taken, with their lines"),
            STATS: tr("Lengths, tokens, roles, scripts"),
        }
        for key, one in self.views.buttons.items():
            one.setToolTip(tips[key])

    def show_dataset(self, info: DatasetInfo | None) -> None:
        if info is None:
            return
        self.name.setText(excerpt(info.name, NAME_LETTERS))
        self.name.setToolTip(plain_tip(f"{info.name}\n{dataset_facts(info)}\n{info.path}"))
        words = tr("Problems")
        if info.n_problems:
            words = tr("Problems: {n}").format(n=f"{info.n_problems:,}")
        self.views.buttons[PROBLEMS].setText(words)
        self.fit()

    def show_view(self, key: str) -> None:
        self.views.set_value(key if key in self.views.buttons else "")

    @Slot()
    def _dress(self) -> None:
        px, colour = self._theme.px, self._theme.palette.text_dim
        self.new_row.setIcon(icon("plus", colour))
        self.more.setIcon(icon("folder", colour))
        self.export.setIcon(icon("upload", colour))
        self._flow.setContentsMargins(px(16), px(8), px(16), px(6))
        self._flow.setSpacing(px(8))
        self.fit()
