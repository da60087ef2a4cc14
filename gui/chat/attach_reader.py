"""Reads files away from the window's thread, one after another, and tells the documents they are.

Refuses what is no file, too large or no text, in a sentence each; a bug goes to the hook for bugs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from engine.errors import AppError
from gui.chat.attach_pdf import PasswordNeededError, read_pdf
from gui.chat.attach_text import read_text
from gui.chat.attachments import Document
from gui.chat.words import tr

MAX_BYTES = 50 * 1024 * 1024
WAIT_MS = 5_000
_PDF_LOOK = 1_024


class AttachReader(QObject):
    """A queue of files to read."""

    document_read = Signal(object, object)  # Document, what was passed as `place`
    refused = Signal(object, object)  # AppError, place
    password_needed = Signal(str, object, object)  # path, PasswordNeededError, place
    busy_changed = Signal()
    _answered = Signal(object)  # a call for the window's thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.n_waiting = 0
        self._end = Event()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)

    def read(self, path: str, place: object = None, password: str = "") -> None:
        """Read a file; one of the signals tells what came of it, with `place` passed through."""
        self.n_waiting += 1
        self.busy_changed.emit()
        self._pool.start(_Reading(self, Path(path), place, password))

    def stop(self) -> None:
        """Read no more; waits for the page that is being read."""
        self._end.set()
        self._pool.clear()
        self._pool.waitForDone(WAIT_MS)

    # ---- on the worker's thread ----

    def work(self, path: Path, place: object, password: str) -> None:
        """Read one file and have the outcome told on the window's thread."""
        try:
            document = read_file(path, password, self._end.is_set)
        except PasswordNeededError as error:
            answer: Callable[[], object] = partial(
                self.password_needed.emit, str(path), error, place
            )
        except AppError as error:
            answer = partial(self.refused.emit, error, place)
        except Exception as bug:  # told on the window's thread, where the hook for bugs listens
            answer = partial(_raise, bug)
        else:
            if document is not None:
                document.id  # noqa: B018  # hashed here, not on the window's thread
            answer = partial(self.document_read.emit, document, place)
        if not self._end.is_set():
            self._answered.emit(answer)

    # ---- on the window's thread ----

    @Slot(object)
    def _on_answered(self, answer: Callable[[], object]) -> None:
        self.n_waiting -= 1
        self.busy_changed.emit()
        answer()


class _Reading(QRunnable):
    def __init__(self, reader: AttachReader, path: Path, place: object, password: str) -> None:
        super().__init__()
        self._reader, self._path = reader, path
        self._place, self._password = place, password

    def run(self) -> None:
        self._reader.work(self._path, self._place, self._password)


def read_file(
    path: Path, password: str = "", is_over: Callable[[], bool] = lambda: False
) -> Document | None:
    """A file as a document; None where it was called off.

    Raises:
        AppError: it cannot be attached; the sentence says why.
    """
    try:
        _check(path)
        with path.open("rb") as file:
            if b"%PDF-" in file.read(_PDF_LOOK):
                return read_pdf(path, password, is_over)
            file.seek(0)
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise AppError(
            tr("“{name}” cannot be read.").format(name=path.name),
            tr("Is it still there, and may you open it?"),
            str(error),
        ) from error
    if len(data) > MAX_BYTES:
        raise _too_large(path.name)
    return read_text(path.name, data)


def _check(path: Path) -> None:
    """Only ordinary files: a pipe or a device would never end."""
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        raise AppError(
            tr("“{name}” is a folder.").format(name=path.name), tr("Attach the files in it.")
        )
    if not stat.S_ISREG(found.st_mode):
        raise AppError(tr("“{name}” is not a file.").format(name=path.name))
    if found.st_size > MAX_BYTES:
        raise _too_large(path.name)


def _too_large(name: str) -> AppError:
    message = tr("“{name}” is larger than {most} MB.")
    return AppError(
        message.format(name=name, most=MAX_BYTES // 1024**2),
        tr("No context holds so much: attach the part you need as a file of its own."),
    )


def _raise(bug: Exception) -> None:
    raise bug
