"""The real window while a model writes: its tokens per second against the bare loop's, taking
turns, and how long it ever stands still.

The window, its worker and its wire are the app's own; the bare loop runs in a process beside it,
which waits while the window streams, and the window while it runs.
"""

import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import (
    QCoreApplication,
    QElapsedTimer,
    QEvent,
    QEventLoop,
    QObject,
    QPoint,
    QPointF,
    Qt,
    QTimer,
)
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

import gui
from engine.figures import Figure, figure, ratio
from engine.models.starter import starter_path
from engine.paths import Paths
from gui.app import make_context
from gui.chat.chat_settings import ChatSettings
from gui.chat.room import ChatRoom
from gui.window import MainWindow

N_PAIRS = 15
N_TOKENS = 100
STALL_S = 60.0
INTERVAL_MS = 10
HAND_MS = 400  # between movements of the mouse and the scroll bar
WAIT_MS = 180_000
QUESTION = "Tell me a very long story about a lighthouse keeper and the sea."


def stream_figures(n_pairs: int = N_PAIRS, stall_s: float = STALL_S) -> dict[str, Figure]:
    """Speed with the window over the bare loop; stalls of the window while tokens arrive."""
    with tempfile.TemporaryDirectory() as folder, open_window(Path(folder)) as room:
        with bare_loop(room) as bare:
            figures = speed_figures(room, bare, n_pairs)
        return figures | stall_figures(room, stall_s)


@contextmanager
def open_window(folder: Path, n_ctx: int = 0) -> Iterator[ChatRoom]:
    """The app's window with its worker and the starter model.

    Args:
        n_ctx: the context length that the settings ask for; 0 leaves it to the app.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    context = make_context(app, Paths(folder).ensure())
    context.settings.change(n_ctx=n_ctx)
    window = MainWindow(context)
    room = window.widget_of("chat")
    assert isinstance(room, ChatRoom)
    window.show()
    context.engine.start()
    try:
        wait_for(lambda: room.loader.model is not None)
        yield room
    finally:
        window.close()
        context.engine.stop_and_wait()
        context.settings.flush()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def wait_for(is_so: Callable[[], bool], limit_ms: int = WAIT_MS) -> None:
    """Let the window live until it is so.

    Raises:
        RuntimeError: it was not in time.
    """
    loop, look, limit = QEventLoop(), QTimer(interval=5), QTimer(singleShot=True)
    look.timeout.connect(lambda: loop.quit() if is_so() else None)
    limit.timeout.connect(loop.quit)
    look.start()
    limit.start(limit_ms)
    loop.exec()
    look.stop()
    if not is_so():
        raise RuntimeError(f"the window did not get there in {limit_ms / 1000:g} s")


# ---- speed ----


@contextmanager
def bare_loop(room: ChatRoom) -> "Iterator[subprocess.Popen[str]]":
    """The bare loop in a process of its own, with as many threads as the worker uses."""
    model = room.loader.model
    assert model is not None
    command = [sys.executable, "-m", "engine.bench_bare", str(starter_path()), str(model.n_threads)]
    folder = Path(gui.__path__[0]).parent
    with subprocess.Popen(
        command,
        cwd=folder,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield process


def speed_figures(room: ChatRoom, bare: "subprocess.Popen[str]", n_pairs: int) -> dict[str, Figure]:
    """Both take turns, the first changing, so that a drifting machine drifts under both."""
    ours: list[float] = []
    peer: list[float] = []
    reply_speed(room, N_TOKENS), bare_speed(bare)
    for index in range(n_pairs):
        if index % 2:
            peer.append(bare_speed(bare))
            ours.append(reply_speed(room, N_TOKENS))
        else:
            ours.append(reply_speed(room, N_TOKENS))
            peer.append(bare_speed(bare))
    return {"window streaming / bare loop": ratio(ours, peer, 0.95, "tokens/s")}


def bare_speed(bare: "subprocess.Popen[str]") -> float:
    """Tokens per second of one run; its prompt is about as long as the window's."""
    assert bare.stdin is not None and bare.stdout is not None
    bare.stdin.write(f"{N_TOKENS} {QUESTION} {QUESTION} {QUESTION}\n")
    bare.stdin.flush()
    return float(bare.stdout.readline())


