"""The draft becomes a run and begins: its folder is made, its process started, both behind the
window. All that stands in the way is told before.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from finetune.config import RunConfig
from finetune.pretraining.config import PretrainConfig
from finetune.run import launch
from finetune.run.folder import RunFolder, create_run
from gui.staged.behind import Behind

Launch = Callable[[RunFolder], object]


class Starter(QObject):
    """Makes runs of a draft.

    Args:
        runs: the folder that takes them.
        obstacles: all that keeps the draft from being started, a sentence each.
        named: the draft as it is now, with a name.
        launch_run: starts a run's process; for tests.
    """

    started = Signal(object)  # the RunFolder
    refused = Signal(list)  # list[str]: every reason, in words

    def __init__(
        self,
        runs: Path,
        behind: Behind,
        obstacles: Callable[[], list[str]],
        named: Callable[[], RunConfig | PretrainConfig],
        parent: QObject | None = None,
        launch_run: Launch | None = None,
    ) -> None:
        super().__init__(parent)
        self._runs, self._behind = runs, behind
        self._obstacles, self._named = obstacles, named
        self._launch: Launch = launch_run or launch.start_run
        self.is_starting = False

    def start(self) -> None:
        """Start a run of the draft as it is now, or say why not."""
        if self.is_starting:
            return
        if reasons := self._obstacles():
            self.refused.emit(reasons)
            return
        config = self._named()
        self.is_starting = True
        self._behind.do(lambda: self._make(config), self._on_made, self._on_failed)

    def _make(self, config: RunConfig | PretrainConfig) -> RunFolder:
        folder = create_run(self._runs, config)
        self._launch(folder)
        return folder

    def _on_made(self, folder: RunFolder) -> None:
        self.is_starting = False
        self.started.emit(folder)

    def _on_failed(self, error: Exception) -> None:
        self.is_starting = False
        self._behind.failed.emit(error)
