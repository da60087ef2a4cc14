"""The field over the list of chats: words to find in titles and messages."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from gui.chat.words import tr
from gui.widgets.escape import claim_escape


class SearchField(QLineEdit):
    """The arrows go through what was found while one types on; Esc ends the search."""

    stepped = Signal(int)  # to the next thing found (1), or the one before (-1)
    accepted = Signal()  # go to the thing found

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(tr("Search chats"))
        self.setAccessibleName(tr("Search chats and messages"))
        self.setToolTip(
            tr("Find words in titles and messages (Ctrl+Shift+F); Enter goes there, Esc clears")
        )
        self.setClearButtonEnabled(True)

    @property
    def query(self) -> str:
        return self.text().strip()

    def event(self, event: QEvent) -> bool:
        if self.text() and claim_escape(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if not self.text():
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape:
            self.clear()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accepted.emit()
        else:
            super().keyPressEvent(event)
