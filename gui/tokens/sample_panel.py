"""The table of samples below the comparison: what languages and code cost with each tokenizer.
Counts in the background; what is counted once is not asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHeaderView, QTableView, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.token_messages import Counts, CountTokens
from gui.tokens.parts import TokensParts
from gui.tokens.sample_model import FIGURES, Figure, SampleTable
from gui.tokens.samples import read_samples
from gui.tokens.words import tr
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, caps, label


class SamplePanel(QFrame):
    """Heading, choice of the figure, table, ways to copy it."""

    sample_chosen = Signal(str)  # a text to compare on

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._job = self._run = 0
        self._known: dict[str, list[int]] = {}
        self._problems: dict[str, str] = {}
        self._sources: list[str] = []
        self._names: list[str] = []
        self.model = SampleTable(parts.context.theme, read_samples(), self)
        self.figures = Choice(
            [
                ("tokens", tr("Tokens")),
                ("bytes", tr("Bytes per token")),
                ("english", tr("Against English")),
            ]
        )
        self.csv_button = button(
            tr("Copy CSV"), "chip", tr("Copy all figures as comma-separated values")
        )
        self.markdown_button = button(
            tr("Copy Markdown"), "chip", tr("Copy all figures as a table in Markdown")
        )
        self.note = label("", "faint", wrap=True)
        self.table = QTableView(self)
        self._dress_table()
        self._lay_out()
        self.figures.set_value("tokens")
        self.figures.changed.connect(self._on_figure_chosen)
        self.csv_button.clicked.connect(lambda: _copy(self.model.as_csv()))
        self.markdown_button.clicked.connect(lambda: _copy(self.model.as_markdown()))
        self.table.activated.connect(self._on_activated)
        self._say()

    @property
    def is_settled(self) -> bool:
        return not self._job

    @property
    def figure(self) -> Figure:
        return self.model.figure

    def set_figure(self, figure: Figure) -> None:
        self.figures.set_value(figure)
        self._on_figure_chosen(figure)

    def show_sources(self, sources: Sequence[str], names: Sequence[str]) -> None:
        """Compare these tokenizers; count with those that are not known yet."""
        self._sources, self._names = list(sources), list(names)
        self._show()
        self._problems = {one: why for one, why in self._problems.items() if one in sources}
        self._run += 1
        self._parts.worker.cancel(self._job)
        self._ask_next()

    def stop(self) -> None:
        """Count no more."""
        self._run += 1
        self._parts.worker.cancel(self._job)
        self._job = 0

    # ---- counting ----

    def _ask_next(self) -> None:
        self._job = 0
        open_ = (one for one in self._sources if one not in self._known | self._problems)
        source = next(open_, None)
        if source is not None:
            texts = [one.text for one in self.model.samples]
            self._job = self._parts.worker.ask(
                lambda job: CountTokens(job=job, source=source, texts=texts),
                partial(self._on_counted, self._run, source),
                partial(self._on_failed, self._run, source),
            )
        self._say()

    def _on_counted(self, run: int, source: str, counts: Counts) -> None:
        self._known[source] = list(counts.n_tokens)
        if run == self._run:
            self._show()
            self._ask_next()

    def _on_failed(self, run: int, source: str, failed: Failed) -> None:
        if run == self._run:
            self._problems[source] = failed.message
            self._ask_next()

    def _show(self) -> None:
        self.model.set_columns(self._names, [self._known.get(one) for one in self._sources])

    def _say(self) -> None:
        """What the figure means, or why something is missing."""
        words = {
            "tokens": tr("Fewer is cheaper. ▲ best of the row, ▼ worst."),
            "bytes": tr("More is cheaper. ▲ best of the row, ▼ worst."),
            "english": tr(
                "How many times the tokens of the English story the same story takes: what "
                "other languages pay. ▲ best of the row, ▼ worst."
            ),
        }
        counting = tr("Counting…") if self._job else ""
        self.note.setText(" ".join(filter(None, [words[self.figure], counting, *self._why()])))

    def _why(self) -> list[str]:
        return sorted(set(self._problems.values()))

    # ---- slots ----

    @Slot(str)
    def _on_figure_chosen(self, figure: str) -> None:
        self.model.set_figure(next(one for one in FIGURES if one == figure))
        self._say()

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.sample_chosen.emit(self.model.sample_at(index.row()).text)

    # ---- building ----

    def _dress_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setSortingEnabled(True)
        table.horizontalHeader().setSortIndicatorClearable(True)
        table.horizontalHeader().setSortIndicator(-1, self.model.sorted_order)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setAccessibleName(tr("What each sample costs with each tokenizer"))
        table.setToolTip(
            tr(
                "A click on a heading sorts; Enter or a double click on a row compares the "
                "tokenizers on its text"
            )
        )
        self._fit_rows()
        self._parts.context.theme.changed.connect(self._fit_rows)

    @Slot()
    def _fit_rows(self) -> None:
        self.table.verticalHeader().setDefaultSectionSize(self._parts.context.theme.px(26))

    def _lay_out(self) -> None:
        self.setProperty("kind", "work")
        head = FlowLayout()
        head.addWidget(caps(tr("Languages and code")))
        head.addWidget(self.figures)
        head.addWidget(self.csv_button)
        head.addWidget(self.markdown_button)
        column = QVBoxLayout(self)
        px = self._parts.context.theme.px
        column.setContentsMargins(px(12), px(8), px(12), px(8))
        column.setSpacing(px(4))
        head.setSpacing(px(6))
        column.addLayout(head)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
