"""The details beside a row's tokens: the token that is pointed at, and the row in figures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.process.tune_messages import Learned, RowItem
from gui.theme import Theme
from gui.tokens.vocabulary import array_of
from gui.tune.learned_view import LearnedView
from gui.tune.learned_words import fate_text, n_learned
from gui.tune.row_words import loss_text
from gui.tune.words import tr
from gui.widgets.kinds import caps, label
from gui.widgets.token_text import bytes_text, shown

PIECE_LETTERS = 60


class LearnedFacts(QWidget):
    """Two short tables."""

    def __init__(self, theme: Theme, view: LearnedView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._view = theme, view
        self.token = -1
        self.nothing = label(
            tr("Point at a token, or go to it by the arrow keys."), "dim", wrap=True
        )
        self.piece = label("", "mono", wrap=True)
        self.why = label("", "dim", wrap=True)
        self._token_grid, self._row_grid = _Grid(), _Grid()
        self._column = QVBoxLayout(self)
        self._column.addWidget(caps(tr("This token")))
        for part in (self.nothing, self.piece, self._token_grid, self.why):
            self._column.addWidget(part)
        self._column.addWidget(caps(tr("This row")))
        self._column.addWidget(self._row_grid)
        self._column.addStretch(1)
        view.pointed.connect(self.show_token)
        theme.changed.connect(self._dress)
        self._dress()
        self.show_token(-1)

    @Slot(int)
    def show_token(self, token: int) -> None:
        """A token in words; -1 for none."""
        self.token = token if 0 <= token < len(self._view.fates) else -1
        has_one = self.token >= 0
        self.nothing.setVisible(not has_one)
        for part in (self.piece, self._token_grid, self.why):
            part.setVisible(has_one)
        if not has_one:
            return
        tokens = self._view.tokens
        piece = tokens.piece(token)
        self.piece.setText(shown(piece)[:PIECE_LETTERS])
        self.why.setText(self._view.reason(token))
        self._token_grid.show_facts(
            {
                tr("Id"): str(tokens.ids[token]),
                tr("Bytes"): bytes_text(piece) or tr("none"),
                tr("Place"): f"{token + 1:,} / {len(tokens):,}",
                tr("In training"): fate_text(int(self._view.fates[token])),
            }
        )

    def show_row(self, item: RowItem | None, learned: Learned | None) -> None:
        """A row in figures."""
        self.show_token(-1)
        if item is None or learned is None:
            self._row_grid.show_facts({})
            return
        n_tokens, n_taught = len(array_of(learned.ids)), n_learned(learned)
        n_special = int(np.count_nonzero(array_of(learned.special)))
        facts = {
            tr("Tokens"): f"{n_tokens:,}",
            tr("Learned"): f"{n_taught:,} ({100 * n_taught / max(1, n_tokens):.0f} %)",
            tr("Special"): f"{n_special:,}",
            tr("Cut off"): f"{learned.n_cut:,}",
            tr("Use"): tr("kept aside") if item.is_validation else tr("learned from"),
            tr("Loss of the base"): loss_text(item.loss),
        }
        self._row_grid.show_facts(facts)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(16), px(16), px(16))
        self._column.setSpacing(px(8))


class _Grid(QWidget):
    """Names at the left, values at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._pairs: list[tuple[QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)

    def show_facts(self, facts: dict[str, str]) -> None:
        while len(self._pairs) < len(facts):
            pair = (label("", "dim"), label("", wrap=True))
            pair[0].setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            pair[1].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            for column, one in enumerate(pair):
                self._grid.addWidget(one, len(self._pairs), column)
            self._pairs.append(pair)
        for at, (name, value) in enumerate(self._pairs):
            has_one = at < len(facts)
            name.setVisible(has_one)
            value.setVisible(has_one)
            if has_one:
                key = list(facts)[at]
                name.setText(key)
                value.setText(facts[key])
                value.setAccessibleName(f"{key}: {facts[key]}")
