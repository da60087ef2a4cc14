"""The chosen token and its equals: ringed in the text, counted, gone through by F3."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from gui.tokens.parts import TokensParts
from gui.widgets.token_editor import TokenEditor


class Occurrences(QObject):
    """Between the state's chosen token and the editor."""

    def __init__(
        self, parts: TokensParts, editor: TokenEditor, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._editor = parts.state, editor
        parts.state.token_chosen.connect(self._on_chosen)

    @Slot()
    def next(self) -> None:
        """Go to the next token that is equal to the chosen one; behind the last comes the first."""
        self._go(1)

    @Slot()
    def previous(self) -> None:
        """Go to the one before."""
        self._go(-1)

    def _go(self, step: int) -> None:
        ids = self._state.document.tokens.ids
        chosen = self._state.chosen
        if not 0 <= chosen < len(ids):
            chosen = self._state.document.token_at(self._editor.place)
        if not 0 <= chosen < len(ids) or ids[chosen] < 0:
            return
        equal = np.flatnonzero(ids == ids[chosen])
        at = int(np.searchsorted(equal, chosen))
        self._state.choose_token(int(equal[(at + step) % len(equal)]))

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self._editor.choose_token(index)
        if index >= 0:
            self._editor.show_token(index)


def place_among(ids: np.ndarray[tuple[int], np.dtype[np.int32]], index: int) -> tuple[int, int]:
    """Which of its equals a token is (from 1), and how many there are."""
    equal = np.flatnonzero(ids == ids[index])
    return int(np.searchsorted(equal, index)) + 1, len(equal)
