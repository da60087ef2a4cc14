"""The workers for other models, and whose turn it is: as many as memory holds write at once, the
others when one of them has ended. A model stays loaded for the next question while the columns are
open and its memory is not wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from engine.process.messages import Load
from gui.chat.columns.side_engine import SideEngine, SideProcess
from gui.chat.replies import Replies


class Sides(QObject):
    """The side workers.

    Args:
        make_engine: a worker's process, not started.
        free_bytes: memory that can still be taken, beside what these workers hold.
    """

    load_progressed = Signal(str, float)  # path, fraction

    def __init__(
        self,
        make_engine: Callable[[], SideProcess],
        make_load: Callable[[int, str], Load],
        free_bytes: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.make_engine, self.free_bytes = make_engine, free_bytes
        self._make_load = make_load
        self._sides: list[SideEngine] = []
        self._budget = 0
        self._is_kept = False

    @property
    def held_bytes(self) -> int:
        """What the workers that run are thought to take."""
        return sum(one.n_bytes for one in self._sides if one.engine.is_running)

    @property
    def n_running(self) -> int:
        return sum(one.engine.is_running for one in self._sides)

    def take(self, path: str, n_bytes: int) -> SideEngine:
        """The worker for a model; it is started when its turn comes."""
        for side in self._sides:
            if side.path == path and not side.is_ending:
                return side
        side = SideEngine(path, n_bytes, self.make_engine(), self._make_load, self)
        side.load_progressed.connect(self.load_progressed)
        side.became_idle.connect(self._go_on)
        side.stopped.connect(partial(self._on_stopped, side))
        self._sides.append(side)
        return side

    def add(self, side: SideEngine, replies: Replies, reply_ids: list[str]) -> None:
        """Have replies written by a worker; `go_on` begins with those whose turn it is."""
        side.add(replies, reply_ids)

    def go_on(self) -> None:
        """Begin with what waits, as far as memory allows."""
        self._budget = self.free_bytes() + self.held_bytes
        self._go_on()

    def keep(self, are_kept: bool) -> None:
        """Whether workers that have nothing to do stay for what is asked next."""
        self._is_kept = are_kept
        self._end_idle(not are_kept)

    def close(self) -> None:
        """The window is closing: end all of them, and wait for it."""
        sides = list(self._sides)
        for side in sides:
            side.stop()
        for side in sides:
            side.engine.stop_and_wait()

    # ---- whose turn ----

    def _go_on(self) -> None:
        for side in [one for one in self._sides if one.is_waiting and not one.is_ending]:
            if side.is_started or self._has_room_for(side):
                side.begin()
        self._end_idle(not self._is_kept)

    def _has_room_for(self, side: SideEngine) -> bool:
        """Whether a model fits now; what has nothing to do makes room for it."""
        if self.held_bytes + side.n_bytes <= self._budget:
            return True
        self._end_idle(True)
        # One that fits nowhere is tried alone: the figures are estimates.
        return not self.n_running

    def _end_idle(self, is_wanted: bool) -> None:
        for side in list(self._sides) if is_wanted else ():
            if side.is_idle and not side.is_ending:
                side.stop()
                if not side.engine.is_running:
                    self._on_stopped(side)

    def _on_stopped(self, side: SideEngine) -> None:
        if side in self._sides:
            self._sides.remove(side)
            side.deleteLater()
            self._go_on()
