"""What a worker sends: tokens are gathered and flushed at most every FLUSH_S, everything else at
once, in order.

The thread that has something to say writes it itself where the pipe takes it: waking another thread
for each flush would cost llama.cpp's threads a part of their time. What the pipe does not take is
left to a thread of the outbox, so generation does not wait for the pipe; but once MAX_WAITING_BYTES
are unread, `emit` blocks, so a stuck window costs no memory. Answers to questions do not wait so.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from engine.process.messages import PromptProgress, Token, Tokens
from engine.process.pipe import Pipe
from engine.process.wire import pack

FLUSH_S = 0.032
MAX_WAITING_BYTES = 8 * 1024 * 1024


class Outbox:
    """Args: on_broken: called, on any thread, when the other side is gone."""

    def __init__(self, pipe: Pipe, on_broken: Callable[[], None]) -> None:
        self._pipe = pipe
        self._on_broken = on_broken
        self._frames: list[bytes] = []
        self._n_bytes = 0
        self._changed = threading.Condition()
        self._tokens: dict[int, list[Token]] = {}
        self._flushed_s: dict[int, float] = {}
        self._reading: set[int] = set()
        threading.Thread(target=self._run, name="outbox", daemon=True).start()

    def emit(self, job: int, event: Any) -> None:
        """From the jobs' thread: an event of a job. Blocks while too much is unread."""
        with self._changed:
            while self._n_bytes > MAX_WAITING_BYTES:
                self._changed.wait()
            if isinstance(event, Token):
                self._gather(job, event)
                return
            if not isinstance(event, msgspec.Struct):
                raise TypeError(f"no event: {event!r}")
            self._flush(job)
            if isinstance(event, PromptProgress):
                self._note_reading(job)
            elif event.__struct_config__.tag in _ENDS:
                self._flushed_s.pop(job, None)
                self._reading.discard(job)
            if getattr(event, "job", job) != job:
                event = msgspec.structs.replace(event, job=job)
            self._post(event)

    def answer(self, event: msgspec.Struct) -> None:
        """From any thread: a short answer, never blocks."""
        with self._changed:
            self._post(event)

    # The rest is called with the lock held, but for `_run`.

    def _note_reading(self, job: int) -> None:
        """A slice of this job's prompt comes next and takes its time: the others' tokens leave
        before, and are not gathered until it writes."""
        self._reading.add(job)
        for other in list(self._tokens):
            self._flush(other)

    def _gather(self, job: int, token: Token) -> None:
        self._reading.discard(job)
        self._tokens.setdefault(job, []).append(token)
        is_due = time.perf_counter() - self._flushed_s.get(job, 0.0) >= FLUSH_S
        if is_due or self._reading:
            self._flush(job)

    def _flush(self, job: int) -> None:
        tokens = self._tokens.pop(job, None)
        if tokens:
            self._flushed_s[job] = time.perf_counter()
            self._post(Tokens(job=job, items=tokens))

    def _post(self, event: msgspec.Struct) -> None:
        frame = pack(event)
        if not self._n_bytes:
            try:
                frame = frame[self._pipe.write_now(frame) :]
            except OSError:
                self._on_broken()
        if frame:
            self._frames.append(frame)
            self._n_bytes += len(frame)
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._frames:
                    self._changed.wait()
                data = b"".join(self._frames)
                self._frames.clear()
            try:
                self._pipe.write(data)
            except OSError:
                self._on_broken()
                return
            with self._changed:
                self._n_bytes -= len(data)
                self._changed.notify_all()


_ENDS = ("Done", "Cancelled", "Failed")
