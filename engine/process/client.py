"""The worker from a script or a test: no Qt. Starts it, asks it, stops it; iterate over a job's
events.

with Client() as client:
    client.load(path)
    for event in client.stream(lambda job: Generate(job=job, prompt="Once")):
        ...
"""

import collections
import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

import psutil

from engine.errors import AppError
from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    AnyResult,
    Cancelled,
    Done,
    Failed,
    Load,
    ModelInfo,
)
from engine.process.session import TICK_S, Session
from engine.process.wire import WireError

WORKER = (sys.executable, "-m", "engine.process.worker")
_STOP_S = 1.0
# What a dying worker wrote to stderr is still in the pipe; a grandchild may hold that pipe open for
# long.
_LAST_WORDS_S = 0.5


class Client:
    """One worker process. Requests may be sent from any thread; events come on the client's reading
    thread."""

    def __init__(self, command: Sequence[str] = WORKER, env: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            bufsize=0,
        )
        self._log: collections.deque[str] = collections.deque(maxlen=100)
        self._lock = threading.RLock()
        self._session = Session(self._write)
        self._why = ""
        self._gone = threading.Event()
        self._threads = [
            threading.Thread(target=target, daemon=True, name=f"client-{target.__name__}")
            for target in (self._read_events, self._read_log, self._watch)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """The last lines of the worker's stderr."""
        return "\n".join(self._log)

    def submit(
        self, make_request: Callable[[int], AnyRequest], on_event: Callable[[AnyEvent], None]
    ) -> int:
        """Send a request made for a fresh job number; events come on the reading thread. Returns
        the job."""
        with self._lock:
            job = self._session.new_job()
            self._session.submit(make_request(job), on_event)
            if self._gone.is_set():
                self._fail_all()
        return job

    def stream(self, make_request: Callable[[int], AnyRequest]) -> Iterator[AnyEvent]:
        """A job's events, its end last. Closing the iterator early cancels the job.

        Raises:
            AppError: the job failed.
        """
        events: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
        job = self.submit(make_request, events.put)
        try:
            while True:
                event = events.get()
                if isinstance(event, Failed):
                    raise AppError(event.message, event.hint, event.detail)
                yield event
                if isinstance(event, Done | Cancelled):
                    return
        finally:
            self.cancel(job)

    def ask(self, make_request: Callable[[int], AnyRequest]) -> AnyResult:
        """A job's result. Raises AppError where it fails or is cancelled."""
        for event in self.stream(make_request):
            if isinstance(event, Done):
                return event.result
        raise AppError("The work was cancelled.")

    def load(self, path: str, **options: object) -> ModelInfo:
        """Load a model and wait for it; options as in messages.Load."""
        info = self.ask(lambda job: Load(job=job, path=path, **options))  # type: ignore[arg-type]
        assert isinstance(info, ModelInfo), info
        return info

    def cancel(self, job: int) -> None:
        with self._lock:
            self._session.cancel(job)

    def close(self) -> None:
        """End the worker: ask, terminate, kill, and whatever it started too."""
        children = _descendants(self._process.pid)
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        if not self._ends():
            self._process.terminate()
            if not self._ends():
                self._process.kill()
                self._process.wait()
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        self._gone.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _ends(self) -> bool:
        """Whether the worker ends within _STOP_S."""
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except (OSError, ValueError):
            self._why = self._why or "it closed its input"  # its end is told by the reading thread

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        while data := self._process.stdout.read(1 << 16):
            try:
                with self._lock:
                    self._session.feed(data)
            except WireError as error:
                self._why = f"it sent something unreadable ({error})"
                self._process.kill()
                break
        self._process.wait()
        self._threads[1].join(_LAST_WORDS_S)
        with self._lock:
            self._gone.set()
            self._fail_all()

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._log.append(line.decode("utf-8", "replace").rstrip())

    def _watch(self) -> None:
        while not self._gone.wait(TICK_S):
            with self._lock:
                hang = self._session.tick(time.monotonic())
            if hang:
                self._why = hang
                self._process.kill()
                return

    def _fail_all(self) -> None:
        why = self._why or f"exit code {self._process.returncode}"
        self._session.fail_all(
            "The engine stopped in the middle of this.",
            "Try again; if it happens again, Details say more.",
            f"{why}\n{self.log}",
        )


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []
