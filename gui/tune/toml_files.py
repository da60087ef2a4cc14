"""RUN.toml files of a person's own: saved where they say, opened as the draft, and the line that
runs one without the window.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from finetune.config import RunConfig, changed, read_draft, to_toml
from finetune.run.folder import slug, write_whole
from gui.staged.behind import Behind
from gui.tune.parts import TuneParts
from gui.tune.words import tr

FILE = "RUN.toml"


class TomlFiles(QObject):
    """Dialogs, and what is told afterwards."""

    def __init__(self, parts: TuneParts, window: QWidget) -> None:
        super().__init__(window)
        self._parts, self._widget = parts, window
        self.behind = Behind(self)
        self.behind.failed.connect(parts.context.notices.show_error)
        parts.add_action(tr("&Copy as command…"), self.ask_command, "Ctrl+Shift+C")
        parts.add_action(tr("Sa&ve RUN.toml…"), self.ask_save, "Ctrl+S")
        parts.add_action(tr("&Open RUN.toml…"), self.ask_open, None)

    # ---- asking ----

    @Slot()
    def ask_command(self) -> None:
        """Save the draft, and put the line that runs it on the clipboard."""
        self._ask_where(self.save_with_command)

    @Slot()
    def ask_save(self) -> None:
        self._ask_where(self.save)

    @Slot()
    def ask_open(self) -> None:
        dialog = QFileDialog(self._widget.window(), tr("Open a RUN.toml"))
        dialog.setNameFilters([tr("Runs (*.toml)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_where(self, save: object) -> None:
        dialog = QFileDialog(self._widget.window(), tr("Save RUN.toml"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        name = slug(self._parts.state.draft.out.name)
        dialog.selectFile(f"{name}.toml" if name else FILE)
        dialog.fileSelected.connect(save)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # ---- doing ----

    @Slot(str)
    def save(self, path: str) -> None:
        """Write the draft there."""
        self._write(path, tr("“{name}” saved").format(name=Path(path).name))

    @Slot(str)
    def save_with_command(self, path: str) -> None:
        """The same, and the headless line goes to the clipboard."""
        self._write(path, tr("Command copied; “{name}” saved").format(name=Path(path).name))
        QGuiApplication.clipboard().setText(command_line(Path(path)))

    def _write(self, path: str, told: str) -> None:
        text = to_toml(self._parts.state.draft)
        self.behind.do(
            partial(write_whole, Path(path), text.encode()),
            lambda _: self._parts.context.notices.tell(told),
        )

    @Slot(str)
    def open(self, path: str) -> None:
        """Make a file the draft; undo brings the old one back. Its folder is not taken: a new run
        gets one of its own."""
        self.behind.do(partial(read_draft, Path(path)), partial(self._on_read, path))

    def _on_read(self, path: str, config: RunConfig) -> None:
        self._parts.state.choose_run(None)
        self._parts.state.set_draft(changed(config, out__dir=""))
        self._parts.context.notices.tell(tr("“{name}” opened").format(name=Path(path).name))


def command_line(run_toml: Path) -> str:
    """The line that runs it without the window, quoted for this system's shell."""
    words = ["bathysphere", "sft", str(run_toml)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
