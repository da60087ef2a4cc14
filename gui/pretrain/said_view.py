"""What a base went on with, token by token: each says how likely it was by its colour, and the one
that is chosen what else could have stood there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from engine.process.messages import Token
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.candidate_list import CandidateLine, CandidateList
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button
from gui.widgets.plain_tip import plain_tip
from gui.widgets.ramp import share_text, spoken_piece, surprise_level, visible_piece

GAP_PX = 3


class SaidView(QWidget):
    """Hidden while nothing was said."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.tokens: list[Token] = []
        self.chosen = -1
        self._chips: list[QPushButton] = []
        self._row = FlowLayout()
        self.candidates = CandidateList(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._row)
        column.addWidget(self.candidates)
        theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    def clear(self) -> None:
        self.tokens, self.chosen = [], -1
        for chip in self._chips:
            chip.hide()
        self.candidates.set_lines([])
        self.hide()

    def add(self, tokens: Sequence[Token]) -> None:
        """More of it."""
        self.tokens += tokens
        while len(self._chips) < len(self.tokens):
            self._add_chip()
        for chip, token in zip(self._chips, self.tokens, strict=False):
            self._fill(chip, token)
        self.show()
        if self.chosen < 0 and self.tokens:
            self.choose(0)

    def choose(self, number: int) -> None:
        """Show what else could have stood in a token's place."""
        self.chosen = number
        token = self.tokens[number]
        likely = token.top.before if token.top is not None else []
        self.candidates.set_lines(
            [
                CandidateLine(
                    visible_piece(one.piece),
                    math.exp(one.logprob),
                    is_chosen=one.id == token.id,
                    words=spoken_piece(one.piece),
                )
                for one in likely
            ]
        )
        for place, chip in enumerate(self._chips):
            chip.setChecked(place == number)

    def _add_chip(self) -> None:
        number = len(self._chips)
        chip = button("", "chip")
        chip.setCheckable(True)
        chip.clicked.connect(lambda _=False, number=number: self.choose(number))
        self._chips.append(chip)
        self._row.addWidget(chip)

    def _fill(self, chip: QPushButton, token: Token) -> None:
        share = "" if token.logprob is None else share_text(math.exp(token.logprob))
        chip.setText(visible_piece(token.piece))
        words = tr("“{piece}”, {share} likely").format(piece=spoken_piece(token.piece), share=share)
        chip.setAccessibleName(words)
        chip.setToolTip(plain_tip(tr("{words}; choose it to see the others").format(words=words)))
        level = surprise_level(token.logprob)
        colour = self._theme.palette.surprise[level - 1] if level else ""
        chip.setStyleSheet(f"background: {colour};" if colour else "")
        chip.show()

    @Slot()
    def _dress(self) -> None:
        self._row.setSpacing(self._theme.px(GAP_PX))
        for chip, token in zip(self._chips, self.tokens, strict=False):
            self._fill(chip, token)
