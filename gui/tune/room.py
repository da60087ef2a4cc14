"""The Fine-tune room: teach the model you are talking to. Runs and the steps of a run at the left,
the page of a step in the middle, its details at the right; parts know one another only through
here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QFocusEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.process.messages import Failed
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from gui.commands import Command
from gui.context import AppContext, Room
from gui.side_worker import SideWorker
from gui.staged.page_entry import PageEntry
from gui.tune.behind import Behind
from gui.tune.details_stack import DetailsStack
from gui.tune.draft_facts import DraftFacts
from gui.tune.draft_file import DraftFile
from gui.tune.draft_history import DraftHistory
from gui.tune.header import TuneHeader
from gui.tune.heavy_worker import HeavyWorker, tune_process
from gui.tune.page_table import page_entries
from gui.tune.parts import Shortcut, TunePage, TuneParts
from gui.tune.rows_openers import fill_openers
from gui.tune.run_keeper import RunKeeper
from gui.tune.run_menu import RunMenu
from gui.tune.run_words import run_lines
from gui.tune.side import RunsAndSteps
from gui.tune.starting import Launch, Starter
from gui.tune.state import TuneState
from gui.tune.steps import missing_for, step_lines
from gui.tune.words import tr
from gui.widgets.panes import Panes

if TYPE_CHECKING:
    from gui.tune.data_page import DataPage

SPLITTER = "tune"
DRAFT_FILE = "tune_draft.toml"
FIRST = "base"


class TuneRoom(Room):
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
        super().__init__(parent)
        self._context = context
        self.worker = worker or SideWorker(context.paths, tune_process(context.paths), self)
        self.heavy = heavy or HeavyWorker(context.paths, None, self)
        self.state = TuneState(self)
        self.behind = Behind(self)
        file = context.paths.home / DRAFT_FILE
        self.draft_file = DraftFile(file, self.state, self.behind, context.notices, self)
        self.history = DraftHistory(self.state, self)
        self.facts = DraftFacts(self.state, self.worker, self)
        self.starter = Starter(context.paths.runs, self.state, self.behind, self, launch_run)
        self._entries = {entry.key: entry for entry in page_entries()}
        self._pages: dict[str, TunePage] = {}
        self._draft_page = FIRST  # the page of the draft that was looked at last
        self.panes = Panes(context.theme, self)
        self.side = RunsAndSteps(context.theme, self.panes.left)
        self.header = TuneHeader(context.theme, self.panes.work)
        self.details_button = self.header.details_button
        self.stack = QStackedWidget(self.panes.work)
        self.details = DetailsStack(self.panes.side)
        self.parts = TuneParts(
            context=context,
            worker=self.worker,
            heavy=self.heavy,
            state=self.state,
            add_action=self._add,
            show_page=self.show_page,
            start=self.start,
        )
        self._lay_out()
        self._add_actions()
        self._connect()
        self.details_button.setChecked(self.panes.restore(self._kept_widths()))
        self._show_lists()

    def _lay_out(self) -> None:
        work = QWidget(self.panes.work)
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.stack, 1)
        self.panes.fill(self.side, work, self.details)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.panes)

    def _connect(self) -> None:
        state, side = self.state, self.side
        self.worker.failed.connect(self._on_failed)
        self.heavy.failed.connect(self._on_failed)
        self.behind.failed.connect(self._context.notices.show_error)
        for changed in (state.draft_changed, state.base_changed, state.dataset_changed):
            changed.connect(self._show_lists)
        state.checked_changed.connect(self._show_lists)
        state.run_chosen.connect(self._on_run_chosen)
        self._context.runs.changed.connect(self._show_lists)
        self._context.runs.start()
        self._context.openers["tune.run"] = self._on_run_clicked
        self.starter.started.connect(self._on_started)
        self.starter.refused.connect(self._on_refused)
        side.steps.chosen.connect(self._on_step_chosen)
        side.runs.chosen.connect(self._on_run_clicked)
        side.new_asked.connect(self.show_draft)
        side.menu_asked.connect(self.run_menu.show_at)
        side.runs.renamed.connect(self.keeper.rename)
        self.keeper.removed.connect(self._on_run_removed)
        for worker in (self.worker, self.heavy):
            self._context.connections.watch(worker.engine)
        self.details_button.toggled.connect(self._on_details_toggled)
        self.panes.details_wished.connect(self.details_button.setChecked)

    def _add_actions(self) -> None:
        for entry in self._entries.values():
            self._add(entry.name, partial(self.show_page, entry.key), f"Alt+{entry.number}")
        self._add(tr("&Plan a new run"), self.show_draft, "Ctrl+N")
        self._add(tr("&Start the run"), self.start, "Ctrl+Return")
        self._add(tr("Show &details"), self.details_button.toggle, "Ctrl+D")
        fill_openers(self.parts, self._data_page)
        self.keeper = RunKeeper(self._context, self.behind, self)
        edit_name = self.side.runs.edit_name
        self.run_menu = RunMenu(self.parts, self.keeper, self.behind, self.compare, edit_name, self)

    def _add(self, text: str, do: Callable[[], object], shortcut: Shortcut = None) -> QAction:
        action = QAction(text, self)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda: do())
        self.addAction(action)
        return action

    def _kept_widths(self) -> list[int]:
        return self._context.settings.value.splitters.get(SPLITTER, [])

    # ---- pages ----

    @Slot(str)
    def show_page(self, key: str) -> None:
        """Go to a page, made now if nobody looked at it yet. One of the plan leads to the draft,
        one of a run to the run looked at, where what it needs is there."""
        entry = self._entries.get(key)
        if entry is None:
            return
        if not entry.is_of_run and self.state.run is not None:
            self._draft_page = key
            self.state.choose_run(None)
            return
        if missing := missing_for(key, self.state, self.run_summary()):
            self._context.notices.tell(missing)
            self.side.steps.choose(self.page_key)
            return
        if not entry.is_of_run:
            self._draft_page = key
        self._show(self.page_of(key), key)

    def _show(self, page: TunePage, key: str) -> None:
        self.stack.setCurrentWidget(page)
        self.header.set_tools(page.header_widget())
        self._show_details()
        self._show_lists()
        page.on_shown()

    def page_of(self, key: str) -> TunePage:
        if key not in self._pages:
            page = self._entries[key].make(self.parts, self.stack)
            assert isinstance(page, TunePage), page
            self._pages[key] = page
            page.status_changed.connect(self._show_lists)
            self.stack.addWidget(page)
            self.details.add_details(key, page.details())
        return self._pages[key]

    def _data_page(self) -> DataPage:
        from gui.tune.data_page import DataPage

        page = self.page_of("data")
        assert isinstance(page, DataPage), page
        return page

    @property
    def page_key(self) -> str:
        """The page on show."""
        shown = self.stack.currentWidget()
        return next((key for key, page in self._pages.items() if page is shown), "")

    @property
    def page(self) -> TunePage | None:
        return self._pages.get(self.page_key)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._pages:
            self._restore()

    def _restore(self) -> None:
        """The page and the run of last time; the first time the first page."""
        kept = self._context.settings.value
        self.facts.refresh()
        self.keeper.empty_old()
        run = RunFolder(Path(kept.tune_run)) if kept.tune_run else None
        if run is not None and run.run_toml.is_file():
            self.state.choose_run(run)
        else:
            self.show_page(kept.tune_page if self._is_reachable(kept.tune_page) else FIRST)

    def _is_reachable(self, key: str) -> bool:
        entry = self._entries.get(key)
        return entry is not None and not entry.is_of_run and not missing_for(key, self.state, None)

    # ---- runs ----

    @property
    def runs(self) -> list[RunSummary]:
        """All runs, newest first."""
        return self._context.runs.summaries

    def run_summary(self) -> RunSummary | None:
        """How the run looked at stands, None for the draft."""
        if self.state.run is None:
            return None
        path = str(self.state.run.path)
        known = next((one for one in self.runs if one.path == path), None)
        return known or RunSummary(path, self.state.run.path.name, "new")

    @Slot()
    def show_draft(self) -> None:
        """Plan a new run: the draft, on the page where it was left."""
        self.state.choose_run(None)
        self.show_page(self._draft_page if self._is_reachable(self._draft_page) else FIRST)

    @Slot(str)
    def _on_run_clicked(self, path: str) -> None:
        self.state.choose_run(RunFolder(Path(path)) if path else None)

    @Slot(str)
    def _on_step_chosen(self, key: str) -> None:
        self.show_page(key)

    @Slot()
    def _on_run_chosen(self) -> None:
        if self.state.run is None:
            self.show_page(self._draft_page if self._is_reachable(self._draft_page) else FIRST)
            return
        shown = self._entries.get(self.page_key)
        key = self.page_key if shown is not None and shown.is_of_run else "run"
        if missing_for(key, self.state, self.run_summary()):
            key = "run"
        self.show_page(key)
        self._show_lists()

    def start(self) -> None:
        """The draft becomes a run and begins; what is being typed counts."""
        focus: QWidget | None = self.focusWidget()
        if focus is not None:
            focus.clearFocus()
            focus.setFocus()
        self.starter.start()

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

    @Slot(str)
    def _on_run_removed(self, path: str) -> None:
        if self.state.run is not None and str(self.state.run.path) == path:
            self.state.choose_run(None)

    @Slot(object)
    def _on_started(self, folder: RunFolder) -> None:
        ahead = [run for run in self.runs if run.is_live and run.path != str(folder.path)]
        if ahead:
            words = tr("It is queued behind “{name}”").format(name=ahead[-1].name)
            self._context.notices.tell(words)
        self._context.runs.refresh()
        self.state.choose_run(folder)

    @Slot(list)
    def _on_refused(self, reasons: list[str]) -> None:
        self.show_page("how")
        self._context.notices.show_failure(
            tr("The run cannot start yet: {reasons}").format(reasons="; ".join(reasons))
        )

    # ---- what is shown ----

    @Slot()
    def _show_lists(self) -> None:
        """The lists and the header say how things are now."""
        run = self.run_summary()
        draft_name = self.state.draft.out.name
        self.side.runs.set_lines(run_lines(draft_name, self.runs))
        self.side.runs.choose("" if run is None else run.path)
        entries: list[PageEntry] = list(self._entries.values())
        self.side.steps.set_lines(step_lines(entries, self.state, run))
        self.side.steps.choose(self.page_key)
        title = run.name if run is not None else draft_name or tr("New run")
        self.header.set_words(title, self.page.header_words() if self.page is not None else "")

    @Slot(bool)
    def _on_details_toggled(self, is_on: bool) -> None:
        if not self._pages:
            return  # the panes keep what they were restored to
        has_some = self.details.show_details(self.page_key)
        self.details_button.setVisible(has_some)
        self.panes.show_details(is_on and has_some)

    @Slot()
    def _show_details(self) -> None:
        self._on_details_toggled(self.details_button.isChecked())

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Not a focus proxy: Qt would stop at the room too when Tab comes past.
        super().focusInEvent(event)
        self.side.steps.setFocus()

    def commands(self) -> list[Command]:
        """The runs, by their names."""
        return [
            Command(
                tr("Run: {name}").format(name=run.name),
                tr("Fine-tune"),
                partial(self._on_run_clicked, run.path),
            )
            for run in self.runs
        ]

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        self._context.notices.show_event(failed)

    # ---- undo ----

    def undo(self) -> bool:
        return (self.page is not None and self.page.undo()) or self.history.undo()

    def redo(self) -> bool:
        return (self.page is not None and self.page.redo()) or self.history.redo()

    def undo_words(self) -> tuple[str, str]:
        undo, redo = self.page.undo_words() if self.page is not None else ("", "")
        own_undo, own_redo = self.history.words()
        return undo or own_undo, redo or own_redo

    def save_state(self) -> None:
        for page in self._pages.values():
            page.save_state()
        self.draft_file.flush()
        self.behind.close()
        self.panes.show_details(self.details_button.isChecked())
        splitters = dict(self._context.settings.value.splitters)
        splitters[SPLITTER] = self.panes.widths()
        run = "" if self.state.run is None else str(self.state.run.path)
        self._context.settings.change(splitters=splitters, tune_page=self._draft_page, tune_run=run)
        self.worker.close()
        self.heavy.close()
