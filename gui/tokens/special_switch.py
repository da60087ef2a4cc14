"""The switch that reads special tokens in the text, and the sentence that explains it."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QWidget

from gui.tokens.state import TokensState
from gui.tokens.words import tr


class SpecialSwitch(QCheckBox):
    """Follows the state, and sets it."""

    def __init__(self, state: TokensState, parent: QWidget | None = None) -> None:
        super().__init__(tr("Special tokens"), parent)
        self._state = state
        self.setToolTip(
            tr(
                "On: special tokens written out in the text (begin and end of a turn, and others)"
                " become the one token that steers the model, and the begin and end tokens that"
                " the vocabulary asks for are added. Off: they are letters like any others."
                " (Ctrl+Shift+S)"
            )
        )
        self.toggled.connect(state.set_special)
        state.special_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        self.setChecked(self._state.special)
