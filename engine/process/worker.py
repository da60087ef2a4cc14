"""The engine worker: requests on stdin, events on stdout, one model at most. Run: python -m
engine.process.worker

Three threads: the reader takes frames, answers short questions and heartbeats, and passes cancels
on at once; the main
thread gives jobs their turns; the outbox writes. It ends when stdin ends, even inside a decode, so
that no worker outlives its window.
"""

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn, Protocol

from engine.errors import AppError
from engine.process.jobs import JobGenerator, Jobs
from engine.process.messages import (
    PROTOCOL,
    AnyRequest,
    AnyResult,
    Cancel,
    Done,
    Failed,
    Ping,
    Pong,
    Ready,
)
from engine.process.outbox import Outbox
from engine.process.pipe import Pipe
from engine.process.wire import FrameReader, WireError, read_request

_CHUNK_BYTES = 1 << 16
BAD_WIRE_EXIT = 3


class WorkerService(Protocol):
    """What a worker does for each request: service.py's is the engine's."""

    def set_abort(self, on: bool) -> None:
        """Leave what runs now at once (from any thread), or allow it again."""

    def answer(self, request: AnyRequest) -> AnyResult | None:
        """The answer to a short question, or None: it is a job's work. Raises AppError."""

    def job(self, request: AnyRequest) -> JobGenerator:
        """The generator that does a request's work."""


def main(make_service: Callable[[], WorkerService]) -> None:
    """Serve until stdin ends; never returns."""
    wire_fd = _private_stdout()
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is the owner's to answer
    service = make_service()
    outbox = Outbox(Pipe(wire_fd), on_broken=lambda: _leave(0))
    jobs = Jobs(outbox.emit, service.set_abort)
    outbox.answer(Ready(job=0, protocol=PROTOCOL, pid=os.getpid()))
    reader = threading.Thread(
        target=_read, args=(service, outbox, jobs), name="reader", daemon=True
    )
    reader.start()
    while True:
        jobs.run_turn()


def _private_stdout() -> int:
    """Keep stdout for the wire alone: whatever C or Python code prints goes to stderr from here
    on."""
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    # Else huggingface_hub asks the hub a question of its own before ours, and tells it which
    # libraries are installed here.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    wire_fd = os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for fd in (0, wire_fd):  # else Windows rewrites line ends inside frames
            msvcrt.setmode(fd, os.O_BINARY)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire_fd


def _read(service: WorkerService, outbox: Outbox, jobs: Jobs) -> None:
    frames = FrameReader()
    try:
        while data := os.read(0, _CHUNK_BYTES):
            for body in frames.feed(data):
                _handle(read_request(body), service, outbox, jobs)
    except WireError as error:
        sys.stderr.write(f"worker: {error}; ending\n")
        _leave(BAD_WIRE_EXIT)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        _leave(1)
    _leave(0)


def _handle(request: AnyRequest, service: WorkerService, outbox: Outbox, jobs: Jobs) -> None:
    if isinstance(request, Ping):
        outbox.answer(Pong(job=request.job))
    elif isinstance(request, Cancel):
        jobs.cancel(request.job)
    else:
        try:
            result = service.answer(request)
            job = service.job(request) if result is None else None
        except AppError as error:
            outbox.answer(
                Failed(
                    job=request.job,
                    message=error.message,
                    hint=error.hint,
                    detail=error.detail,
                )
            )
            return
        if result is not None:
            outbox.answer(Done(job=request.job, result=result))
        elif job is not None:
            jobs.add(request.job, job)


def _leave(code: int) -> NoReturn:
    """End at once, from any thread, whatever the others do. The template child sees its stdin end,
    and where it is in a rendering its own watchdog ends it."""
    os._exit(code)


if __name__ == "__main__":
    from engine.process.service import Service

    main(Service)
