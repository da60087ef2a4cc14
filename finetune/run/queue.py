"""Several runs, one machine: each waits for its turn, in the order in which they were asked for.

A ticket (a small file) says who waits and since when; an operating system's lock says who has the
turn, and is free again however its holder dies. Light until somebody waits.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec
import psutil

from engine.errors import AppError
from engine.paths import user_paths
from finetune.run.folder import RunFolder, write_whole

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Ticket(msgspec.Struct, frozen=True):
    """Who waits, or runs: a run's folder, its process, and when it was asked for."""

    run: str
    pid: int
    created_s: float
    asked_s: float

    @property
    def is_live(self) -> bool:
        try:
            return bool(abs(psutil.Process(self.pid).create_time() - self.created_s) < 1.0)
        except psutil.Error:
            return False


def tickets() -> list[Ticket]:
    """Of all live runs, the first asked first: the one that runs, and those that wait."""
    found = []
    for path in sorted(_folder().glob("*.json")):
        try:
            ticket = msgspec.json.decode(path.read_bytes(), type=Ticket)
        except (OSError, msgspec.MsgspecError):
            continue  # just taken back
        if ticket.is_live:
            found.append(ticket)
        else:
            path.unlink(missing_ok=True)
    return found


def put_ticket(folder: RunFolder, pid: int, asked_s: float) -> None:
    """Stand in the queue. Raises AppError where the disk refuses."""
    with contextlib.suppress(psutil.NoSuchProcess):
        ticket = Ticket(str(folder.path), pid, psutil.Process(pid).create_time(), asked_s)
        _make(_folder())
        write_whole(_path(folder, asked_s), msgspec.json.encode(ticket))


class Turn:
    """A run's place in the queue, from its ticket to its end: `with Turn(...) as turn`.

    Raises:
        AppError: the run is another process's already.
    """

    def __init__(self, folder: RunFolder, asked_s: float) -> None:
        self._run, self._asked_s = folder, asked_s
        self._folder_lock = _lock(folder.lock)
        self._turn_lock = _lock(_make(_folder()) / "turn.lock")

    def __enter__(self) -> Turn:
        if not _take(self._folder_lock):
            raise AppError("This run is running already.", "Stop it first, or wait for its end.")
        put_ticket(self._run, os.getpid(), self._asked_s)
        return self

    def before(self) -> list[Ticket]:
        """Who goes first."""
        own = [self._asked_s, str(self._run.path)]
        return [one for one in tickets() if [one.asked_s, one.run] < own]

    def is_mine(self) -> bool:
        """Whether it is this run's turn, which it then keeps."""
        if self._turn_lock.is_locked:
            return True
        return not self.before() and _take(self._turn_lock)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _path(self._run, self._asked_s).unlink(missing_ok=True)
        for lock in (self._turn_lock, self._folder_lock):
            lock.release()


def _folder() -> Path:
    return user_paths().runs / ".queue"


def _path(folder: RunFolder, asked_s: float) -> Path:
    name = hashlib.sha256(str(folder.path).encode()).hexdigest()[:8]
    return _folder() / f"{int(asked_s * 1e6):020d}-{name}.json"


def _make(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AppError(
            "The queue of runs could not be made.", "Check the disk's space.", str(error)
        ) from error
    return folder


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(path)


def _take(lock: BaseFileLock) -> bool:
    """Whether a lock could be had at once."""
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    except OSError as error:
        raise AppError(
            "The run's lock could not be made.", "Check the disk's space.", str(error)
        ) from error
    return True
