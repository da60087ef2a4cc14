"""The asking side of the wire, without a transport: which jobs are open, who hears of them, when a
worker counts as hung.

Both clients (client.py over subprocess, the window's over QProcess) feed it bytes and give it a way
to write. It never waits and starts nothing.
"""

import os
import sys
from collections.abc import Callable

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Cancel,
    Cancelled,
    Done,
    Failed,
    Ping,
    Pong,
    Ready,
)
from engine.process.wire import FrameReader, WireError, as_json, pack, read_event

Listener = Callable[[AnyEvent], None]

HANG_S = 2.0
TICK_S = 0.5
# A first frame may take long: a cold disk, a busy machine, an import of llama.cpp for the first
# time.
START_S = 60.0


class Session:
    """One conversation with one worker.

    Args:
        write: takes bytes for the worker's stdin; must not block for long.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.ready: Ready | None = None
        self._write = write
        self._frames = FrameReader()
        self._listeners: dict[int, Listener] = {}
        self._next_job = 1
        self._cancelled_at_s: dict[int, float | None] = {}
        self._pinged_at_s: float | None = None
        self._n_silent_ticks = 0
        self._started_at_s: float | None = None
        self._debug = os.environ.get("BATHYSPHERE_WIRE") == "1"

    @property
    def open_jobs(self) -> set[int]:
        return set(self._listeners)

    def new_job(self) -> int:
        """A job number never used before in this session; 0 is the worker itself."""
        job = self._next_job
        self._next_job += 1
        return job

    def submit(self, request: AnyRequest, on_event: Listener) -> None:
        """Send a request; `on_event` hears everything of its job, last a Done, Cancelled or
        Failed."""
        self._listeners[request.job] = on_event
        self._send(request)

    def cancel(self, job: int) -> None:
        """Ask a job to end; it ends with Cancelled, or with Done if it was faster."""
        if job in self._listeners and job not in self._cancelled_at_s:
            self._cancelled_at_s[job] = None
            self._send(Cancel(job=job))

    def feed(self, data: bytes) -> None:
        """Take bytes from the worker and tell the listeners.

        Raises:
            WireError: not our wire; the caller ends the worker.
        """
        if data:
            self._n_silent_ticks = 0
        for body in self._frames.feed(data):
            self._hear(read_event(body))

    def tick(self, now_s: float) -> str:
        """To be called about every TICK_S seconds: sends heartbeats and looks for hangs.

        Returns:
            Why the worker counts as hung, "" while it does not. Silence is counted in calls, so a
            machine that slept, or a window that stood still, does not blame the worker.
        """
        if self.ready is None:
            self._started_at_s = self._started_at_s if self._started_at_s is not None else now_s
            return "it did not start" if now_s - self._started_at_s > START_S else ""
        if self._pinged_at_s is not None:
            self._n_silent_ticks += 1
            if self._n_silent_ticks * TICK_S >= HANG_S:
                return f"no sign of life for {HANG_S:.0f} s"
        self._pinged_at_s = now_s
        self._send(Ping(job=0))
        for job, asked_s in self._cancelled_at_s.items():
            if asked_s is None:
                self._cancelled_at_s[job] = now_s
            elif now_s - asked_s >= HANG_S - TICK_S:
                return f"a cancel was not answered for {HANG_S:.0f} s"
        return ""

    def fail_all(self, message: str, hint: str = "", detail: str = "") -> None:
        """End every open job in Failed; for a worker that is gone."""
        for job, listener in list(self._listeners.items()):
            self._forget(job)
            listener(Failed(job=job, message=message, hint=hint, detail=detail))

    def _send(self, request: AnyRequest) -> None:
        if self._debug:
            sys.stderr.write(f"-> {as_json(request)}\n")
        self._write(pack(request))

    def _hear(self, event: AnyEvent) -> None:
        if self._debug:
            sys.stderr.write(f"<- {as_json(event)}\n")
        if isinstance(event, Ready):
            self.ready = event
        elif isinstance(event, Pong):
            self._pinged_at_s = None
        elif self.ready is None:
            raise WireError("the worker spoke before it was ready")
        else:
            self._tell(event)

    def _tell(self, event: AnyEvent) -> None:
        listener = self._listeners.get(event.job)
        if listener is None:
            return  # a job that ended a moment ago, or whose owner is gone
        if isinstance(event, Done | Cancelled | Failed):
            self._forget(event.job)
        listener(event)

    def _forget(self, job: int) -> None:
        self._listeners.pop(job, None)
        self._cancelled_at_s.pop(job, None)
