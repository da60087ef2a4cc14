"""The compare page: one text by two to four tokenizers, and a table over samples of languages and
code. The text is the text page's, or one typed here.
"""

from __future__ import annotations

from functools import partial

from msgspec import Struct
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from gui.tokens.compare_column import CompareColumn
from gui.tokens.compare_run import Comparison
from gui.tokens.compare_text import alone
from gui.tokens.kept_file import KeptFile
from gui.tokens.parts import TokensPage, TokensParts
from gui.tokens.sample_model import Figure
from gui.tokens.sample_panel import SamplePanel
from gui.tokens.state import STARTER
from gui.tokens.tokenizer_menu import source_name
from gui.tokens.tokenizer_popup import choose_tokenizer
from gui.tokens.words import tr
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, frame

DELAY_MS = 150
FEWEST, MOST = 2, 4
KEPT_LETTERS = 100_000
OWN_LINES = 4
SPLITTER = "tokens-compare"
FIRST_SOURCES = (STARTER, "o200k_base", "cl100k_base")
FIRST_TEXT = "The pressure at 1,025 m is about 103 bar. 深海 is Japanese for deep sea 🐙"


class KeptComparison(Struct, frozen=True):
    """What is on the page next time."""

    sources: tuple[str, ...] = FIRST_SOURCES
    text: str = FIRST_TEXT
    uses_own: bool = False
    is_stacked: bool = False
    figure: Figure = "tokens"


