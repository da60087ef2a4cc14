"""A row's tokens with what becomes of each: those that are learned on green, the end token on
blue, what is only read dim.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from engine.process.tune_messages import Learned
from finetune.config import LearnFrom
from gui.theme import Theme
from gui.tune.learned_words import Fates, fate_text, fates_of, row_facts, tokens_of, why
from gui.tune.words import tr
from gui.widgets.token_paint import Marks
from gui.widgets.token_text import token_text
from gui.widgets.token_view import TokenView


class LearnedView(TokenView):
    """Shows one Learned at a time. Alt with an arrow is left to the page."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.fates: Fates = np.zeros(0, np.uint8)
        self._is_text = False
        self._learn_from: LearnFrom = "all"
        self.setAccessibleName(tr("Tokens of the row"))

    def show_row(self, row: Learned, *, is_text: bool, learn_from: LearnFrom) -> None:
        """Show a row from its beginning. is_text: it is a text, not a conversation."""
        self._is_text, self._learn_from = is_text, learn_from
        self.fates = fates_of(row)
        self.set_tokens(tokens_of(row))
        self.set_marks(Marks(learned=self.fates.tobytes()))
        self.setAccessibleDescription(row_facts(row))

    def clear(self) -> None:
        self.fates = np.zeros(0, np.uint8)
        self.set_tokens(token_text([], b"", []))

    def reason(self, token: int) -> str:
        """Why a token is learned, or not."""
        return why(
            int(self.fates[token]),
            is_special=self.tokens.is_special(token),
            is_text=self._is_text,
            learn_from=self._learn_from,
        )

    def describe(self, token: int) -> str:
        words = super().describe(token)
        if not words or token >= len(self.fates):
            return words
        return f"{words} · {fate_text(int(self.fates[token]))}. {self.reason(token)}"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)
