"""The editor of the Text page: the token editor, which also takes dropped files and has lines of
the room in its menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QMenu, QWidget

from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.tokens.words import tr
from gui.widgets.token_editor import TokenEditor


class TextEditor(TokenEditor):
    """add_to_menu: adds what the room can do with the text."""

    file_dropped = Signal(str)  # path

    def __init__(
        self, theme: Theme, document: TokenDocument, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, document, parent)
        self.add_to_menu: Callable[[QMenu], object] = lambda menu: None
        self.set_placeholder(tr("Type or paste a text, or drop a text file here"))

    def menu(self) -> QMenu:
        menu = super().menu()
        menu.addSeparator()
        self.add_to_menu(menu)
        return menu

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _path(event):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if _path(event):
            event.acceptProposedAction()
        else:
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        path = _path(event)
        if path:
            event.acceptProposedAction()
            self.file_dropped.emit(path)
        else:
            super().dropEvent(event)


def _path(event: QDropEvent) -> str:
    """The file that is dropped, "" where it is none."""
    urls = event.mimeData().urls()
    return urls[0].toLocalFile() if urls else ""
