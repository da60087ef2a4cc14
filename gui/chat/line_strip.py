"""A line above the field in which a few words are typed: the first words of the next reply, or the
tags of one. Hidden until it is asked for.
"""

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from gui.chat.words import tr
from gui.theme import Theme


class LineField(QLineEdit):
    """A field that Esc leaves before it stops a reply."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.left.emit()
                return True
        return super().event(event)


class LineStrip(QFrame):
    """Words, a field, and buttons to take it or leave it."""

    typed = Signal(str)  # the text, as a person changes it
    accepted = Signal(str)  # Enter or the button
    left = Signal()  # Esc or Cancel

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.words = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self.field = LineField(self)
        self.accept_button = QPushButton(tr("Done"), self)
        self.cancel_button = QPushButton(tr("Cancel"), self)
        self.words.setProperty("kind", "dim")
        self.words.setBuddy(self.field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 6)
        row.addWidget(self.words)
        row.addWidget(self.field, 1)
        for button in (self.accept_button, self.cancel_button):
            button.setProperty("kind", "chip")
            row.addWidget(button)
        self.field.textEdited.connect(self.typed)
        self.field.returnPressed.connect(self._on_accepted)
        self.accept_button.clicked.connect(self._on_accepted)
        self.field.left.connect(self.left)
        self.cancel_button.clicked.connect(self.left)
        self.hide()

    def set_words(self, words: str, tip: str, *, accept: str = "", accept_tip: str = "") -> None:
        """What is typed here, and what becomes of it."""
        self.words.setText(words)
        self.words.setToolTip(tip)
        self.field.setToolTip(tip)
        self.field.setAccessibleName(words)
        self.accept_button.setVisible(bool(accept))
        self.accept_button.setText(accept)
        self.accept_button.setToolTip(accept_tip)
        self.cancel_button.setToolTip(tr("Leave this (Esc)"))

    def text(self) -> str:
        """What is typed; "" while it is not asked for."""
        return "" if self.isHidden() else self.field.text()

    def open(self, text: str = "") -> None:
        """Show it with this text, ready to type."""
        self.field.setText(text)
        self.show()

    @Slot()
    def _on_accepted(self) -> None:
        self.accepted.emit(self.field.text())