class ComparePage(TokensPage):
    """text | columns / table."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        context = parts.context
        path, tell = context.paths.home / "tokens_compare.json", context.notices.show_failure
        self.kept = KeptFile(path, KeptComparison(), tell, self)
        self.comparison = Comparison(parts.worker, self)
        self.columns: list[CompareColumn] = []
        self.whose = Choice([("shared", tr("The text page’s text")), ("own", tr("A text here"))])
        self.way = Choice([("beside", tr("Side by side")), ("below", tr("Stacked"))])
        self.add_button = button(
            tr("Add a tokenizer"), "chip", tr("Compare one more, up to four at a time")
        )
        self.edit = QPlainTextEdit(self)
        self.board = QSplitter(self)
        self.samples = SamplePanel(parts, self)
        self._is_stale = True
        self._in_table: tuple[list[str], list[str]] = ([], [])
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self._compare)
        self._explain()
        self._lay_out()
        self._begin_with(self.kept.value)
        self._connect()

    @property
    def is_settled(self) -> bool:
        """Nothing is on its way."""
        return (
            not self._timer.isActive()
            and not self._is_stale
            and self.comparison.is_settled
            and self.samples.is_settled
        )

    @property
    def sources(self) -> list[str]:
        return [one.source for one in self.comparison.all]

    def text(self) -> str:
        """The text that is compared on."""
        if self.whose.value == "own":
            return self.edit.toPlainText()
        return self.parts.state.document.text.text()

    def on_shown(self) -> None:
        if self._is_stale:
            self._timer.start(0)

    def save_state(self) -> None:
        self._timer.stop()
        self.comparison.stop()
        self.samples.stop()
        settings = self.parts.context.settings
        settings.change(
            splitters={**settings.value.splitters, SPLITTER: self.halves.sizes()},
        )
        self._keep()
        self.kept.flush()

    # ---- comparing ----

    @Slot()
    def _on_text_changed(self) -> None:
        """Another text; looked at when it is still for a moment and the page is seen."""
        self._is_stale = True
        if self.isVisible():
            self._timer.start()

    @Slot()
    def _compare(self) -> None:
        self._is_stale = False
        self._keep()
        self.comparison.set_text(self.text())
        self._show_samples()

    def set_sources(self, sources: list[str]) -> None:
        """Compare these, in this order."""
        self.comparison.set_sources(sources)
        while len(self.columns) > len(sources):
            self._drop_column()
        while len(self.columns) < len(sources):
            self._add_column()
        for place in range(len(sources)):
            self._show_column(place)
        self.add_button.setEnabled(len(sources) < MOST)
        for column in self.columns:
            column.remove.setEnabled(len(sources) > FEWEST)
        self._on_text_changed()
        self._keep()

    @Slot(int)
    def _show_column(self, place: int) -> None:
        all_ = self.comparison.all
        first = all_[0].cut if place else None
        self.columns[place].show_compared(all_[place], first)

    @Slot()
    def _on_finished(self) -> None:
        """All have the text: now it can be said what differs."""
        cuts = [one.cut for one in self.comparison.all]
        for place in range(len(cuts)):
            self._show_column(place)
        known = [cut for cut in cuts if cut is not None]
        marks = iter(alone(known))
        for column, cut in zip(self.columns, cuts, strict=True):
            column.show_alone(next(marks) if cut is not None else b"")
        self._show_samples()

    def _show_samples(self) -> None:
        names = [
            one.info.name if one.info is not None else source_name(one.source)
            for one in self.comparison.all
        ]
        if (self.sources, names) != self._in_table:
            self._in_table = (self.sources, names)
            self.samples.show_sources(self.sources, names)

    # ---- columns ----

    def _add_column(self) -> None:
        column = CompareColumn(self.parts.context.theme, self.board)
        column.choose_asked.connect(partial(self._on_choose_asked, column))
        column.remove_asked.connect(self._on_remove_asked)
        column.moved.connect(self._on_moved)
        self.columns.append(column)
        self.board.addWidget(column)
        column.show()

    def _drop_column(self) -> None:
        column = self.columns.pop()
        column.setParent(None)
        column.deleteLater()

    def _on_choose_asked(self, column: CompareColumn, asker: QWidget) -> None:
        def put(source: str) -> None:
            sources = self.sources
            sources[self.columns.index(column)] = source
            self.set_sources(sources)

        choose_tokenizer(self.parts, asker, self.sources[self.columns.index(column)], put)

    @Slot(QWidget)
    def _on_remove_asked(self, column: CompareColumn) -> None:
        sources = self.sources
        del sources[self.columns.index(column)]
        self.set_sources(sources)

    @Slot()
    def _on_add_asked(self) -> None:
        def add(source: str) -> None:
            self.set_sources([*self.sources, source])

        choose_tokenizer(self.parts, self.add_button, "", add)

    @Slot(QWidget, int)
    def _on_moved(self, leader: CompareColumn, place: int) -> None:
        for column in self.columns:
            if column is not leader:
                column.follow(place)

    # ---- what a person chooses ----

    @Slot(str)
    def _on_whose_chosen(self, whose: str) -> None:
        self.edit.setVisible(whose == "own")
        self._on_text_changed()
        if whose == "own":
            self.edit.setFocus()

    @Slot(str)
    def _on_way_chosen(self, way: str) -> None:
        beside, below = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.board.setOrientation(beside if way == "beside" else below)
        self._keep()

    @Slot(str)
    def use_text(self, text: str) -> None:
        """Compare on this text, of this page's own."""
        self.whose.set_value("own")
        self.edit.setPlainText(text)
        self._on_whose_chosen("own")

    def _keep(self) -> None:
        own = self.edit.toPlainText()
        kept = KeptComparison(
            tuple(self.sources),
            own if len(own) <= KEPT_LETTERS and _is_text(own) else self.kept.value.text,
            self.whose.value == "own",
            self.way.value == "below",
            self.samples.figure,
        )
        self.kept.keep(kept)

    def _begin_with(self, kept: KeptComparison) -> None:
        self.edit.setPlainText(kept.text)
        self.whose.set_value("own" if kept.uses_own else "shared")
        self.edit.setVisible(kept.uses_own)
        self.way.set_value("below" if kept.is_stacked else "beside")
        if kept.is_stacked:
            self.board.setOrientation(Qt.Orientation.Vertical)
        self.samples.set_figure(kept.figure)
        sources = kept.sources[:MOST]
        self.set_sources(list(sources if len(sources) >= FEWEST else FIRST_SOURCES))

    # ---- building ----

    def _explain(self) -> None:
        self.whose.setToolTip(
            tr("Compare on what stands in the text page, or on a text of this page’s own")
        )
        self.way.setToolTip(tr("The tokenizers beside one another, or below one another"))
        self.edit.setPlaceholderText(tr("A text to compare the tokenizers on"))
        self.edit.setAccessibleName(tr("Text to compare on"))
        self.edit.setToolTip(tr("What you type here stays on this page"))
        self.edit.setTabChangesFocus(True)
        self.board.setChildrenCollapsible(False)
        self.board.setHandleWidth(1)

    def _lay_out(self) -> None:
        theme = self.parts.context.theme
        top = frame("work", self)
        tools = FlowLayout()
        tools.setSpacing(theme.px(10))
        tools.addWidget(self.whose)
        tools.addWidget(self.way)
        tools.addWidget(self.add_button)
        head = QVBoxLayout(top)
        head.setContentsMargins(theme.px(12), theme.px(8), theme.px(12), theme.px(4))
        head.addLayout(tools)
        head.addWidget(self.edit)
        self.halves = QSplitter(Qt.Orientation.Vertical, self)
        self.halves.addWidget(self.board)
        self.halves.addWidget(self.samples)
        self.halves.setHandleWidth(1)
        sizes = self.parts.context.settings.value.splitters.get(SPLITTER, [])
        self.halves.setSizes(sizes if len(sizes) == 2 else [420, 260])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top)
        column.addWidget(self.halves, 1)
        self._fit_edit()

    @Slot()
    def _fit_edit(self) -> None:
        line = self.edit.fontMetrics().lineSpacing()
        self.edit.setFixedHeight(OWN_LINES * line + self.parts.context.theme.px(22))

    def _connect(self) -> None:
        self.parts.state.text_changed.connect(self._on_shared_changed)
        self.edit.textChanged.connect(self._on_text_changed)
        self.whose.changed.connect(self._on_whose_chosen)
        self.way.changed.connect(self._on_way_chosen)
        self.add_button.clicked.connect(self._on_add_asked)
        self.comparison.told.connect(self._show_column)
        self.comparison.finished.connect(self._on_finished)
        self.samples.sample_chosen.connect(self.use_text)
        self.samples.figures.changed.connect(lambda _: self._keep())
        self.parts.context.theme.changed.connect(self._fit_edit)

    @Slot()
    def _on_shared_changed(self) -> None:
        if self.whose.value == "shared":
            self._on_text_changed()


def _is_text(text: str) -> bool:
    """Whether it holds no half of a character, which no file can keep."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
