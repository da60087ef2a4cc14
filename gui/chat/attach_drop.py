"""Files dropped anywhere on the chat room, or pasted into the message field.

Shows where they will go while they are held over the room. Says which files; opens none.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from gui.chat.words import tr
from gui.icons import pixmap
from gui.theme import Theme

_ENDS = (QEvent.Type.DragLeave, QEvent.Type.Drop)


def files_in(mime: QMimeData) -> list[str]:
    """The paths of the files on this machine that are dropped or pasted."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]


class DropArea(QFrame):
    """Watches a room for files held over it, and covers part of it with words meanwhile."""

    files_dropped = Signal(list)  # list[str], paths

    def __init__(self, theme: Theme, room: QWidget, cover: QWidget, words: str = "") -> None:
        super().__init__(cover)
        self._theme, self._room, self._cover = theme, room, cover
        self.setObjectName("drop-area")
        self._picture, self._words = QLabel(self), QLabel(words or tr("Drop to attach"), self)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        for part in (self._picture, self._words):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(part)
        layout.addStretch(1)
        self._words.setProperty("kind", "heading")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        room.setAcceptDrops(True)
        room.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._room:
            return False
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self.hide()
            paths = files_in(event.mimeData())
            if paths:
                event.acceptProposedAction()
                self.files_dropped.emit(paths)
            return bool(paths)
        if isinstance(event, QDragEnterEvent | QDragMoveEvent):
            return self._offer(event)
        if event.type() in _ENDS:
            self.hide()
        return False

    def _offer(self, event: QDragEnterEvent | QDragMoveEvent) -> bool:
        if not files_in(event.mimeData()):
            return False
        event.acceptProposedAction()
        if self.isHidden():
            self._show_cover()
        return True

    def _show_cover(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self._picture.setPixmap(pixmap("attach", palette.accent, px(40), self.devicePixelRatioF()))
        self.setStyleSheet(
            f"#drop-area {{ background: {palette.accent_soft}; border: 2px dashed {palette.accent};"
            f" border-radius: {px(12)}px; }}"
        )
        margin = px(16)
        self.setGeometry(self._cover.rect().adjusted(margin, margin, -margin, -margin))
        self.show()
        self.raise_()
