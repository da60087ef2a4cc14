"""A whole chat with the real worker and the starter model, watched from outside: no process of the
app holds a socket, and what a reply leads to is left alone."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from gui.bench_traps import Traps, sockets_of, traps_in
from tests.gui.certainty_helpers import certainty, rest_on
from tests.gui.real_window import RealWindow, open_window, real

__all__ = ["open_window", "real"]

pytestmark = pytest.mark.real_model
LOOK_MS = 25


class Lookout:
    """Looks at every process of the app, again and again: who they were, and which sockets they
    held."""

    def __init__(self, own: Traps) -> None:
        self.seen: dict[int, str] = {}
        self.sockets: list[str] = []
        self.n_looks = 0
        self._own = f"port={own.port})"
        self._timer = QTimer(interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        self.n_looks += 1
        me = psutil.Process(os.getpid())
        for process in (me, *me.children(recursive=True)):
            try:
                self.seen.setdefault(process.pid, " ".join(process.cmdline()))
                held = sockets_of(process.pid)
            except psutil.NoSuchProcess:
                continue  # it ended meanwhile
            self.sockets += [one for one in held if not self._is_trap(one)]

    def _is_trap(self, held: str) -> bool:
        """The trap's own server, which listens in this process."""
        return held.startswith(psutil.CONN_LISTEN) and self._own in held

    def stop(self) -> None:
        self.look()
        self._timer.stop()

    def has_seen(self, words: str) -> bool:
        return any(words in command for command in self.seen.values())


@pytest.fixture
def trapped() -> Iterator[Traps]:
    with tempfile.TemporaryDirectory(prefix="b") as folder, traps_in(Path(folder)) as result:
        yield result


def begin_with(real: RealWindow, words: str) -> None:
    """Give the next reply its first words, as the menu's line does."""
    real.room.desk.open_prefill()
    real.work.prefill.field.setText(words)
    QTest.keyClick(real.work.prefill.field, Qt.Key.Key_Return)


def test_a_real_chat_opens_no_socket_in_window_worker_or_maths_child(
    real: RealWindow, trapped: Traps
) -> None:
    real.room.details.change("max_tokens", 24)
    certainty(real.room).button.click()
    lookout = Lookout(trapped)
    bait = " ".join(trapped.bait().split())
    begin_with(real, f"<img src={trapped.file}> $x^2 + y^2 = z^2$ {bait} ")
    real.ask("Why is the sea salty? Tell me more.")
    real.until(lambda: lookout.has_seen("maths_child"))
    real.ask("And why is it blue?")
    real.until(lambda: real.transcript.is_settled)
    reply_id = real.ids()[-1]
    real.until(lambda: real.transcript.token_rect(reply_id, 1) is not None)
    rest_on(real.transcript, reply_id, 1)
    real.until(certainty(real.room).popup.popup.isVisible)
    real.window.grab()
    worker = real.context.engine.pid
    lookout.stop()
    assert worker in lookout.seen and os.getpid() in lookout.seen
    assert lookout.n_looks > 20
    assert lookout.sockets == []
    assert trapped.caught() == []
    assert real.context.connections.entries == []
    assert trapped.url in real.texts()[1], "the reply led there"
    # The look itself would have seen one: the trap's own server is there.
    assert any(str(trapped.port) in one for one in sockets_of(os.getpid()))
