"""Datasets and what is done with them, between the room's pages and its worker: one for the room,
found by `desk_of`. Draws nothing; what fails and nobody listens to becomes a notice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from engine.process.messages import AnyEvent, AnyRequest, Failed
from engine.process.tune_messages import (
    AddRows,
    ChangeRow,
    DatasetInfo,
    DatasetList,
    DeleteDataset,
    DeleteRows,
    ExportDataset,
    ListDatasets,
    RenameDataset,
    Row,
    UndoRows,
)
from gui.side_worker import OnFailed, OnResult
from gui.tune.parts import TuneParts
from gui.tune.row_words import rows_text
from gui.tune.words import tr

OnInfo = Callable[[DatasetInfo], object]


class RowsDesk(QObject):
    """Keeps state.dataset and the draft's data.path in step with what the worker says.

    Attributes: datasets (all of the user folder, newest first), is_listed (whether they are known).
    """

    datasets_changed = Signal()
    row_wished = Signal(object)  # a RowItem that is to be edited
    view_wished = Signal(str)  # a view of the data page

    def __init__(self, parts: TuneParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.parts = parts
        self.datasets: list[DatasetInfo] = []
        self.is_listed = False
        self._is_listing = False
        parts.context.connections.watch(parts.worker.engine)
        parts.state.draft_changed.connect(self._follow_draft)

    # ---- asking ----

    def ask(
        self,
        make_request: Callable[[int], AnyRequest],
        on_result: OnResult,
        on_failed: OnFailed | None = None,
        on_event: Callable[[AnyEvent], None] | None = None,
    ) -> int:
        """As SideWorker.ask; a failure that nobody listens to is told."""
        failed = on_failed or self.parts.context.notices.show_event
        return self.parts.worker.ask(make_request, on_result, failed, on_event)

    def list_datasets(self) -> None:
        """Look what there is."""
        if not self._is_listing:
            self._is_listing = True
            self.ask(lambda job: ListDatasets(job=job), self._on_listed, self._on_list_failed)

    def _on_list_failed(self, failed: Failed) -> None:
        self._is_listing = False
        self.parts.context.notices.show_event(failed)

    def _on_listed(self, found: DatasetList) -> None:
        self._is_listing, self.is_listed = False, True
        self.datasets = sorted(found.items, key=lambda info: -info.added_s)
        self._follow_draft()
        self.datasets_changed.emit()

    # ---- which is in use ----

    @property
    def info(self) -> DatasetInfo | None:
        """The dataset in use; None for none, and for a file that is learned from as it is."""
        info = self.parts.state.dataset
        return info if info is not None and info.id else None

    @property
    def bare_file(self) -> str:
        """Path of a file that is learned from as it is, "" where there is a dataset or nothing."""
        info = self.parts.state.dataset
        return info.path if info is not None and not info.id else ""

    def use(self, info: DatasetInfo | None) -> None:
        """Learn from this dataset; None for none."""
        state = self.parts.state
        if info is not None:
            others = [one for one in self.datasets if one.id != info.id]
            known = next((one for one in self.datasets if one.id == info.id), None)
            at = self.datasets.index(known) if known is not None else 0
            self.datasets = [*others[:at], info, *others[at:]]
        state.set_dataset(info)
        state.change(data__path=info.path if info is not None else "")
        self.datasets_changed.emit()

    @Slot()
    def _follow_draft(self) -> None:
        """The draft may have been pointed elsewhere by others: kept from last time, or a run's."""
        state, path = self.parts.state, self.parts.state.draft.data.path
        if state.dataset is not None and state.dataset.path == path:
            return
        found = next((one for one in self.datasets if one.path == path), None)
        if found is not None:
            state.set_dataset(found)
        elif path and not self.is_listed:
            self.list_datasets()

    # ---- rows ----

    def add_rows(
        self,
        rows: list[Row],
        name: str,
        source: str,
        dataset: str = "",
        done: OnInfo | None = None,
        failed: OnFailed | None = None,
    ) -> None:
        """More rows for a dataset; "": a new one."""
        self.ask(
            lambda job: AddRows(job=job, rows=rows, name=name, dataset=dataset, source=source),
            partial(self._on_info, done),
            failed,
        )

    def change_row(
        self, row: Row, done: OnInfo | None = None, failed: OnFailed | None = None
    ) -> None:
        info = self.info
        if info is not None:
            self.ask(
                lambda job: ChangeRow(job=job, dataset=info.id, row=row),
                partial(self._on_info, done),
                failed,
            )

    def delete_rows(self, ids: list[str], done: OnInfo | None = None) -> None:
        """Delete rows; it can be taken back by the strip and by Undo."""
        info = self.info
        if info is None or not ids:
            return

        def deleted(now: DatasetInfo) -> None:
            words = tr("{rows} deleted").format(rows=rows_text(info.n_rows - now.n_rows))
            holds = partial(self._holds, now)
            self.parts.context.notices.offer_undo(words, self._undo_offered, holds)
            if done is not None:
                done(now)

        self.ask(
            lambda job: DeleteRows(job=job, dataset=info.id, ids=ids),
            partial(self._on_info, deleted),
        )

    def _undo_offered(self) -> None:
        self.undo_rows()

    def _holds(self, then: DatasetInfo) -> bool:
        """Whether a dataset is as it was left."""
        now = self.info
        return now is not None and (now.id, now.n_edits) == (then.id, then.n_edits)

    def undo_rows(self, *, forward: bool = False) -> bool:
        """Take back the last change of rows, or do it again; False where there is nothing."""
        info = self.info
        if info is None or not (info.can_redo if forward else info.can_undo):
            return False

        def undone(_info: DatasetInfo) -> None:
            self.parts.context.notices.forget_undone()

        self.ask(
            lambda job: UndoRows(job=job, dataset=info.id, forward=forward),
            partial(self._on_info, undone),
        )
        return True

    def _on_info(self, done: OnInfo | None, info: DatasetInfo) -> None:
        self.use(info)
        if done is not None:
            done(info)

    # ---- datasets as wholes ----

    def rename(self, info: DatasetInfo, name: str) -> None:
        self.ask(lambda job: RenameDataset(job=job, dataset=info.id, name=name), self._on_renamed)

    def _on_renamed(self, info: DatasetInfo) -> None:
        self.datasets = [info if one.id == info.id else one for one in self.datasets]
        if self.info is not None and self.info.id == info.id:
            self.parts.state.set_dataset(info)
        self.datasets_changed.emit()

    def delete_dataset(self, info: DatasetInfo) -> None:
        """Into the trash; it can be taken back."""

        def deleted(found: DatasetList) -> None:
            was_used = self.info is not None and self.info.id == info.id
            if was_used:
                self.use(None)
            self._on_listed(found)
            words = tr("Dataset “{name}” deleted").format(name=info.name)
            undo = partial(self._restore, info, was_used)
            self.parts.context.notices.offer_undo(words, undo)

        self.ask(lambda job: DeleteDataset(job=job, dataset=info.id), deleted)

    def _restore(self, info: DatasetInfo, was_used: bool) -> None:
        def restored(found: DatasetList) -> None:
            self._on_listed(found)
            if was_used and self.info is None:
                self.use(next((one for one in found.items if one.id == info.id), None))

        self.ask(lambda job: DeleteDataset(job=job, dataset=info.id, restore=True), restored)

    def export(self, path: str) -> None:
        """All rows as a JSONL file."""
        info = self.info
        if info is None:
            return
        words = tr("{rows} written to {name}").format(
            rows=rows_text(info.n_rows), name=path.replace("\\", "/").rsplit("/", 1)[-1]
        )
        self.ask(
            lambda job: ExportDataset(job=job, dataset=info.id, path=path),
            lambda _: self.parts.context.notices.tell(words),
        )


def desk_of(parts: TuneParts) -> RowsDesk:
    """The room's desk, made when it is first asked for."""
    return parts.state.findChild(RowsDesk) or RowsDesk(parts, parts.state)
