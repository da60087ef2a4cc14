"""The Pretrain room: raise a small model from raw text. Models and the stages of one at the left,
the page of a stage in the middle, its details at the right.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from finetune.pretraining.config import PretrainConfig, read_pretrain_draft
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from finetune.run_toml import changed
from gui.context import AppContext
from gui.pretrain.draft_facts import DraftFacts
from gui.pretrain.field_words import field_name
from gui.pretrain.page_table import page_entries
from gui.pretrain.parts import PretrainParts
from gui.pretrain.starting import named, obstacles
from gui.pretrain.state import PretrainState
from gui.pretrain.steps import missing_for, raised_note, step_lines
from gui.pretrain.words import tr
from gui.side_worker import SideWorker
from gui.staged.draft_file import DraftFile
from gui.staged.draft_history import DraftHistory
from gui.staged.noted_list import Line
from gui.staged.page import StagedPage
from gui.staged.page_entry import PageEntry
from gui.staged.room import StagedRoom
from gui.staged.room_facts import RoomFacts
from gui.staged.run_menu import MenuLine
from gui.staged.run_words import run_line
from gui.staged.side import SideWords
from gui.staged.starting import Launch, Starter

DRAFT_FILE = "pretrain_draft.toml"


class PretrainRoom(StagedRoom[PretrainConfig]):
    """models and stages | page | details.

    Args:
        worker, heavy, launch_run: for tests; the real ones otherwise.
    """

    def __init__(
        self,
        context: AppContext,
        parent: QWidget | None = None,
        worker: SideWorker | None = None,
        heavy: SideWorker | None = None,
        launch_run: Launch | None = None,
    ) -> None:
        self.state = state = PretrainState()
        super().__init__(context, _facts(), state, page_entries(), parent, worker, heavy)
        behind, paths = self.behind, context.paths
        file = DraftFile(
            paths.home / DRAFT_FILE, state, read_pretrain_draft, behind, context.notices, self
        )
        history = DraftHistory(state, field_name, self)
        self.facts = DraftFacts(state, self.worker, self)
        starter = Starter(
            paths.runs, behind, partial(obstacles, state), partial(named, state), self, launch_run
        )
        self.parts = PretrainParts(
            context=context,
            worker=self.worker,
            heavy=self.heavy,
            state=state,
            add_action=self.add_action,
            show_page=self.show_page,
            start=self.start,
            launch_run=launch_run,
        )
        for one in (state.corpus_changed, state.tokenizer_changed, state.calibration_changed):
            one.connect(self._show_lists)
        self.begin(file, history, starter)

    def make_page(self, entry: PageEntry) -> StagedPage:
        return entry.make(self.parts, self.pages.stack)

    # ---- what is shown ----

    def missing_for(self, key: str, run: RunSummary | None) -> str:
        return missing_for(key, self.state, run)

    def draft_name(self) -> str:
        return self.state.draft.out.name

    def run_lines(self) -> list[Line]:
        raised = [run_line(run, raised_note(run)) for run in self.runs]
        return [_draft_line(self.draft_name()), *raised]

    def step_lines(self, run: RunSummary | None) -> list[Line]:
        raised = self._context.runs.record(run.path).raised if run is not None else None
        return step_lines(list(self.pages.entries.values()), self.state, run, raised)

    def kept_place(self) -> tuple[str, str]:
        kept = self._context.settings.value
        return kept.pretrain_page, kept.pretrain_run

    def keep_place(self, page: str, run: str) -> Mapping[str, str]:
        return {"pretrain_page": page, "pretrain_run": run}

    def refused_page(self) -> str:
        has_text = bool(self.state.draft.corpus.path)
        return "model" if has_text and "model" in self.pages.entries else super().refused_page()

    def on_restored(self) -> None:
        self.facts.refresh()

    # ---- runs ----

    def more_run_lines(self) -> list[MenuLine]:
        return [MenuLine("copy", tr("Same settings, &other text"), self.same_settings)]

    def same_settings(self, run: RunSummary) -> None:
        """Its plan becomes the draft; the text is chosen anew."""
        self.behind.do(RunFolder(Path(run.path)).pretrain_config, self._on_config)

    def _on_config(self, config: PretrainConfig) -> None:
        self.state.choose_run(None)
        fresh = {"out__dir": "", "out__name": "", "out__notes": ""}
        self.state.set_draft(changed(config, corpus__path="", tokenizer__path="", **fresh))
        self.show_page("text")


def _facts() -> RoomFacts:
    return RoomFacts(
        key="pretrain",
        kind="pretrain",
        name=tr("Pretrain"),
        first="text",
        of_run="run",
        refused="text",
        side=SideWords(tr("Models you raised"), tr("Stages"), tr("Plan a new model (Ctrl+N)")),
        new_words=tr("&Plan a new model"),
        start_words=tr("&Start raising the model"),
        new_name=tr("New model"),
        run_command=tr("Raised model: {name}"),
    )


def _draft_line(name: str) -> Line:
    return Line(
        key="",
        name=name or tr("New model"),
        note=tr("draft"),
        tip=tr("The model that you are planning; it is kept until you start it (Ctrl+N)"),
        icon="plus" if not name else "",
    )
