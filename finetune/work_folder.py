"""Folders for work that is thrown away: files between two steps, and what is only measured.

One that a killed process left behind is swept when the next process begins or makes its own: a lock
beside each says whether its owner lives, and the system takes that back however the owner dies.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import AppError
from engine.paths import user_paths

_LOCK = ".lock"
PREFIX = ".work-"


@contextlib.contextmanager
def work_folder(word: str, parent: Path | None = None) -> Iterator[Path]:
    """An empty folder, gone with the block.

    Args:
        word: what it is for, part of its name.
        parent: where; the user folder's own place for it where None. There it is on the disk that
            a person chose for large files, which the system's place need not be.

    Raises:
        AppError: the disk refuses.
    """
    place = parent or common_place()
    try:
        place.mkdir(parents=True, exist_ok=True)
        sweep_work(place)
        folder, lock = _taken(place, word)
    except OSError as error:
        raise AppError(
            "There is no place for the files in between.",
            "Check that the disk has space and may be written to.",
            str(error),
        ) from error
    try:
        yield folder
    finally:
        _let_go(folder, lock)


def sweep_work(place: Path | None = None) -> None:
    """Delete the folders whose owners are gone; what another process works in stays."""
    for path in (place or common_place()).glob(f"{PREFIX}*{_LOCK}"):
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue  # in use, or not ours to take
        _let_go(path.with_suffix(""), lock)


def common_place() -> Path:
    """Where they are when nothing else is said."""
    return user_paths().cache / "work"


def _taken(place: Path, word: str) -> tuple[Path, FileLock]:
    """A new folder with its lock held."""
    while True:
        folder = place / f"{PREFIX}{word}-{secrets.token_hex(4)}"
        lock = FileLock(folder.with_name(folder.name + _LOCK), timeout=0)
        with contextlib.suppress(Timeout):
            lock.acquire()
            if Path(lock.lock_file).exists():  # else swept between its making and its holding
                folder.mkdir()
                return folder, lock
            lock.release()


def _let_go(folder: Path, lock: FileLock) -> None:
    """The folder first: one without a lock would stay for ever."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        lock.release()  # a file in it is still open; the next sweep tries again
        return
    with contextlib.suppress(OSError):  # Windows: while it is held
        Path(lock.lock_file).unlink()
    lock.release()
    with contextlib.suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
