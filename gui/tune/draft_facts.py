"""Keeps what is known of the draft's base and data in step with their paths: asked of the room's
worker when a path becomes another, whoever changed it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.process.messages import Failed
from engine.process.tune_messages import (
    BaseInfo,
    DatasetInfo,
    DatasetList,
    DescribeBase,
    ListDatasets,
)
from gui.side_worker import SideWorker
from gui.tune.state import TuneState


class DraftFacts(QObject):
    """A base that cannot be described is shown with the reason in its place."""

    def __init__(self, state: TuneState, worker: SideWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._worker = state, worker
        self._base_path = ""
        self._data_path = ""
        state.draft_changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Ask for what is not known."""
        base, data = self._state.draft.base.path, self._state.draft.data.path
        if base != self._base_path:
            self._base_path = base
            self._ask_base(base)
        if data != self._data_path:
            self._data_path = data
            self._ask_data(data)

    def _ask_base(self, path: str) -> None:
        known = self._state.base
        if known is not None and known.path == path:
            return
        self._state.set_base(None)
        if path:
            self._worker.ask(
                lambda job: DescribeBase(job=job, path=path),
                partial(self._on_base, path),
                partial(self._on_base_failed, path),
            )

    def _on_base(self, path: str, info: BaseInfo) -> None:
        if path == self._base_path:
            self._state.set_base(info)

    def _on_base_failed(self, path: str, failed: Failed) -> None:
        self._on_base(path, BaseInfo(path, Path(path).stem, "", failed.message))

    def _ask_data(self, path: str) -> None:
        known = self._state.dataset
        if known is not None and known.path == path:
            return
        self._state.set_dataset(None)
        if path:
            self._worker.ask(
                lambda job: ListDatasets(job=job),
                partial(self._on_datasets, path),
            )

    def _on_datasets(self, path: str, found: DatasetList) -> None:
        if path != self._data_path:
            return
        same = [one for one in found.items if Path(one.path) == Path(path)]
        if same:
            self._state.set_dataset(same[0])
        elif Path(path).is_file():
            # A file named by a RUN.toml: taught from as it is, counted when it is read.
            self._state.set_dataset(DatasetInfo("", Path(path).name, path, -1))
