"""The draft becomes a run and begins: its folder is made, its process started, both behind the
window. All that stands in the way is told before.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from finetune.config import RunConfig, changed
from finetune.run import launch
from finetune.run.folder import RunFolder, create_run
from gui.tune.behind import Behind
from gui.tune.field_words import field_name
from gui.tune.state import TuneState
from gui.tune.words import tr

Launch = Callable[[RunFolder], object]


class Starter(QObject):
    """Makes runs of a state's draft.

    Args:
        runs: the folder that takes them.
        launch_run: starts a run's process; for tests.
    """

    started = Signal(object)  # the RunFolder
    refused = Signal(list)  # list[str]: every reason, in words

    def __init__(
        self,
        runs: Path,
        state: TuneState,
        behind: Behind,
        parent: QObject | None = None,
        launch_run: Launch | None = None,
    ) -> None:
        super().__init__(parent)
        self._runs, self._state, self._behind = runs, state, behind
        self._launch: Launch = launch_run or launch.start_run
        self.is_starting = False

    def start(self) -> None:
        """Start a run of the draft as it is now, or say why not."""
        if self.is_starting:
            return
        if reasons := obstacles(self._state):
            self.refused.emit(reasons)
            return
        config = named(self._state)
        self.is_starting = True
        self._behind.do(lambda: self._make(config), self._on_made, self._on_failed)

    def _make(self, config: RunConfig) -> RunFolder:
        folder = create_run(self._runs, config)
        self._launch(folder)
        return folder

    def _on_made(self, folder: RunFolder) -> None:
        self.is_starting = False
        self.started.emit(folder)

    def _on_failed(self, error: Exception) -> None:
        self.is_starting = False
        self._behind.failed.emit(error)


def obstacles(state: TuneState) -> list[str]:
    """All that keeps a draft from being started, a sentence each."""
    reasons = []
    for name, words in state.draft.problems().items():
        if name != "out.dir":  # made with the run
            reasons.append(f"{field_name(name)}: {words}")
    if state.base is not None and state.base.reason:
        reasons.append(tr("Base: {reason}").format(reason=state.base.reason))
    if state.dataset is not None and state.dataset.n_rows == 0:
        reasons.append(tr("Data: “{name}” has no rows.").format(name=state.dataset.name))
    return reasons


def named(state: TuneState) -> RunConfig:
    """The draft with a name: its own, else its data's."""
    if state.draft.out.name:
        return state.draft
    data = state.dataset.name if state.dataset is not None else Path(state.draft.data.path).stem
    return changed(state.draft, out__name=data or tr("run"))
