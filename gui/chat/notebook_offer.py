"""A line above the field while a new chat is begun with a base model: it would rather have a
notebook."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from gui.chat.words import tr
from gui.widgets.kinds import button, label


class NotebookOffer(QFrame):
    """Hidden where it has nothing to offer, or was declined."""

    accepted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_declined = False
        self.words = label(
            tr("This is a base model: it continues text and knows no questions and answers."),
            "dim",
            wrap=True,
        )
        self.open_button = button(
            tr("Open a notebook"), "chip", tr("One text that you and the model write together")
        )
        self.close_button = button(tr("Not now"), "chip", tr("Stay with the chat"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 6)
        row.addWidget(self.words, 1)
        row.addWidget(self.open_button)
        row.addWidget(self.close_button)
        self.open_button.clicked.connect(self.accepted)
        self.close_button.clicked.connect(self._on_declined)
        self.hide()

    def offer(self, is_fitting: bool) -> None:
        """Show it where it fits."""
        self.setVisible(is_fitting and not self._is_declined)

    @Slot()
    def _on_declined(self) -> None:
        self._is_declined = True
        self.hide()
