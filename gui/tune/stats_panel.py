"""What a dataset is like for the base: how long its rows are, how many tokens are learned, who
speaks, in which scripts, what repeats.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.process.tune_messages import DatasetStats
from gui.theme import Theme
from gui.tokens.vocabulary import array_of
from gui.tune.check_note import CheckNote
from gui.tune.length_bars import length_bars
from gui.tune.parts import TuneParts
from gui.tune.row_words import count, role_text, rows_text, tokens_text
from gui.tune.rows_check import check_of
from gui.tune.words import tr
from gui.widgets.bar_chart import BarChart
from gui.widgets.kinds import caps, label


class StatsPanel(QScrollArea):
    """Follows the state; has the rows checked when it is shown."""

    def __init__(self, theme: Theme, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._parts = theme, parts
        self.facts: dict[str, QLabel] = {}
        self._names: dict[str, QLabel] = {}
        self.note = CheckNote(theme, parts)
        self.chart = BarChart(theme, tr("Lengths of the rows, in tokens"))
        self._lay_out()
        parts.state.checked_changed.connect(self.show_stats)
        theme.changed.connect(self._dress)
        self._dress()
        self.show_stats()

    def look(self) -> None:
        check_of(self._parts).want()

    @Slot()
    def show_stats(self) -> None:
        checked = self._parts.state.checked
        self._body.setVisible(checked is not None)
        if checked is None:
            if self.isVisible():
                self.look()
            return
        stats, max_length = checked.stats, self._parts.state.draft.train.max_length
        bars = length_bars(array_of(stats.lengths).astype(np.int32))
        mark_words = tr("{n} tokens of a row at most").format(n=f"{max_length:,}")
        self.chart.set_bars(bars, float(max_length), mark_words)
        facts = stats_facts(stats)
        for at, (name, (words, tip)) in enumerate(facts.items()):
            self._show_fact(at, name, words, tip)
        for name in self.facts.keys() - facts.keys():
            self.facts[name].hide()
            self._names[name].hide()

    def _show_fact(self, at: int, name: str, words: str, tip: str) -> None:
        if name not in self.facts:
            self._names[name] = label(name, "dim")
            self.facts[name] = label("", wrap=True)
            self.facts[name].setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            self._grid.addWidget(self._names[name], at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self.facts[name], at, 1)
        for one in (self._names[name], self.facts[name]):
            one.setToolTip(tip)
            one.show()
        self.facts[name].setText(words)
        self.facts[name].setAccessibleName(f"{name}: {words}")

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setProperty("kind", "page")
        self._body = QWidget()
        self._body.setProperty("kind", "page")
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(caps(tr("Lengths of the rows, in tokens")))
        inner.addWidget(self.chart)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        inner.addLayout(self._grid)
        self._inner = inner
        self._column = QVBoxLayout(page)
        self._column.addWidget(self.note)
        self._column.addWidget(self._body)
        self._column.addStretch(1)
        self.setWidget(page)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(10), px(16), px(16))
        self._column.setSpacing(px(10))
        self._inner.setSpacing(px(8))
        self._grid.setHorizontalSpacing(px(20))
        self._grid.setVerticalSpacing(px(6))


def stats_facts(stats: DatasetStats) -> dict[str, tuple[str, str]]:
    """name -> what is so, and what that means."""
    lengths = array_of(stats.lengths)
    n_training = stats.n_rows - stats.n_validation
    split = tr("{all} · {training} learned from, {aside} kept aside").format(
        all=rows_text(stats.n_rows), training=f"{n_training:,}", aside=f"{stats.n_validation:,}"
    )
    facts = {
        tr("Rows"): (split, tr("Rows kept aside measure what was learned")),
        tr("Tokens"): (tokens_text(stats.n_tokens), tr("After the base’s template")),
        tr("Learned"): (
            _share(stats.n_learned, stats.n_tokens),
            tr("Tokens that the model is to predict; all others are only read"),
        ),
    }
    if len(lengths):
        words = tr("{least} to {most}, half of them under {middle}").format(
            least=f"{int(lengths.min()):,}",
            most=f"{int(lengths.max()):,}",
            middle=f"{int(np.median(lengths.astype(np.float64))):,}",
        )
        facts[tr("Lengths")] = (words, tr("Tokens of a row"))
    if stats.n_rows_cut:
        words = tr("{tokens} of {rows}").format(
            tokens=tokens_text(stats.n_cut), rows=rows_text(stats.n_rows_cut)
        )
        facts[tr("Cut")] = (words, tr("What is beyond the longest row that is allowed"))
    facts[tr("Messages")] = (_counts(stats.roles, role_text), tr("Who speaks how often"))
    if stats.scripts:
        facts[tr("Scripts")] = (_counts(stats.scripts, str), tr("Rows by their main script"))
    repeated = count(stats.n_repeated, tr("{n} row"), tr("{n} rows"))
    facts[tr("Repeated")] = (repeated, tr("Rows that say what another says"))
    return facts


def _share(n: int, of: int) -> str:
    share = 100 * n / of if of else 0.0
    return tr("{tokens} ({share} %)").format(tokens=tokens_text(n), share=f"{share:.0f}")


def _counts(counts: dict[str, int], name: Callable[[str], str]) -> str:
    most_first = sorted(counts.items(), key=lambda one: -one[1])
    return " · ".join(f"{name(key)} {n:,}" for key, n in most_first) or "–"
