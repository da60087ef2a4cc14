"""The panel of the surprise map: what the colours mean, the totals, the bits added up over the
text, how far the model has come, and what is missing where it cannot be asked.
"""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.process.token_messages import Surprise
from gui.tokens.link_note import LinkNote
from gui.tokens.model_link import link_of
from gui.tokens.panel import TokensPanel
from gui.tokens.parts import TokensParts
from gui.tokens.surprise import cumulative_bits, facts, map_of
from gui.tokens.surprise_chart import SurpriseChart
from gui.tokens.surprise_switch import SurpriseLegend
from gui.tokens.words import tr
from gui.widgets.kinds import button, label


class SurprisePanel(TokensPanel):
    """Follows the map; a chosen token's figures stand at its foot."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        self.setProperty("kind", "page")
        self.map = map_of(parts)
        theme = parts.context.theme
        self.note = LinkNote(link_of(parts), self)
        self.legend = SurpriseLegend(theme, self)
        self.bar = QProgressBar(self)
        self.stop = button(tr("Stop"), "chip", tr("Ask the model for no more of this text"))
        self.start = button("", "chip")
        self.words = label("", "dim", wrap=True)
        self.chart = SurpriseChart(theme, self)
        self.foot = label("", "faint", wrap=True)
        self._lay_out()
        self.bar.setAccessibleName(tr("How much of the text the model has read"))
        self.stop.clicked.connect(self.map.stop)
        self.start.clicked.connect(self._on_start)
        self.chart.token_asked.connect(parts.state.choose_token)
        parts.state.token_chosen.connect(self._on_chosen)
        self.map.changed.connect(self._show)
        self._show()

    def on_shown(self) -> None:
        self._show()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.legend)
        row.addWidget(self.bar, 1)
        row.addStretch(1)
        row.addWidget(self.stop)
        row.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addLayout(row)
        column.addWidget(self.words)
        column.addWidget(self.chart)
        column.addWidget(self.foot)
        column.addStretch(1)

    # ---- showing ----

    @Slot()
    def _show(self) -> None:
        surprise = self.map
        is_running = surprise.status == "running"
        self.bar.setVisible(is_running)
        self.stop.setVisible(surprise.status in ("running", "waiting"))
        self.bar.setRange(0, max(1, len(surprise.logprobs)))
        self.bar.setValue(surprise.n_told)
        self._show_start()
        self.words.setText(self._status_words())
        if not self.isVisible():
            return
        known = surprise.logprobs[: surprise.n_told]
        self.chart.setVisible(len(known) > 0)
        self.chart.set_totals(cumulative_bits(known), len(surprise.logprobs))
        self._on_chosen(self.parts.state.chosen)

    def _show_start(self) -> None:
        words = {
            "off": tr("Colour the text"),
            "stopped": tr("Go on"),
            "failed": tr("Try again"),
        }.get(self.map.status, "")
        self.start.setVisible(bool(words))
        self.start.setText(words)
        self.start.setAccessibleName(words)
        self.start.setToolTip(tr("Ask the model how likely each token of the text is"))

    def _status_words(self) -> str:
        surprise = self.map
        if surprise.total is not None:
            return total_words(surprise.total)
        n_told, n_tokens = f"{surprise.n_told:,}", f"{len(surprise.logprobs):,}"
        return {
            "off": tr("The surprise map colours each token by how probable it was."),
            "waiting": tr("The model reads the text when it is left alone for a moment."),
            "running": tr("{n} of {all} tokens").format(n=n_told, all=n_tokens),
            "stopped": tr("Stopped after {n} tokens.").format(n=n_told),
            "failed": surprise.failure,
        }.get(surprise.status, "")

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self.chart.set_chosen(index)
        known = facts(self.parts.state.probabilities, index)
        self.foot.setText(" · ".join(f"{name}: {value}" for name, value in known))

    @Slot()
    def _on_start(self) -> None:
        if self.map.is_on:
            self.map.resume()
        else:
            self.map.set_on(True)


def total_words(total: Surprise) -> str:
    """The totals in one line: the figures that `bathysphere score` prints."""
    if not total.n_tokens:
        return tr("Nothing stands before this text’s tokens, so nothing can be said of them.")
    words = tr("{bits} bits over {n} tokens · perplexity {perplexity} · {per_byte} bits per byte")
    told = words.format(
        bits=f"{total.bits:,.1f}",
        n=f"{total.n_tokens:,}",
        perplexity=f"{total.perplexity:,.1f}",
        per_byte=f"{total.bits_per_byte:.2f}",
    )
    if not total.seen_at_least:
        return told
    seen = tr("longer than the context: each told from at least {n} tokens before it")
    return f"{told} · {seen.format(n=f'{total.seen_at_least:,}')}"
