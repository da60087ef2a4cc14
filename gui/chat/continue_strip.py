"""The line below a reply that did not end by itself: why, with Continue and Regenerate beside
it.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from gui.chat.conversation import Turn
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme


class ContinueStrip(QFrame):
    """Shown only while the last reply of the branch is unfinished."""

    continue_requested = Signal(str)  # turn id
    regenerate_requested = Signal(str)  # turn id

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._turn_id = ""
        self.words = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self.continue_button = QPushButton(tr("Continue"), self)
        self.regenerate_button = QPushButton(tr("Regenerate"), self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        for part in (self.words, self.continue_button, self.regenerate_button):
            layout.addWidget(part)
        layout.addStretch(1)
        self.words.setProperty("kind", "dim")
        self.continue_button.setToolTip(tr("Let the model go on where this reply ended"))
        self.regenerate_button.setToolTip(tr("Answer once more; this version is kept"))
        self.continue_button.setProperty("kind", "chip")
        self.regenerate_button.setProperty("kind", "chip")
        self.continue_button.clicked.connect(self._on_continue_clicked)
        self.regenerate_button.clicked.connect(self._on_regenerate_clicked)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_turn(None)

    def set_turn(self, turn: Turn | None) -> None:
        """The last turn of the branch shown, None while one is being written."""
        unfinished = turn is not None and turn.role == "assistant" and turn.state != "done"
        self.setVisible(unfinished)
        if turn is None or not unfinished:
            self._turn_id = ""
            return
        self._turn_id = turn.id
        is_full = turn.details.get("finish") == "context"
        self.words.setText(_reason(turn))
        self.continue_button.setVisible(not is_full and bool(turn.content))

    @Slot()
    def _on_continue_clicked(self) -> None:
        self.continue_requested.emit(self._turn_id)

    @Slot()
    def _on_regenerate_clicked(self) -> None:
        self.regenerate_requested.emit(self._turn_id)

    @Slot()
    def _on_theme_changed(self) -> None:
        colour = self._theme.palette.text_dim
        self.continue_button.setIcon(icon("continue", colour))
        self.regenerate_button.setIcon(icon("refresh", colour))


def _reason(turn: Turn) -> str:
    finish = turn.details.get("finish")
    if finish == "context":
        return tr("The context is full.")
    if finish == "length":
        return tr("The reply reached the length that is set.")
    if turn.state == "failed":
        return tr("The reply broke off.")
    return tr("The reply was stopped.")
