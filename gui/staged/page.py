"""A page of a room whose work goes in stages: Fine-tune's and Pretrain's."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

Shortcut = QKeySequence.StandardKey | str | None
AddAction = Callable[[str, Callable[[], object], Shortcut], QAction]


class StagedPage(QWidget):
    """One page of the room, made as `SomePage(parts, parent)` when it is first looked at."""

    status_changed = Signal()  # what the list of steps says of it is another

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
