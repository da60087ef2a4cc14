"""What a page of the room is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from gui.context import AppContext
    from gui.side_worker import SideWorker
    from gui.tune.state import TuneState

Shortcut = QKeySequence.StandardKey | str | None
AddAction = Callable[[str, Callable[[], object], Shortcut], QAction]


class TuneParts(Struct, frozen=True):
    """The room's parts. worker: datasets, bases, previews; heavy: a second worker for requests that
    load torch or a model, ended when it has been idle for a while; add_action(text, do, shortcut):
    a line in the room's menu and the palette; show_page(key): go to another page; start(): the
    draft becomes a run and begins."""

    context: AppContext
    worker: SideWorker
    heavy: SideWorker
    state: TuneState
    add_action: AddAction
    show_page: Callable[[str], object]
    start: Callable[[], object]


class TunePage(QWidget):
    """One page of the room, made as `SomePage(parts, parent)` when it is first looked at."""

    status_changed = Signal()  # what the list of steps says of it is another

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts = parts

    def on_shown(self) -> None:
        """The page is looked at now."""

    def details(self) -> QWidget | None:
        """What stands beside it in the details pane (which scrolls it); made once, None for
        nothing."""
        return None

    def header_widget(self) -> QWidget | None:
        """What stands at the right of the header while the page is on show; made once, None for
        nothing."""
        return None

    def header_words(self) -> str:
        """What the header says behind the run's name; told anew at each status_changed."""
        return ""

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
