"""RUN.toml files of a person's own: saved where they say, opened as the draft, and the line that
runs one without the window.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from finetune.run.folder import slug, write_whole
from finetune.run_toml import C, changed, to_toml
from gui.context import AppContext
from gui.staged.behind import Behind
from gui.staged.page import AddAction
from gui.staged.state import StagedState
from gui.staged.words import tr

FILE = "RUN.toml"


class TomlFiles(QObject, Generic[C]):
    """Dialogs, and what is told afterwards.

    Args:
        verb: of the command that runs such a file, as in `bathysphere sft RUN.toml`.
        read: reads such a file, however unfinished; raises AppError.
        name_of: what a draft is called.
    """

    def __init__(
        self,
        context: AppContext,
        state: StagedState[C],
        add_action: AddAction,
        verb: str,
        read: Callable[[Path], C],
        name_of: Callable[[C], str],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._context, self._state, self._widget = context, state, window
        self._verb, self._read, self._name_of = verb, read, name_of
        self.behind = Behind(self)
        self.behind.failed.connect(context.notices.show_error)
        add_action(tr("&Copy as command…"), self.ask_command, "Ctrl+Shift+C")
        add_action(tr("Sa&ve RUN.toml…"), self.ask_save, "Ctrl+S")
        add_action(tr("&Open RUN.toml…"), self.ask_open, None)

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
        name = slug(self._name_of(self._state.draft))
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
        QGuiApplication.clipboard().setText(command_line(self._verb, Path(path)))

    def _write(self, path: str, told: str) -> None:
        text = to_toml(self._state.draft)
        self.behind.do(
            partial(write_whole, Path(path), text.encode()),
            lambda _: self._context.notices.tell(told),
        )

    @Slot(str)
    def open(self, path: str) -> None:
        """Make a file the draft; undo brings the old one back. Its folder is not taken: a new run
        gets one of its own."""
        self.behind.do(partial(self._read, Path(path)), partial(self._on_read, path))

    def _on_read(self, path: str, config: C) -> None:
        self._state.choose_run(None)
        self._state.set_draft(changed(config, out__dir=""))
        self._context.notices.tell(tr("“{name}” opened").format(name=Path(path).name))


def command_line(verb: str, run_toml: Path) -> str:
    """The line that runs it without the window, quoted for this system's shell."""
    words = ["bathysphere", verb, str(run_toml)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
