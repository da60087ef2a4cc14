"""Texts (corpora) and what is done with them, between the room's pages and its worker: one for the
room, found by `desk_of`. Draws nothing; what fails and nobody listens to becomes a notice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.process.messages import AnyEvent, AnyRequest, Failed
from engine.process.pretrain_messages import (
    Cleaning,
    CorpusInfo,
    CorpusList,
    CorpusSource,
    DeleteCorpus,
    ListCorpora,
    MakeCorpus,
    RenameCorpus,
)
from finetune.pretraining.dial import suited_fields
from gui.pretrain.parts import PretrainParts
from gui.pretrain.words import tr
from gui.side_worker import OnFailed, OnResult


class CorpusDesk(QObject):
    """Keeps state.corpus and the draft's corpus.path in step with what the worker says.

    Attributes: corpora (all of the user folder, newest first), is_listed (whether they are known),
    making (name of the one that is being made, "" for none).
    """

    corpora_changed = Signal()
    making_changed = Signal()  # one began, or it ended
    told = Signal(object)  # an event of the one that is being made
    made = Signal(object)  # CorpusInfo, in use by then
    making_failed = Signal(object)  # Failed

    def __init__(self, parts: PretrainParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.parts = parts
        self.corpora: list[CorpusInfo] = []
        self.is_listed = False
        self.making = ""
        self._is_listing = False
        self._job = self._run = 0

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

    def list_corpora(self) -> None:
        """Look what there is."""
        if not self._is_listing:
            self._is_listing = True
            self.ask(lambda job: ListCorpora(job=job), self._on_listed, self._on_list_failed)

    def _on_list_failed(self, failed: Failed) -> None:
        self._is_listing = False
        self.parts.context.notices.show_event(failed)

    def _on_listed(self, found: CorpusList) -> None:
        self._is_listing, self.is_listed = False, True
        self.corpora = list(found.corpora)
        self.corpora_changed.emit()

    # ---- which is in use ----

    @property
    def info(self) -> CorpusInfo | None:
        """The one in use; None for none, and for a file that is learned from as it is."""
        return self.parts.state.corpus

    @property
    def bare_path(self) -> str:
        """A file or folder that is learned from as it is, "" where there is a corpus or nothing."""
        path = self.parts.state.draft.corpus.path
        return path if path and self.info is None and self.is_listed else ""

    def use(self, info: CorpusInfo | None) -> None:
        """Learn from this; None for nothing."""
        state = self.parts.state
        if info is not None:
            self._put(info)
        state.set_corpus(info)
        if info is None:
            state.change(corpus__path="")
        else:
            state.change(
                corpus__path=info.path,
                corpus__validation=info.validation,
                **suited_fields(state.draft.train, info.stories_seed >= 0),
            )
        self.corpora_changed.emit()

    def _put(self, info: CorpusInfo) -> None:
        at = next((n for n, one in enumerate(self.corpora) if one.id == info.id), None)
        if at is None:
            self.corpora.insert(0, info)
        else:
            self.corpora[at] = info

    # ---- making ----

    def make(
        self, sources: list[CorpusSource], name: str, cleaning: Cleaning, validation: float
    ) -> None:
        """Read, clean and keep texts; one at a time."""
        assert not self.making, self.making
        self.making = name
        self._run += 1
        run = self._run
        self._job = self.ask(
            lambda job: MakeCorpus(
                job=job, sources=sources, name=name, cleaning=cleaning, validation=validation
            ),
            partial(self._on_made, run),
            partial(self._on_failed, run),
            self.told.emit,
        )
        self.making_changed.emit()

    def stop_making(self) -> None:
        """End it; nothing of it stays."""
        job = self._job
        self._end_making()
        self.parts.worker.cancel(job)

    def _end_making(self) -> None:
        self.making, self._job = "", 0
        self.making_changed.emit()

    def _on_made(self, run: int, info: CorpusInfo) -> None:
        if run != self._run or not self.making:
            self.list_corpora()  # it was done the moment it was stopped
            return
        self._end_making()
        self.use(info)
        self.made.emit(info)

    def _on_failed(self, run: int, failed: Failed) -> None:
        if run != self._run or not self.making:
            return
        self._end_making()
        self.making_failed.emit(failed)

    # ---- as wholes ----

    def rename(self, info: CorpusInfo, name: str) -> None:
        before = info.name
        ask = partial(self._ask_name, info.id)
        words = tr("“{before}” is called “{name}” now").format(before=before, name=name)
        ask(name, lambda: self.parts.context.notices.offer_undo(words, lambda: ask(before)))

    def _ask_name(self, corpus: str, name: str, done: Callable[[], object] = lambda: None) -> None:
        def renamed(info: CorpusInfo) -> None:
            self._put(info)
            if self.info is not None and self.info.id == info.id:
                self.parts.state.set_corpus(info)
            self.corpora_changed.emit()
            done()

        self.ask(lambda job: RenameCorpus(job=job, corpus=corpus, name=name), renamed)

    def delete(self, info: CorpusInfo) -> None:
        """Into the bin; it can be taken back."""

        def deleted(_nothing: object) -> None:
            was_used = self.info is not None and self.info.id == info.id
            self.corpora = [one for one in self.corpora if one.id != info.id]
            if was_used:
                self.use(None)
            self.corpora_changed.emit()
            words = tr("Text “{name}” deleted").format(name=info.name)
            undo = partial(self._restore, info, was_used)
            self.parts.context.notices.offer_undo(words, undo)

        self.ask(lambda job: DeleteCorpus(job=job, corpus=info.id), deleted)

    def _restore(self, info: CorpusInfo, was_used: bool) -> None:
        def restored(_nothing: object) -> None:
            self._put(info)
            if was_used and not self.parts.state.draft.corpus.path:
                self.use(info)
            self.list_corpora()

        self.ask(lambda job: DeleteCorpus(job=job, corpus=info.id, is_undone=True), restored)


def name_of(path: str) -> str:
    """What a file or folder is called, without its ending."""
    return Path(path).stem or Path(path).name


def desk_of(parts: PretrainParts) -> CorpusDesk:
    """The room's desk, made when it is first asked for."""
    return parts.state.findChild(CorpusDesk) or CorpusDesk(parts, parts.state)
