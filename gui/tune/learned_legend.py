"""What the colours over a row's tokens mean."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QWidget

from gui.theme import Theme
from gui.tune.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import label
from gui.widgets.token_paint import LEARNED, LEARNED_COLOURS, LEARNED_END, READ


class LearnedLegend(QWidget):
    """Three words on their colours."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.signs: dict[int, QLabel] = {
            LEARNED: label(tr("learned")),
            LEARNED_END: label(tr("end token, learned")),
            READ: label(tr("only read"), "faint"),
        }
        tips = {
            LEARNED: tr("The model is trained to write these tokens"),
            LEARNED_END: tr("The model is trained to stop here"),
            READ: tr("Given to the model: it reads these and is not trained to write them"),
        }
        self._row = FlowLayout(self)
        for fate, sign in self.signs.items():
            sign.setToolTip(tips[fate])
            self._row.addWidget(sign)
        theme.changed.connect(self._dress)
        self._dress()

    @Slot()
    def _dress(self) -> None:
        px, palette = self._theme.px, self._theme.palette
        self._row.setSpacing(px(10))
        for fate, place in LEARNED_COLOURS.items():
            self.signs[fate].setStyleSheet(
                f"background: {palette.token[place]}; color: {palette.text};"
                f" border-radius: {px(3)}px; padding: {px(1)}px {px(6)}px;"
            )
