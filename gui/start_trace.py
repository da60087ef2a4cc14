"""Says on stderr how long the start took: when the window was painted first, when with the list of
chats, when with the last chat. Imported only where BATHYSPHERE_TRACE_START is set.

BATHYSPHERE_TRACE_START=$(date +%s.%N) counts from that moment; 1 from the process's own birth,
which Linux tells no better than to a second.
"""

import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from gui.chat.room import ChatRoom
from gui.window import MainWindow


class StartTrace(QObject):
    """One line per thing to see, at its first paint that shows it."""

    def __init__(self, window: MainWindow, asked: str) -> None:
        super().__init__(window)
        self._began_s = _birth_s() if asked == "1" else float(asked)
        self._awaited: dict[QObject, tuple[str, Callable[[], bool]]] = {}
        self._await(window, "window shown", lambda: True)
        room = window.widget_of(window.page)
        if isinstance(room, ChatRoom):
            view, transcript = room.list.view, room.work.transcript
            self._await(view.viewport(), "chats shown", lambda: view.model().rowCount() > 0)
            self._await(
                transcript.viewport(), "last chat shown", lambda: bool(transcript.message_ids())
            )

    def _await(self, widget: QWidget, what: str, is_there: Callable[[], bool]) -> None:
        self._awaited[widget] = (what, is_there)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        entry = self._awaited.get(watched)
        if event.type() == QEvent.Type.Paint and entry is not None and entry[1]():
            del self._awaited[watched]
            # Everything is painted in one go, and on its way to the screen when the loop is back.
            QTimer.singleShot(0, self, lambda: self._tell(entry[0]))
        return False

    def _tell(self, what: str) -> None:
        sys.stderr.write(f"{what}: {(time.time() - self._began_s) * 1000:.0f} ms\n")
        sys.stderr.flush()


def _birth_s() -> float:
    import psutil

    return float(psutil.Process().create_time())
