"""The sixth page: what came of a run, and what can be done with it. Shows what the run's end
measured; asks the heavy worker for files and comparisons.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import AppError
from engine.process.tune_messages import (
    BaseInfo,
    Converted,
    DescribeBase,
    MergeRun,
)
from finetune.config import RunConfig
from finetune.measure.results import Remedy
from finetune.run.folder import RunFolder
from gui.run_record import RunRecord
from gui.staged.cards import CardPage
from gui.staged.overlay import Overlay
from gui.staged.progress_words import doing_words
from gui.staged.run_actions import RunActions
from gui.tune import next_runs
from gui.tune.changes_card import ChangesCard
from gui.tune.chat_strip import ChatStrip
from gui.tune.compare_card import CompareCard
from gui.tune.forgetting_card import ForgettingCard
from gui.tune.hand_over_card import HandOverCard
from gui.tune.held_out_card import AnswersCard, HeldOutCard
from gui.tune.merge_card import MergeCard
from gui.tune.parity_card import ParityCard
from gui.tune.parts import TunePage, TuneParts
from gui.tune.product_files import ProductFiles
from gui.tune.product_jobs import ProductJobs
from gui.tune.report_card import ReportCard
from gui.tune.result_details import ResultDetails
from gui.tune.to_chat import STARTER, chat_with, chat_with_whole
from gui.tune.words import tr

HALF = 0.5


class ResultPage(TunePage):
    """Cards, from the badge to the files."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        context, theme = parts.context, parts.context.theme
        self._path, self._is_stale = "", True
        self._shown: RunRecord | None = None
        self._described = ""  # the base that its quantisation was asked of
        self.run_actions = RunActions(context, self)
        self.overlay = Overlay(context.runs, self)
        self.pane = ResultDetails(theme)
        self.page = CardPage(theme, self)
        self.parity, self.chat = ParityCard(theme), ChatStrip(theme)
        self.held_out = HeldOutCard(theme)
        self.prompts = AnswersCard(theme, tr("The fixed prompts, before and after"))
        self.changes = ChangesCard(theme, parts.heavy)
        self.forgetting = ForgettingCard(theme)
        self.jobs = ProductJobs(theme, parts.heavy)
        self.merge, self.hand_over = MergeCard(theme), HandOverCard(theme, context.connections)
        self.files = ProductFiles(context.paths.models, self.jobs, self.merge, self.hand_over, self)
        self.compare = CompareCard(theme)
        self.report = ReportCard(theme, self.run_actions)
        for part in (
            *(self.parity, self.chat, self.prompts, self.changes, self.held_out),
            *(self.forgetting, self.jobs, self.merge, self.hand_over, self.compare, self.report),
        ):
            self.page.column.addWidget(part)
        self.page.column.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self._connect()
        self._on_run_chosen()

    def _connect(self) -> None:
        runs, state = self.parts.context.runs, self.parts.state
        runs.start()
        runs.run_changed.connect(self._on_run_changed)
        state.run_chosen.connect(self._on_run_chosen)
        self.overlay.changed.connect(self._show_compared)
        self.chat.chat_asked.connect(self.chat_with_it)
        self.forgetting.remedy_asked.connect(self._on_remedy)
        self.jobs.made.connect(self._on_made)
        self.jobs.chat_asked.connect(self._on_model_chat)
        self.jobs.running_changed.connect(self._on_running)
        self.compare.choosing_asked.connect(self._on_compare)
        self.pane.further_asked.connect(self.train_further)
        self.pane.other_data_asked.connect(self._on_other_data)

    # ---- the room's ----

    def on_shown(self) -> None:
        self._refresh()

    def details(self) -> QWidget | None:
        return self.pane

    def header_words(self) -> str:
        run = self.parts.context.runs.summary(self._path)
        return doing_words(run) if run is not None else ""

    def save_state(self) -> None:
        self.run_actions.close()

    # ---- showing ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._show()

    @Slot()
    def _refresh(self) -> None:
        self._is_stale = True
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        """Only what is another: a table must not lose its place with every event of a run."""
        self._is_stale = False
        record = self.parts.context.runs.record(self._path) if self._path else None
        if record is None or not record.is_read or record is self._shown:
            return
        before, self._shown = self._shown, record
        self.pane.set_record(record)
        self.report.set_run(self._path)
        self.parity.set_parity(record.parity)
        is_same = before is not None and before.path == record.path
        if not is_same or before is None or before.result != record.result:
            self._show_result(record)
        self._show_compared()

    def _show_result(self, record: RunRecord) -> None:
        result = record.result
        self.held_out.set_result(result)
        self.prompts.set_answers(result.prompts if result is not None else [])
        self.changes.set_run(self._path, result)
        self.forgetting.set_forgetting(result.forgetting if result is not None else None)
        for card in (self.chat, self.merge, self.hand_over):
            card.set_full(self.is_full)
        name = record.config.out.name if record.config is not None else ""
        self.files.set_run(self._path, name, self._base(), lambda: self.chat.strength)
        self._describe_base()

    def _describe_base(self) -> None:
        """How the base is quantised, for what merging says."""
        base = self._base()
        if base and base != self._described:
            self._described = base
            self.merge.set_base("")
            self.parts.worker.ask(
                lambda job: DescribeBase(job=job, path=base),
                partial(self._on_described, base),
                lambda _failed: None,  # a base that is gone is told where it is needed
            )

    def _on_described(self, base: str, info: BaseInfo) -> None:
        if base == self._described:
            self.merge.set_base(info.quantisation)

    @Slot()
    def _show_compared(self) -> None:
        run = self.parts.context.runs.summary(self._path)
        if run is not None:
            record = self.parts.context.runs.record(self._path)
            self.compare.set_runs([(run.name, record), *self.overlay.records(self._path)])

    # ---- what it is made of ----

    @property
    def folder(self) -> RunFolder:
        return RunFolder(Path(self._path))

    def _config(self) -> RunConfig | None:
        return self._shown.config if self._shown is not None else None

    def _base(self) -> str:
        record = self._shown
        if record is None:
            return ""
        if record.result is not None and record.result.base:
            return record.result.base
        return record.config.base.path if record.config is not None else ""

    @property
    def is_full(self) -> bool:
        """Every weight was taught: the product is a model, not an adapter."""
        config = self._config()
        return config is not None and config.train.method == "full"

    def _product(self) -> str:
        """The product, or of a run without one its newest checkpoint's file."""
        record = self._shown
        if record is None:
            return ""
        if record.end is not None and record.end.product:
            return str(self.folder.path / record.end.product)
        saved, name = record.checkpoints, "model.gguf" if self.is_full else "adapter.gguf"
        return str(self.folder.checkpoints / saved[-1].folder / name) if saved else ""

    # ---- chat ----

    @Slot(float, bool)
    def chat_with_it(self, strength: float, is_beside_base: bool) -> None:
        self._chat(self._base(), self._product(), strength, is_beside_base)

    @Slot(str)
    def _on_model_chat(self, path: str) -> None:
        """A file that was made here: a model, or an adapter for this run's base."""
        if path == self.files.imported:
            self._chat(self._base(), path, 1.0, False)
        else:
            self._chat(path, "", 1.0, False)

    def _chat(self, base: str, adapter: str, strength: float, is_beside_base: bool) -> None:
        if not base:
            return
        missing = [
            one for one in (base, adapter) if one and one != STARTER and not Path(one).is_file()
        ]
        if missing:
            message = tr("“{name}” is not there any more.").format(name=Path(missing[0]).name)
            self.parts.context.notices.show_failure(
                message, tr("Put it back where it was: {path}").format(path=missing[0])
            )
            return
        context = self.parts.context
        try:
            if adapter and adapter != self.files.imported and self.is_full:
                chat_with_whole(context, base, adapter, is_beside_base=is_beside_base)
            else:
                chat_with(context, base, adapter, strength, is_beside_base=is_beside_base)
        except AppError as error:
            self.parts.context.notices.show_error(error)

    # ---- files ----

    @Slot(object)
    def _on_made(self, made: Converted) -> None:
        """Files that were compared with torch tell their parity."""
        if made.parity and self._shown is not None:
            told = {one.form for one in made.parity}
            kept = [one for one in self._shown.parity if one.form not in told]
            self.parity.set_parity([*kept, *made.parity])

    @Slot(bool)
    def _on_running(self, is_running: bool) -> None:
        self.pane.further.setEnabled(not is_running)

    # ---- runs that follow ----

    @Slot()
    def train_further(self) -> None:
        """What was learned becomes part of a base, unrounded, and the draft begins there."""
        config = self._config()
        if config is None:
            return
        if self.is_full and (product := self._product()):
            self._plan(next_runs.further(config, product), "how")
            return
        run, out = self._path, str(self.folder.product / "merged-F16.gguf")
        if Path(out).is_file():
            self._plan(next_runs.further(config, out), "how")
            return
        self.jobs.run(
            tr("Merging it into a base"),
            lambda job: MergeRun(job=job, run=run, out=out, quantisation="F16"),
            lambda made: self._plan(next_runs.further(config, made.path), "how"),
        )

    @Slot()
    def _on_other_data(self) -> None:
        if (config := self._config()) is not None:
            self._plan(next_runs.on_other_data(config), "data")

    @Slot(str)
    def _on_remedy(self, remedy: Remedy) -> None:
        config = self._config()
        if config is None:
            return
        if remedy == "lower_strength":
            self.chat.set_strength(HALF)
            self.chat_with_it(HALF, False)
            return
        self._plan(next_runs.remedied(config, remedy), "how")

    def _plan(self, draft: RunConfig, page: str) -> None:
        self.parts.state.set_draft(draft)
        self.parts.show_page(page)

    # ---- slots ----

    @Slot()
    def _on_run_chosen(self) -> None:
        run = self.parts.state.run
        path = str(run.path) if run is not None else ""
        if path and path != self._path:
            self._path, self._shown = path, None
            self.jobs.clear()
            self.chat.set_strength(1.0)
            self.merge.set_source("")
        self._refresh()

    @Slot(str)
    def _on_run_changed(self, path: str) -> None:
        if path == self._path:
            self._refresh()
            self.status_changed.emit()
        elif path in self.overlay.chosen and self.isVisible():
            self._show_compared()

    @Slot()
    def _on_compare(self) -> None:
        button = self.compare.choose
        self.overlay.show_menu(self._path, button.mapToGlobal(button.rect().bottomLeft()))
