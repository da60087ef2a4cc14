"""The Fine-tune room: teach the model you are talking to. Runs and the steps of a run at the left,
the page of a step in the middle, its details at the right.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from finetune.config import RunConfig, read_draft
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from gui.context import AppContext
from gui.side_worker import SideWorker
from gui.staged.draft_file import DraftFile
from gui.staged.draft_history import DraftHistory
from gui.staged.noted_list import Line
from gui.staged.page import StagedPage
from gui.staged.page_entry import PageEntry
from gui.staged.room import StagedRoom
from gui.staged.room_facts import RoomFacts
from gui.staged.run_menu import MenuLine
from gui.staged.run_words import run_lines
from gui.staged.side import SideWords
from gui.staged.starting import Launch, Starter
from gui.tune.draft_facts import DraftFacts
from gui.tune.field_words import field_name
from gui.tune.next_runs import on_other_data
from gui.tune.page_table import page_entries
from gui.tune.parts import TuneParts
from gui.tune.plan_opener import fill_plan_opener
from gui.tune.rows_openers import fill_openers
from gui.tune.starting import named, obstacles
from gui.tune.state import TuneState
from gui.tune.steps import missing_for, step_lines
from gui.tune.words import tr

if TYPE_CHECKING:
    from gui.tune.data_page import DataPage

DRAFT_FILE = "tune_draft.toml"


class TuneRoom(StagedRoom[RunConfig]):
    """runs and steps | page | details.

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
        self.state = state = TuneState()
        super().__init__(context, _facts(), state, page_entries(), parent, worker, heavy)
        behind, notices = self.behind, context.notices
        file = DraftFile(context.paths.home / DRAFT_FILE, state, read_draft, behind, notices, self)
        history = DraftHistory(state, field_name, self)
        self.facts = DraftFacts(state, self.worker, self)
        starter = Starter(
            context.paths.runs,
            behind,
            partial(obstacles, state),
            partial(named, state),
            self,
            launch_run,
        )
        self.parts = TuneParts(
            context=context,
            worker=self.worker,
            heavy=self.heavy,
            state=state,
            add_action=self.add_action,
            show_page=self.show_page,
            start=self.start,
        )
        for changed in (state.base_changed, state.dataset_changed, state.checked_changed):
            changed.connect(self._show_lists)
        self.begin(file, history, starter)

    def make_page(self, entry: PageEntry) -> StagedPage:
        return entry.make(self.parts, self.pages.stack)

    def add_more_actions(self) -> None:
        fill_openers(self.parts, self._data_page)
        fill_plan_opener(self.parts)

    def _data_page(self) -> DataPage:
        from gui.tune.data_page import DataPage

        page = self.page_of("data")
        assert isinstance(page, DataPage), page
        return page

    # ---- what is shown ----

    def missing_for(self, key: str, run: RunSummary | None) -> str:
        return missing_for(key, self.state, run)

    def draft_name(self) -> str:
        return self.state.draft.out.name

    def run_lines(self) -> list[Line]:
        return [_draft_line(self.draft_name()), *run_lines(self.runs)]

    def step_lines(self, run: RunSummary | None) -> list[Line]:
        return step_lines(list(self.pages.entries.values()), self.state, run)

    def kept_place(self) -> tuple[str, str]:
        kept = self._context.settings.value
        return kept.tune_page, kept.tune_run

    def keep_place(self, page: str, run: str) -> Mapping[str, str]:
        return {"tune_page": page, "tune_run": run}

    def on_restored(self) -> None:
        self.facts.refresh()

    # ---- runs ----

    def more_run_lines(self) -> list[MenuLine]:
        return [
            MenuLine("columns", tr("Com&pare the run with others"), self._on_compare),
            MenuLine("copy", tr("Same settings, &other data"), self.same_settings),
        ]

    def _on_compare(self, run: RunSummary) -> None:
        self.compare(run.path)

    def compare(self, path: str) -> None:
        """Lay a run over the one looked at; alone, it is looked at and others can be chosen."""
        from gui.tune.run_page import RunPage

        page = self.page_of("run")
        assert isinstance(page, RunPage), page
        if self.state.run is None or str(self.state.run.path) == path:
            self._on_run_clicked(path)
            self.show_page("run")
            page.loss.overlay_asked.emit()
            return
        self.show_page("run")
        if path not in page.overlay.chosen:
            page.overlay.toggle(path)

    def same_settings(self, run: RunSummary) -> None:
        """Its plan becomes the draft; the data is chosen anew."""
        self.behind.do(RunFolder(Path(run.path)).config, self._on_config)

    def _on_config(self, config: RunConfig) -> None:
        self.state.choose_run(None)
        self.state.set_draft(on_other_data(config))
        self.show_page("data")


def _facts() -> RoomFacts:
    return RoomFacts(
        key="tune",
        kind="sft",
        name=tr("Fine-tune"),
        first="base",
        of_run="run",
        refused="how",
        side=SideWords(tr("Runs"), tr("Steps"), tr("Plan a new run (Ctrl+N)")),
        new_words=tr("&Plan a new run"),
        start_words=tr("&Start the run"),
        new_name=tr("New run"),
        run_command=tr("Run: {name}"),
    )


def _draft_line(name: str) -> Line:
    return Line(
        key="",
        name=name or tr("New run"),
        note=tr("draft"),
        tip=tr("The run that you are planning; it is kept until you start it (Ctrl+N)"),
        icon="plus" if not name else "",
    )
