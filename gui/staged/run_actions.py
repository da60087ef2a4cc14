"""What a person asks of a run, done behind the window: stop, pause, go on, evaluate, start again,
its notes and its log. A refusal is told by the notices.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from engine.errors import AppError
from finetune.run import launch
from finetune.run.folder import Command, RunFolder, write_whole
from gui.context import AppContext
from gui.staged.behind import Behind

MOST_LOG_BYTES = 256 * 1024
Resume = Callable[[RunFolder], object]


class RunActions(QObject):
    """Args:
    resume: starts a run's process again; for tests.
    """

    def __init__(
        self, context: AppContext, parent: QObject | None = None, resume: Resume | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._resume: Resume = resume or (lambda folder: launch.start_run(folder, resume=True))
        self._behind = Behind(self)
        self._behind.failed.connect(context.notices.show_error)

    def ask(self, path: str, command: Command) -> None:
        """Leave a command for the run."""
        self._behind.do(lambda: RunFolder(Path(path)).ask(command), self._refresh)

    def resume(self, path: str) -> None:
        """Start the run's process again; it goes on where it was."""
        self._behind.do(lambda: self._resume(RunFolder(Path(path))), self._refresh)

    def read(self, path: Path, then: Callable[[str], object]) -> None:
        """A text of the run's folder, of a long one its end; "" where there is none."""
        self._behind.do(lambda: _end_of(path), then)

    def write(self, path: Path, text: str) -> None:
        """Write a text into the run's folder, whole or not at all."""
        self._behind.do(lambda: write_whole(path, text.encode()))

    def close(self) -> None:
        """The window is closing: what was asked is done before."""
        self._behind.close()

    def _refresh(self, _done: object) -> None:
        self._context.runs.refresh()


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - MOST_LOG_BYTES))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise AppError(
            f"“{path.name}” cannot be read.", "Check its permissions.", str(error)
        ) from error
