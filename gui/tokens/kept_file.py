"""A file of the user folder that keeps what was typed: read once, written soon after a change,
whole or not at all and off the window's thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from gui.settings import write_atomically
from gui.tokens.words import tr

SAVE_DELAY_MS = 400
Tell = Callable[[str, str, str], object]
T = TypeVar("T", bound=msgspec.Struct)


class KeptFile(QObject, Generic[T]):
    """One struct in one JSON file.

    Args:
        nothing: what there is where the file is not there or cannot be read; then it is set aside.
        tell: hears message, hint and detail of a file that cannot be read or written.
    """

    saving_failed = Signal(str, str, str)  # message, hint, detail; from the writing thread

    def __init__(self, path: Path, nothing: T, tell: Tell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._tell = tell
        self.saving_failed.connect(tell)
        self.value = self._read(nothing)
        self._unsaved: T | None = None
        self._writer: threading.Thread | None = None
        self._timer = QTimer(self, singleShot=True, interval=SAVE_DELAY_MS)
        self._timer.timeout.connect(self._begin)

    def _read(self, nothing: T) -> T:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=type(nothing))
        except FileNotFoundError:
            return nothing
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            aside = self._path.with_name(f"{self._path.name}.damaged")
            with contextlib.suppress(OSError):  # then it is written over, as it cannot be read
                self._path.replace(aside)
            self._tell(
                tr("What was kept of the Tokens room cannot be read, so it begins anew."),
                tr("The old file is “{name}”.").format(name=aside.name),
                str(error),
            )
            return nothing

    def keep(self, value: T) -> None:
        """This is what should be there next time."""
        if value != self.value:
            self.value = self._unsaved = value
            self._timer.start()

    def flush(self) -> None:
        """Write what is not written yet, and wait for it; for the end of the app."""
        self._timer.stop()
        self._begin()
        self._join()

    def _begin(self) -> None:
        self._join()
        value, self._unsaved = self._unsaved, None
        if value is not None:
            self._writer = threading.Thread(target=self._save, args=(value,), name="kept file")
            self._writer.start()

    def _join(self) -> None:
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def _save(self, value: T) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, msgspec.json.encode(value))
        except OSError as error:
            self.saving_failed.emit(
                tr("What you typed in the Tokens room could not be saved."),
                tr("Check that the disk has space and that your user folder may be written to."),
                str(error),
            )
