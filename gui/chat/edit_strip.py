"""The line above the field while something other than a new message is written in it: what it is,
and what can be done with it beside the field's own button.
"""

from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from gui.chat.words import tr
from gui.widgets.kinds import label

EditKind = Literal["message", "reply", "correction"]


class EditStrip(QFrame):
    """Words and buttons; which of them are there depends on what is edited."""

    save_requested = Signal()  # change the message in place, and nothing else
    continue_requested = Signal()  # change the reply in place, and let the model go on
    remove_requested = Signal()  # take the correction away
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = label("", "dim", wrap=True)
        self.save_button = _chip(
            tr("Save only"), tr("Change the message in place; nothing is answered anew (Ctrl+S)")
        )
        self.continue_button = _chip(
            tr("Save and continue"),
            tr("Change the reply in place and let the model go on from its end (Ctrl+Return)"),
        )
        self.remove_button = _chip(
            tr("Remove"), tr("Take your correction away; the reply itself stays")
        )
        self.cancel_button = _chip(tr("Cancel"), tr("Leave the message as it is (Esc)"))
        self.save_button.clicked.connect(self.save_requested)
        self.continue_button.clicked.connect(self.continue_requested)
        self.remove_button.clicked.connect(self.remove_requested)
        self.cancel_button.clicked.connect(self.cancel_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 6)
        row.addWidget(self.words, 1)
        for button in self._buttons():
            row.addWidget(button)

    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.save_button, self.continue_button, self.remove_button, self.cancel_button

    def show_kind(self, kind: EditKind, *, has_correction: bool = False) -> None:
        """Say what is written in the field now."""
        self.words.setText(_words(kind))
        self.save_button.setVisible(kind == "message")
        self.continue_button.setVisible(kind == "reply")
        self.remove_button.setVisible(kind == "correction" and has_correction)


def send_words(kind: EditKind | None) -> tuple[str, str]:
    """The field's own button while this is edited: its text and its tooltip."""
    if kind == "message":
        return tr("Send again"), tr("Answer the changed message; the old one is kept as a version")
    if kind == "reply":
        return tr("Save"), tr("Change the reply in place (Enter); what follows stays")
    if kind == "correction":
        return tr("Keep"), tr("Keep this beside the reply as what it should have said (Enter)")
    return tr("Send"), tr("Send (Enter). Shift+Enter begins a new line.")


def _words(kind: EditKind) -> str:
    return {
        "message": tr("You are writing an earlier message anew; the old version is kept."),
        "reply": tr("You are changing what the model said; the model takes it for its own words."),
        "correction": tr("What should the reply have said? The reply itself stays as it is."),
    }[kind]


def _chip(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("kind", "chip")
    button.setToolTip(tip)
    return button
