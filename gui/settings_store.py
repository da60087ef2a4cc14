"""The settings in use: read once, changed by the rooms, told to all, written soon after and off
the window's thread.

What a setting is and how the file is kept safe: gui/settings.py.
"""

import threading
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import AppError
from gui.settings import Settings, load, save

SAVE_DELAY_MS = 400


class SettingsStore(QObject):
    """`value` is the settings as they are now; `change(theme="dark")` makes new ones."""

    changed = Signal()  # some field is another now
    saving_failed = Signal(str, str, str)  # message, hint, detail; emitted from the writing thread

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.value, self.note = load(path)  # note: what to tell the user about the file, or ""
        self._writer: threading.Thread | None = None
        self._is_unsaved = False
        self._timer = QTimer(self, singleShot=True, interval=SAVE_DELAY_MS)
        self._timer.timeout.connect(self._begin_save)

    def change(self, **fields: Any) -> None:
        """Set fields of gui.settings.Settings by name; nothing happens where they are so
        already."""
        if all(getattr(self.value, name) == wanted for name, wanted in fields.items()):
            return
        self.value = msgspec.structs.replace(self.value, **fields)
        self._is_unsaved = True
        self._timer.start()
        self.changed.emit()

    def flush(self) -> None:
        """Write now what is not written yet, and wait for it; for the end of the app."""
        self._timer.stop()
        self._join()
        self._begin_save()
        self._join()

    def _begin_save(self) -> None:
        if not self._is_unsaved:
            return
        self._join()
        self._is_unsaved = False
        # A sync to a slow disk takes longer than a frame; the settings themselves never change
        # in place.
        self._writer = threading.Thread(target=self._save, args=(self.value,), name="settings")
        self._writer.start()

    def _join(self) -> None:
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def _save(self, settings: Settings) -> None:
        try:
            save(self._path, settings)
        except AppError as error:
            self.saving_failed.emit(error.message, error.hint, error.detail)
