"""A person's notes on a run, beside it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from finetune.run.folder import RunFolder
from gui.staged.run_actions import RunActions
from gui.staged.words import tr
from gui.theme import Theme

KEEP_NOTES_MS = 800
NOTES_PX = 110


class RunNotes(QPlainTextEdit):
    """A person's notes on a run, kept in its folder as notes.md a moment after the last key."""

    def __init__(self, theme: Theme, actions: RunActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._actions = theme, actions
        self._path = ""
        self._kept = ""
        self._timer = QTimer(self, singleShot=True, interval=KEEP_NOTES_MS)
        self._timer.timeout.connect(self.flush)
        self.setPlaceholderText(tr("What you tried, and what you saw"))
        self.setAccessibleName(tr("Notes on this run"))
        self.setToolTip(tr("Kept in the run’s folder, in notes.md"))
        self.setTabChangesFocus(True)
        self.textChanged.connect(self._on_changed)
        theme.changed.connect(self._dress)
        self._dress()

    def set_run(self, path: str, first: str = "") -> None:
        """Show the notes of a run. first: those it was begun with, where none are kept yet."""
        if path == self._path:
            return
        self.flush()
        self._path, self._kept = path, ""
        self._set_text("")
        self.setReadOnly(True)
        if path:
            self._actions.read(
                RunFolder(Path(path)).notes, lambda text: self._on_read(path, text or first)
            )

    @Slot()
    def flush(self) -> None:
        """Write what was typed, now."""
        self._timer.stop()
        text = self.toPlainText()
        if self._path and not self.isReadOnly() and text != self._kept:
            self._kept = text
            self._actions.write(RunFolder(Path(self._path)).notes, text)

    def _on_read(self, path: str, text: str) -> None:
        if path == self._path:
            self._kept = text
            self._set_text(text)
            self.setReadOnly(False)

    def _set_text(self, text: str) -> None:
        self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(False)

    @Slot()
    def _on_changed(self) -> None:
        self._timer.start()

    @Slot()
    def _dress(self) -> None:
        self.setFixedHeight(self._theme.px(NOTES_PX))
