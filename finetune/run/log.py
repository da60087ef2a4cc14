"""Writes a run's events and samples: whole lines, appended, on the disk when it counts.

A disk that is full must not silence the run: a spare of some kilobytes is given back then, so that
the sentence about it still finds room.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import AppError
from finetune.run.events import (
    AnyRunEvent,
    CheckpointSaved,
    Ended,
    Facts,
    RunFailed,
    Sample,
    to_line,
)
from finetune.run.folder import RunFolder

E = TypeVar("E", bound=AnyRunEvent)
SPARE_BYTES = 1 << 16
# Until these are on the disk, nothing that follows them may be believed.
_KEPT_AT_ONCE = (Facts, CheckpointSaved, Ended, RunFailed)


class RunLog:
    """An attempt's pen.

    Args:
        listen: hears each event too (the command line).
        is_silent: writes nothing (a process that only helps).
    """

    def __init__(
        self,
        folder: RunFolder,
        attempt: int,
        listen: Callable[[AnyRunEvent], None] | None = None,
        is_silent: bool = False,
    ) -> None:
        self.folder, self.attempt, self.step = folder, attempt, 0
        self._listen, self._is_silent = listen, is_silent
        self._spare = folder.path / ".spare"
        if not is_silent:
            self.give_spare()

    def give_spare(self) -> None:
        """Take room for the last words. Raises AppError where there is not even that."""
        try:
            self._spare.write_bytes(b"\0" * SPARE_BYTES)
        except OSError as error:
            raise disk_error(error) from error

    def say(self, kind: type[E], **fields: Any) -> E:
        """Write an event of now. Raises AppError where the disk refuses."""
        event = kind(attempt=self.attempt, step=self.step, time_s=time.time(), **fields)
        self.write(event)
        return event

    def write(self, event: AnyRunEvent) -> None:
        """Write an event. Raises AppError where the disk refuses."""
        self.step = event.step
        if self._is_silent:
            return
        self._append(self.folder.events, to_line(event), isinstance(event, _KEPT_AT_ONCE))
        if self._listen is not None:
            self._listen(event)

    def sample_at(self, step: int, prompt: str, answer: str, finish: str = "") -> None:
        """Write an answer to a fixed prompt. Raises AppError where the disk refuses."""
        if not self._is_silent:
            line = to_line(Sample(self.attempt, step, prompt, answer, finish))
            self._append(self.folder.samples, line, False)

    def sync(self) -> None:
        """All events so far are on the disk: what is written next may build on them."""
        if self._is_silent:
            return
        try:
            with self.folder.events.open("rb+") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise disk_error(error) from error

    def close(self) -> None:
        self._spare.unlink(missing_ok=True)

    def _append(self, path: Path, line: bytes, at_once: bool) -> None:
        try:
            append(path, line, at_once)
        except OSError as error:
            self._spare.unlink(missing_ok=True)
            raise disk_error(error) from error


def append(path: Path, line: bytes, at_once: bool = False) -> None:
    """Add a line to a file; one cut short before it (a kill, a full disk) is ended first.

    Raises:
        OSError: the disk refuses.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
    try:
        end = os.lseek(file, 0, os.SEEK_END)
        if end:
            os.lseek(file, end - 1, os.SEEK_SET)
            line = line if os.read(file, 1) == b"\n" else b"\n" + line
        while line:
            line = line[os.write(file, line) :]
        if at_once:
            os.fsync(file)
    finally:
        os.close(file)


def disk_error(error: OSError) -> AppError:
    """What a person is told where the disk refuses a run's files."""
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return AppError(
            "The disk is full.", "Make room, then resume the run: nothing is lost.", str(error)
        )
    return AppError(
        "The run's files cannot be written.", "Check the disk, then resume the run.", str(error)
    )
