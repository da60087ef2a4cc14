"""What a page or a panel of the room is given, and what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from gui.context import AppContext
    from gui.side_worker import SideWorker
    from gui.tokens.state import TokensState

Shortcut = QKeySequence.StandardKey | str | None
AddAction = Callable[[str, Callable[[], object], Shortcut], QAction]


class TokensParts(Struct, frozen=True):
    """The room's parts. add_action(text, do, shortcut): a line in the room's menu and the palette;
    show_page(key): go to another page; show_text(text): put a text into the editor and go there
    (it can be undone); show_panel(key): go to a panel of the text page;
    add_header_widget(widget): put something at the right end of the header."""

    context: AppContext
    worker: SideWorker
    state: TokensState
    add_action: AddAction
    show_page: Callable[[str], object]
    show_text: Callable[[str], object]
    show_panel: Callable[[str], object]
    add_header_widget: Callable[[QWidget], object]


class TokensPage(QWidget):
    """One page of the room, made as `SomePage(parts, parent)` when it is first looked at."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts = parts

    def on_shown(self) -> None:
        """The page is looked at now."""

    def undo(self) -> bool:
        """Take back what was done last on this page; False where there is nothing."""
        return False

    def redo(self) -> bool:
        """Do again what was undone last; False where there is nothing."""
        return False

    def undo_words(self) -> tuple[str, str]:
        """What undo and redo would take back and do again, "" each for nothing."""
        return "", ""

    def save_state(self) -> None:
        """The window is closing: keep what should be there again next time."""
