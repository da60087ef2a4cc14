"""Reading a text file for the editor: off the window's thread, whole, or not at all with a sentence
that says why."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import AppError
from gui.tokens.words import tr

LARGEST_BYTES = 64_000_000


class TextReader(QObject):
    """One file at a time; the last one asked for is the one that is heard of."""

    read = Signal(str, str)  # the file's name, its text
    failed = Signal(object)  # AppError
    _done = Signal(int, str, object)  # number of the call, name, text or AppError

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._threads: list[threading.Thread] = []
        self._done.connect(self._on_done)

    def ask(self, parent: QWidget) -> None:
        """A dialog; the window stays alive meanwhile."""
        dialog = QFileDialog(parent, tr("Open a text file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open(self, path: Path) -> None:
        """Read a file; `read` or `failed` comes."""
        self._number += 1
        thread = threading.Thread(target=self._read, args=(self._number, path), name="text file")
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def close(self) -> None:
        """Nothing is heard of any more."""
        self._number += 1
        for thread in self._threads:
            thread.join()

    def _read(self, number: int, path: Path) -> None:
        try:
            self._done.emit(number, path.name, read_text(path))
        except AppError as error:
            self._done.emit(number, path.name, error)

    @Slot(int, str, object)
    def _on_done(self, number: int, name: str, result: str | AppError) -> None:
        if number != self._number:
            return
        if isinstance(result, AppError):
            self.failed.emit(result)
        else:
            self.read.emit(name, result)


def read_text(path: Path) -> str:
    """A file's text; a byte order mark at its beginning is left out.

    Raises:
        AppError: it is not there, too large, or not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise AppError(
            tr("“{name}” cannot be read.").format(name=path.name),
            tr("Check that it is a file, and that you may read it. Your text is as it was."),
            str(error),
        ) from error
    if len(data) > LARGEST_BYTES:
        raise AppError(
            tr("“{name}” is too large for the editor.").format(name=path.name),
            tr("It takes up to 64 MB. Cut a part out of the file; your text is as it was."),
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AppError(
            tr("“{name}” is not text in UTF-8.").format(name=path.name),
            tr("Save it as UTF-8 and open it again; your text is as it was."),
            str(error),
        ) from error
