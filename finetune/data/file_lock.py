"""One process at a time: a lock on a file, which the system takes back when its holder dies."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import AppError

# Which locks a thread holds itself: it would wait for itself for ever.
_held: set[tuple[str, int]] = set()


@contextmanager
def locked(path: Path, is_reading: bool = False) -> Iterator[None]:
    """Hold the lock; waits for whoever has it. It is held for moments only.

    Args:
        is_reading: do without where the folder takes no files (a disk that is read only).

    Raises:
        AppError: the lock's file cannot be made, another holds it for too long, or this thread
            does (a job that looks through the rows and takes turns).
    """
    name = (str(path), threading.get_ident())
    if name in _held:
        raise AppError("The dataset is being looked through.", "Try again in a moment.")
    try:
        file = path.open("ab")
    except OSError as error:
        if not is_reading:
            raise AppError(
                "The dataset cannot be changed.", "Check its folder's permissions.", str(error)
            ) from error
        yield
        return
    with file:
        try:
            _lock(file.fileno())
        except OSError as error:
            raise AppError(
                "Another program is changing this dataset.", "Try again in a moment.", str(error)
            ) from error
        _held.add(name)
        try:
            yield
        finally:
            _held.discard(name)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        """Waits for ten seconds at most."""
        import os

        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
