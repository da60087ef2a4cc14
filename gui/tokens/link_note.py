"""One sentence on why the model cannot be asked about the text, and the button that helps."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.tokens.model_link import ModelLink
from gui.tokens.words import tr
from gui.widgets.kinds import button, label


class LinkNote(QWidget):
    """Hidden while all is well. Follows the link by itself."""

    def __init__(self, link: ModelLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self.words = label("", "dim", wrap=True)
        self.button = button("", "chip")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.button.clicked.connect(link.mend)
        link.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        link = self._link
        self.words.setText(link.problem)
        self.button.setText(link.remedy_words)
        self.button.setAccessibleName(link.remedy_words)
        self.button.setAccessibleDescription(link.problem)
        self.button.setToolTip(
            tr("Go to the Chat room, where models are loaded")
            if link.remedy == "load"
            else tr("Cut the text into the tokens of the model that is loaded")
        )
        self.setVisible(bool(link.problem))
