"""The strip of figures below the text: tokens, bytes per token, and what a model makes of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.theme import Theme
from gui.tokens.state import TokensState
from gui.tokens.words import tr
from gui.widgets.kinds import label

NONE = "–"
NARROW_PX = 470  # a narrower strip shows words in place of cards


class Card(QFrame):
    """A name and a figure."""

    def __init__(self, theme: Theme, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("kind", "card")
        self.setToolTip(tip)
        self._name = name
        self.name = label(name, "faint")
        self.figure: QLabel = label(NONE, "title")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.name)
        self._column.addWidget(self.figure)
        theme.changed.connect(self._dress)
        self._dress()
        self.set_figure(NONE)

    def set_figure(self, words: str) -> None:
        self.figure.setText(words)
        said = tr("not known") if words == NONE else words
        self.setAccessibleName(f"{self._name}: {said}")
        self.figure.setAccessibleName(f"{self._name}: {said}")

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(10), px(12), px(10))
        self._column.setSpacing(px(2))


class Cards(QWidget):
    """Four of them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tokens = Card(
            theme, tr("Tokens"), tr("Pieces that the text is cut into; a model reads these")
        )
        self.ratio = Card(
            theme,
            tr("Bytes per token"),
            tr("How much text a token stands for: more is cheaper, and fits more into a context"),
        )
        self.perplexity = Card(
            theme,
            tr("Perplexity"),
            tr("Between how many equally likely tokens the model wavers, on average"),
        )
        self.bits = Card(
            theme,
            tr("Bits per byte"),
            tr("Surprise per byte of text: comparable between models with other tokenizers"),
        )
        self._theme = theme
        self._cards = (self.tokens, self.ratio, self.perplexity, self.bits)
        self.line = label("", "dim", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(12))
        for card in self._cards:
            row.addWidget(card, 1)
        row.addWidget(self.line, 1)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        # The line of words takes over where the cards do not fit.
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Cards, or a line of the same words in a narrow room."""
        is_narrow = self.width() < self._theme.px(NARROW_PX)
        for card in self._cards:
            card.setVisible(not is_narrow)
        self.line.setVisible(is_narrow)

    def show_state(self, state: TokensState) -> None:
        """The figures of the text as it is."""
        n_tokens, n_bytes = len(state.document.tokens), state.document.n_bytes
        self.tokens.set_figure(f"{n_tokens:,}")
        self.ratio.set_figure(f"{n_bytes / n_tokens:.2f}" if n_tokens else NONE)
        found = state.probabilities
        self.perplexity.set_figure(NONE if found is None else _short(found.perplexity))
        self.bits.set_figure(NONE if found is None else f"{found.bits_per_byte:.2f}")
        self.line.setText(" · ".join(card.accessibleName() for card in self._cards))


def _short(value: float) -> str:
    """Three figures or so."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"
