"""Work on the window's thread, one piece in each turn of its loop, so that none is long. What is
begun anew lets go of what was not done yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

Piece = Callable[[], object]


class InTurns(QObject):
    """Args:
    page: is drawn anew when all of it is done.
    """

    def __init__(self, page: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page
        self._left: list[Piece] = []

    @property
    def is_busy(self) -> bool:
        return bool(self._left)

    def do(self, pieces: Sequence[Piece]) -> None:
        """Begin; the first piece is done in the next turn."""
        was_busy, self._left = bool(self._left), list(pieces)
        if self._left and not was_busy:
            self._page.setUpdatesEnabled(False)
            QTimer.singleShot(0, self, self._next)

    @Slot()
    def _next(self) -> None:
        try:
            if self._left:
                self._left.pop(0)()
        finally:
            if self._left:
                QTimer.singleShot(0, self, self._next)
            else:
                self._page.setUpdatesEnabled(True)