def reply_speed(room: ChatRoom, n_tokens: int) -> float:
    """Tokens per second of one greedy reply in a new chat, from the first to arrive at the window
    to the last."""
    seen: list[tuple[float, int]] = []
    loop, limit = QEventLoop(), QTimer(singleShot=True)

    def note(reply_id: str, _text: str) -> None:
        reply = room.replies.streaming(reply_id)
        if reply is not None:
            seen.append((time.perf_counter(), reply.n_tokens))

    # Heard, not looked for: a look every 5 ms takes a quarter of the window's own time.
    room.replies.text_arrived.connect(note)
    room.replies.ended.connect(loop.quit)
    limit.timeout.connect(loop.quit)
    limit.start(WAIT_MS)
    ask(room, n_tokens)
    loop.exec()
    room.replies.text_arrived.disconnect(note)
    room.replies.ended.disconnect(loop.quit)
    if not limit.isActive():
        raise RuntimeError("the reply did not end in three minutes")
    wait_for(lambda: not room.session.is_busy)
    (first_s, n_first), (last_s, n_last) = seen[0], seen[-1]
    return (n_last - n_first) / (last_s - first_s)


def ask(room: ChatRoom, n_tokens: int) -> None:
    """A new chat with one question, answered greedily."""
    room.session.new_chat()
    room.session.set_settings(ChatSettings(temperature=0.0, max_tokens=n_tokens))
    room.session.send(QUESTION)


# ---- stalls ----


def stall_figures(room: ChatRoom, seconds: float, name: str = "window") -> dict[str, Figure]:
    """How much later than its interval a precise timer comes, while one reply after another is
    written and somebody scrolls and points a little."""
    stalls_ms: list[float] = []
    clock = Stopwatch(stalls_ms)
    hand = Hand(room)
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        ask(room, 400)
        wait_for(lambda: room.replies.is_writing_in(room.session.conversation))
        clock.start()
        wait_for(lambda: not room.session.is_busy or time.monotonic() > until_s)
        clock.stop()
        room.session.stop()
        wait_for(lambda: not room.session.is_busy)
    hand.deleteLater()
    ordered = sorted(stalls_ms)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    return {
        f"{name} stall p50": figure(statistics.median(ordered), None, "ms", ordered),
        f"{name} stall p99": figure(p99, 16.0, "ms", ordered),
        f"{name} stall max": figure(ordered[-1], 50.0, "ms", ordered),
    }


class Stopwatch(QObject):
    """Collects how late a precise timer comes."""

    def __init__(self, stalls_ms: list[float]) -> None:
        super().__init__()
        self._stalls_ms = stalls_ms
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=INTERVAL_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)

    def start(self) -> None:
        self._clock.start()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _on_tick(self) -> None:
        gap_ms = self._clock.nsecsElapsed() / 1e6
        self._clock.restart()
        self._stalls_ms.append(max(0.0, gap_ms - INTERVAL_MS))


class Hand(QObject):
    """Points at the transcript and scrolls it, up and back to its end."""

    def __init__(self, room: ChatRoom) -> None:
        super().__init__()
        self._transcript = room.work.transcript
        self._n_moves = 0
        self._timer = QTimer(self, interval=HAND_MS)
        self._timer.timeout.connect(self._on_move_due)
        self._timer.start()

    def _on_move_due(self) -> None:
        self._n_moves += 1
        at = QPoint(80 + 7 * self._n_moves % 300, 40 + 13 * self._n_moves % 300)
        view = self._transcript.viewport()
        none = Qt.MouseButton.NoButton
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(at),
            QPointF(view.mapToGlobal(at)),
            none,
            none,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(view, event)
        bar = self._transcript.verticalScrollBar()
        bar.setValue(bar.value() - 120 if self._n_moves % 4 == 0 else bar.maximum())
