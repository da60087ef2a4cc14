"""Jobs are generators that take turns: one `next` each, round and round, on one thread.

A generator yields events (or None: nothing to say) and returns its result. Its end is exactly one
of Done, Cancelled, Failed. Cancelling throws JobCancelledError into it at its next turn; it may
return what it has.
"""

import queue
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

from engine.errors import AppError, JobCancelledError
from engine.process.messages import AnyResult, Cancelled, Done, Failed

JobGenerator = Generator[Any, None, AnyResult]


class Job:
    """One job; `cancelled` may be set from any thread."""

    def __init__(self, number: int, generator: JobGenerator) -> None:
        self.number = number
        self.generator = generator
        self.cancelled = False


class Jobs:
    """All jobs of a worker.

    Args:
        emit: takes (job number, event) on the jobs' thread.
        set_abort: called with True when the running job is to leave its decode at once, with False
            before each turn.
    """

    def __init__(self, emit: Callable[[int, Any], None], set_abort: Callable[[bool], None]) -> None:
        self._emit = emit
        self._set_abort = set_abort
        self._arriving: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._known: dict[int, Job] = {}
        self._turns: deque[Job] = deque()
        self._running: Job | None = None
        self._is_aborting = False
        self._lock = threading.Lock()

    def add(self, number: int, generator: JobGenerator) -> None:
        """From any thread."""
        job = Job(number, generator)
        with self._lock:
            self._known[number] = job
        self._arriving.put(job)

    def cancel(self, number: int) -> None:
        """From any thread; a job that ended a moment ago is left alone."""
        with self._lock:
            job = self._known.get(number)
            if job is None:
                return
            job.cancelled = True
            if self._running is job:
                self._abort(True)

    def run_turn(self) -> None:
        """Give the next job its turn; waits where there is none."""
        self._take_arrivals(wait=not self._turns)
        job = self._turns.popleft()
        with self._lock:
            self._running = job
            if self._is_aborting:
                self._abort(False)
        ended = self._step(job)
        with self._lock:
            self._running = None
            if ended:
                del self._known[job.number]
        if not ended:
            self._turns.append(job)

    def _abort(self, on: bool) -> None:
        self._is_aborting = on
        self._set_abort(on)

    def _take_arrivals(self, wait: bool) -> None:
        if wait:
            self._turns.append(self._arriving.get())
        while not self._arriving.empty():
            self._turns.append(self._arriving.get())

    def _step(self, job: Job) -> bool:
        """One turn. Returns whether the job ended."""
        try:
            if job.cancelled:
                event = job.generator.throw(JobCancelledError())
            else:
                event = next(job.generator)
        except StopIteration as stop:
            end: Any = Cancelled if job.cancelled else Done
            self._emit(job.number, end(job=job.number, result=stop.value))
        except JobCancelledError:
            self._emit(job.number, Cancelled(job=job.number))
        except AppError as error:
            self._emit(job.number, _failed(job.number, error))
        except Exception:
            self._emit(job.number, _broken(job.number))
        else:
            if event is not None:
                self._emit(job.number, event)
            return False
        return True


def _failed(number: int, error: AppError) -> Failed:
    return Failed(job=number, message=error.message, hint=error.hint, detail=error.detail)


def _broken(number: int) -> Failed:
    """A bug of ours: the job ends, the worker and its model go on."""
    return Failed(
        job=number,
        message="Something in the engine went wrong.",
        hint="Try again; Details help us mend it.",
        detail=traceback.format_exc(),
    )


def in_thread(
    work: Callable[[Callable[[Any], bool]], AnyResult],
) -> JobGenerator:
    """A generator around a call that blocks in C (loading a model).

    Args:
        work: runs on a thread of its own; gets `report(event) -> bool`, which is False once the job
            is cancelled.
    """
    reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
    outcome: list[AnyResult | BaseException] = []
    cancelled = threading.Event()

    def report(event: Any) -> bool:
        reports.put(event)
        return not cancelled.is_set()

    def run() -> None:
        try:
            outcome.append(work(report))
        except BaseException as error:  # carried over to the job's thread and raised there
            outcome.append(error)

    thread = threading.Thread(target=run, name="job", daemon=True)
    thread.start()
    while thread.is_alive():
        try:
            thread.join(0.01)
            yield from _latest(reports)
        except JobCancelledError:
            cancelled.set()
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result


def _latest(reports: "queue.SimpleQueue[Any]") -> Iterator[Any]:
    """The newest report, or None: progress that nobody saw in time is old."""
    event = None
    while not reports.empty():
        event = reports.get()
    yield event
