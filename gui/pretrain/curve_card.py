"""How much text a token holds, by the size of the vocabulary: the curve bends where more tokens buy
little. And the longest tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from engine.process.pretrain_messages import RaisedTokenizer
from gui.pretrain.tokenizer_words import rate_words
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.chart_loading import ChartLoader
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import label

if TYPE_CHECKING:
    from gui.widgets.chart import Chart

HEIGHT_PX = 150
MOST_LONGEST = 24


class CurveCard(Card):
    """The chart is made when its library is loaded."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("How much text a token holds"), parent)
        self.chart: Chart | None = None
        self._info: RaisedTokenizer | None = None
        self.words = label("", "faint", wrap=True)
        self.column.addWidget(self.words)
        self._loader = ChartLoader(self._add_chart, self)

    def _add_chart(self) -> None:
        from gui.widgets.chart import Chart

        self.chart = Chart(
            self.theme,
            tr("Bytes a token by the size of the vocabulary"),
            rate_words,
            HEIGHT_PX,
            self,
            lambda value: f"{value:.1f}",
            lambda x: tr("{n} tokens").format(n=f"{x:,.0f}"),
            snaps=True,
        )
        self.column.insertWidget(1, self.chart)
        self._show()

    def show_tokenizer(self, info: RaisedTokenizer) -> None:
        if info != self._info:
            self._info = info
            self._show()

    def _show(self) -> None:
        info = self._info
        if info is None:
            return
        self.note.setText(rate_words(info.bytes_per_token) if info.bytes_per_token else "")
        self.words.setText(
            tr(
                "Of held-out text: the more bytes a token holds, the fewer steps the model needs "
                "for a sentence, and the further back it can look."
            )
        )
        if self.chart is not None:
            self._draw(self.chart, info)

    def _draw(self, chart: Chart, info: RaisedTokenizer) -> None:
        import numpy as np

        from gui.widgets.chart import ChartLine

        x = np.array([one.n_vocab for one in info.curve], dtype=float)
        y = np.array([one.bytes_per_token for one in info.curve], dtype=float)
        line = ChartLine(tr("holds"), x, y, has_dots=True)
        chart.set_end(float(info.n_vocab))
        chart.set_lines([line] if len(x) else [])


class LongestCard(Card):
    """The longest tokens, each in a chip of text."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("The longest tokens"), parent)
        self._shown: list[str] = []
        self._pane = FlowPane()
        self._flow = FlowLayout(self._pane)
        self._flow.setSpacing(10)
        self.column.addWidget(self._pane)

    def show_longest(self, pieces: list[str]) -> None:
        self.setVisible(bool(pieces))
        if pieces == self._shown:
            return
        self._shown = pieces
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for piece in pieces[:MOST_LONGEST]:
            self._flow.addWidget(label(piece, "mono"))
