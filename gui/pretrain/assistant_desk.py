"""The way of a checkpoint into Fine-tune: conversations about its world, a copy of it that has a
chat template, and the plan of the fine-tuning, one after the other. Shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from engine.process.messages import AnyRequest, Failed
from engine.process.pretrain_messages import Exported, MakeChatBase, MakeStoryRows
from engine.process.tune_messages import (
    BaseInfo,
    DatasetInfo,
    DatasetList,
    DescribeBase,
    ListDatasets,
)
from finetune.config import RunConfig
from finetune.pretraining.assistant import assistant_config
from gui.pretrain.parts import PretrainParts
from gui.pretrain.raised_look import RaisedLook
from gui.pretrain.words import tr
from gui.side_worker import SideWorker

OnPlan = Callable[[RunConfig], object]


class _Making(Struct, frozen=True):
    """What is made, of what: fixed when it begins. name: the run's."""

    run: str
    checkpoint: str
    name: str
    on_plan: OnPlan


class AssistantDesk(QObject):
    """One plan at a time."""

    began = Signal(str)  # a stage, in words
    told = Signal(object)  # what comes before a stage's end
    ended = Signal()
    failed = Signal(object)  # Failed

    def __init__(
        self, parts: PretrainParts, look: RaisedLook, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._parts, self._look = parts, look
        self._turn = 0  # an answer to an earlier one is late
        self._asked: tuple[SideWorker, int] | None = None
        self.is_busy = False

    def make(self, n_rows: int, on_plan: OnPlan) -> None:
        """Make all that the chosen checkpoint needs to become an assistant.

        Args:
            n_rows: conversations about its story world; 0: the data is a person's own, the plan
                names none.
        """
        run, name, corpus = self._look.run, self._look.checkpoint, self._look.corpus
        if self.is_busy or run is None or not name or (n_rows and corpus is None):
            return
        self._turn += 1
        self.is_busy = True
        # What is chosen meanwhile is another model's.
        work = _Making(str(run.path), name, self._look.name, on_plan)
        if n_rows and corpus is not None:
            rows = tr("Conversations about {name}").format(name=corpus.name)
            listed = partial(self._on_datasets, work, corpus.path, rows, n_rows)
            self._ask(
                self._parts.worker,
                tr("Writing conversations"),
                lambda job: ListDatasets(job=job),
                listed,
            )
        else:
            self._make_base(work, "")

    def stop(self) -> None:
        """End it; what was made stays for another time."""
        asked = self._asked
        self._end()
        if asked is not None:
            asked[0].cancel(asked[1])

    # ---- the stages ----

    def _on_datasets(
        self, work: _Making, corpus: str, rows: str, n: int, found: DatasetList
    ) -> None:
        """Conversations that were written before are taken again."""
        same = (one for one in found.items if (one.name, one.n_rows) == (rows, n))
        if (known := next(same, None)) is not None:
            self._make_base(work, known.path)
            return
        self._ask(
            self._parts.worker,
            tr("Writing conversations"),
            lambda job: MakeStoryRows(job=job, corpus=corpus, n=n, name=rows),
            partial(self._on_rows, work),
        )

    def _on_rows(self, work: _Making, info: DatasetInfo) -> None:
        self._make_base(work, info.path)

    def _make_base(self, work: _Making, data: str) -> None:
        self._ask(
            self._parts.heavy,
            tr("Giving the model a chat template"),
            lambda job: MakeChatBase(job=job, run=work.run, checkpoint=work.checkpoint),
            partial(self._on_base, work, data),
        )

    def _on_base(self, work: _Making, data: str, made: Exported) -> None:
        self._ask(
            self._parts.worker,
            tr("Planning"),
            lambda job: DescribeBase(job=job, path=made.path),
            partial(self._on_described, work, data),
        )

    def _on_described(self, work: _Making, data: str, info: BaseInfo) -> None:
        self._end()
        if info.reason:
            self.failed.emit(Failed(job=0, message=info.reason, hint="", detail=info.path))
            return
        name = tr("{name} assistant").format(name=work.name)
        config = assistant_config(info.path, data, name, info.n_ctx_train, info.n_params)
        work.on_plan(config)

    # ---- asking ----

    def _ask(
        self,
        worker: SideWorker,
        what: str,
        make: Callable[[int], AnyRequest],
        then: Callable[..., object],
    ) -> None:
        turn = self._turn
        self._asked = None
        self.began.emit(what)

        def on_result(result: object) -> None:
            if turn == self._turn:
                then(result)

        def on_failed(failed: Failed) -> None:
            if turn == self._turn:
                self._end()
                self.failed.emit(failed)

        job = worker.ask(make, on_result, on_failed, self.told.emit)
        if turn == self._turn and self.is_busy and job:
            self._asked = (worker, job)

    def _end(self) -> None:
        self._turn += 1
        self._asked, self.is_busy = None, False
        self.ended.emit()
