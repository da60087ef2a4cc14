"""What llama.cpp does beside torch's start: one thread that asks the base, and rests as soon as
torch needs both cores.

Everything asked here is kept by KnownAnswers, so whoever asks again later goes on where it rested.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
Report = Callable[[float], object]


class _RestsError(Exception):
    """Raised between two questions."""


class Task(Generic[T]):
    """Something that is done aside; `fraction` of it is done."""

    def __init__(self, aside: Aside, work: Callable[[Report], T]) -> None:
        self._aside, self._work = aside, work
        self.fraction = 0.0
        self._future: Future[T | None] = aside.pool.submit(self._run)

    def _run(self) -> T | None:
        """None where it rested before its end."""
        try:
            self._report(0.0)
            return self._work(self._report)
        except _RestsError:
            return None

    def _report(self, fraction: float) -> None:
        self.fraction = fraction
        if self._aside.is_resting:
            raise _RestsError

    @property
    def is_done(self) -> bool:
        return self._future.done()

    def result(self) -> T:
        """What came of it; what was left is done here. Raises whatever it raised."""
        found = self._future.result()
        return found if found is not None else self._work(lambda fraction: None)


class Aside:
    """The thread. Tasks run one after another, in the order they were given."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1, "aside")
        self.is_resting = False

    def begin(self, work: Callable[[Report], T]) -> Task[T]:
        return Task(self, work)

    def rest(self) -> None:
        """Stop before the next question, and wait for that."""
        self.is_resting = True
        self.pool.submit(int).result()

    def __enter__(self) -> Aside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_resting = True
        self.pool.shutdown(cancel_futures=True)
