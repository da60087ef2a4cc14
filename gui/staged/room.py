"""A room whose work goes in stages, as Fine-tune and Pretrain: runs and the stages of a run at the
left, the page of a stage in the middle, its details at the right; parts know one another only
through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Generic

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QFocusEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.process.messages import Failed
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from finetune.run_toml import C
from gui.commands import Command
from gui.context import AppContext, Room
from gui.side_worker import SideWorker
from gui.staged.behind import Behind
from gui.staged.draft_file import DraftFile
from gui.staged.draft_history import DraftHistory
from gui.staged.heavy_worker import HeavyWorker, tune_process
from gui.staged.noted_list import Line
from gui.staged.page import Shortcut, StagedPage
from gui.staged.page_entry import PageEntry
from gui.staged.pages import Pages
from gui.staged.room_facts import RoomFacts
from gui.staged.run_keeper import RunKeeper
from gui.staged.run_menu import MenuLine, RunMenu
from gui.staged.side import RunsAndSteps
from gui.staged.starting import Starter
from gui.staged.state import StagedState
from gui.staged.words import tr
from gui.widgets.panes import Panes


class StagedRoom(Room, Generic[C]):
    """runs and stages | page | details. A subclass gives it state, pages and words, and calls
    `begin` when its own parts are made.

    Args:
        worker, heavy: for tests; the real ones otherwise.
    """

    def __init__(
        self,
        context: AppContext,
        facts: RoomFacts,
        state: StagedState[C],
        entries: Sequence[PageEntry],
        parent: QWidget | None = None,
        worker: SideWorker | None = None,
        heavy: SideWorker | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._facts, self._state = context, facts, state
        state.setParent(self)
        self.worker = worker or SideWorker(context.paths, tune_process(context.paths), self)
        self.heavy = heavy or HeavyWorker(context.paths, None, self)
        self.behind = Behind(self)
        self._draft_page = facts.first  # the page of the draft that was looked at last
        self.panes = Panes(context.theme, self)
        self.side = RunsAndSteps(context.theme, facts.side, self.panes.left)
        self.pages = Pages(context.theme, entries, self.make_page, self.panes, self)
        self.header, self.details_button = self.pages.header, self.pages.details_button
        self.keeper = RunKeeper(context, self.behind, self)
        self._lay_out()

    # ---- what a subclass says ----

    def make_page(self, entry: PageEntry) -> StagedPage:
        """A page, of the room's own parts."""
        raise NotImplementedError

    def missing_for(self, key: str, run: RunSummary | None) -> str:
        """What has to be there before a page can be looked at; "" where all is."""
        raise NotImplementedError

    def run_lines(self) -> list[Line]:
        """The list of runs."""
        raise NotImplementedError

    def step_lines(self, run: RunSummary | None) -> list[Line]:
        """The list of stages."""
        raise NotImplementedError

    def kept_place(self) -> tuple[str, str]:
        """The page of the draft, and the folder of the run, that were looked at last time."""
        raise NotImplementedError

    def keep_place(self, page: str, run: str) -> Mapping[str, str]:
        """Names and values of the settings that keep them."""
        raise NotImplementedError

    def refused_page(self) -> str:
        """Where what keeps the draft from starting can be mended."""
        return self._facts.refused

    def on_restored(self) -> None:
        """The room is looked at for the first time."""

    def more_run_lines(self) -> list[MenuLine]:
        """What can be done with a run here besides renaming and deleting it."""
        return []

    # ---- beginning ----

    def begin(self, file: DraftFile[C], history: DraftHistory[C], starter: Starter) -> None:
        """All parts are made: connect them and show what there is."""
        self.draft_file, self.history, self.starter = file, history, starter
        self._add_actions()
        self._connect()
        self.details_button.setChecked(self.panes.restore(self._kept_widths()))
        self._show_lists()

    def _lay_out(self) -> None:
        self.panes.fill(self.side, self.pages.work, self.pages.details)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.panes)

    def _connect(self) -> None:
        state, side = self._state, self.side
        self.behind.failed.connect(self._context.notices.show_error)
        state.draft_changed.connect(self._show_lists)
        state.run_chosen.connect(self._on_run_chosen)
        self._context.runs.changed.connect(self._show_lists)
        self._context.runs.start()
        self._context.openers[f"{self._facts.key}.run"] = self._on_run_clicked
        self.starter.started.connect(self._on_started)
        self.starter.refused.connect(self._on_refused)
        side.steps.chosen.connect(self._on_step_chosen)
        side.runs.chosen.connect(self._on_run_clicked)
        side.new_asked.connect(self.show_draft)
        side.menu_asked.connect(self.run_menu.show_at)
        side.runs.renamed.connect(self.keeper.rename)
        self.keeper.removed.connect(self._on_run_removed)
        for worker in (self.worker, self.heavy):
            worker.failed.connect(self._on_failed)
            self._context.connections.watch(worker.engine)
        self.pages.status_changed.connect(self._show_lists)

    def _add_actions(self) -> None:
        for entry in self.pages.entries.values():
            self.add_action(entry.name, partial(self.show_page, entry.key), f"Alt+{entry.number}")
        self.add_action(self._facts.new_words, self.show_draft, "Ctrl+N")
        self.add_action(self._facts.start_words, self.start, "Ctrl+Return")
        self.add_action(tr("Show &details"), self.details_button.toggle, "Ctrl+D")
        self.add_more_actions()
        edit_name = self.side.runs.edit_name
        self.run_menu = RunMenu(
            self._context,
            self._state,
            self.keeper,
            self.add_action,
            edit_name,
            self.more_run_lines(),
            self,
        )

    def add_more_actions(self) -> None:
        """Lines of the room's menu that the subclass has."""

    def add_action(self, text: str, do: Callable[[], object], shortcut: Shortcut = None) -> QAction:
        """A line in the room's menu and the palette."""
        action = QAction(text, self)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda: do())
        self.addAction(action)
        return action

    def _kept_widths(self) -> list[int]:
        return self._context.settings.value.splitters.get(self._facts.key, [])

    # ---- pages ----

    @Slot(str)
    def show_page(self, key: str) -> None:
        """Go to a page, made now if nobody looked at it yet. One of the plan leads to the draft,
        one of a run to the run looked at, where what it needs is there."""
        entry = self.pages.entries.get(key)
        if entry is None:
            return
        if not entry.is_of_run and self._state.run is not None:
            self._draft_page = key
            self._state.choose_run(None)
            return
        if missing := self.missing_for(key, self.run_summary()):
            self._context.notices.tell(missing)
            self.side.steps.choose(self.page_key)
            return
        if not entry.is_of_run:
            self._draft_page = key
        self.pages.show(key)
        self._show_lists()
        self.page_of(key).on_shown()

    def page_of(self, key: str) -> StagedPage:
        """A page, made now if nobody looked at it yet."""
        return self.pages.page_of(key)

    @property
    def page_key(self) -> str:
        """The page on show."""
        return self.pages.key

    @property
    def page(self) -> StagedPage | None:
        return self.pages.page

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.pages.made:
            self._restore()

    def _restore(self) -> None:
        """The page and the run of last time; the first time the first page."""
        page, path = self.kept_place()
        self.on_restored()
        self.keeper.empty_old()
        run = RunFolder(Path(path)) if path else None
        if run is not None and run.run_toml.is_file():
            self._state.choose_run(run)
        else:
            self.show_page(page if self._is_reachable(page) else self._facts.first)

    def _is_reachable(self, key: str) -> bool:
        entry = self.pages.entries.get(key)
        return entry is not None and not entry.is_of_run and not self.missing_for(key, None)

    # ---- runs ----

    @property
    def runs(self) -> list[RunSummary]:
        """The runs of the room's kind, newest first."""
        kind = self._facts.kind
        return [run for run in self._context.runs.summaries if run.kind == kind]

    def run_summary(self) -> RunSummary | None:
        """How the run looked at stands, None for the draft."""
        if self._state.run is None:
            return None
        path = str(self._state.run.path)
        known = next((one for one in self.runs if one.path == path), None)
        return known or RunSummary(path, self._state.run.path.name, "new", kind=self._facts.kind)

    @Slot()
    def show_draft(self) -> None:
        """Plan a new run: the draft, on the page where it was left."""
        self._state.choose_run(None)
        self._show_draft_page()

    def _show_draft_page(self) -> None:
        is_reachable = self._is_reachable(self._draft_page)
        self.show_page(self._draft_page if is_reachable else self._facts.first)

    @Slot(str)
    def _on_run_clicked(self, path: str) -> None:
        self._state.choose_run(RunFolder(Path(path)) if path else None)

    @Slot(str)
    def _on_step_chosen(self, key: str) -> None:
        self.show_page(key)

    @Slot()
    def _on_run_chosen(self) -> None:
        if self._state.run is None:
            self._show_draft_page()
            return
        shown = self.pages.entries.get(self.page_key)
        key = self.page_key if shown is not None and shown.is_of_run else self._facts.of_run
        if self.missing_for(key, self.run_summary()):
            key = self._facts.of_run
        self.show_page(key)
        self._show_lists()

    def start(self) -> None:
        """The draft becomes a run and begins; what is being typed counts."""
        focus: QWidget | None = self.focusWidget()
        if focus is not None:
            focus.clearFocus()
            focus.setFocus()
        self.starter.start()

    @Slot(str)
    def _on_run_removed(self, path: str) -> None:
        if self._state.run is not None and str(self._state.run.path) == path:
            self._state.choose_run(None)

    @Slot(object)
    def _on_started(self, folder: RunFolder) -> None:
        live = [run for run in self._context.runs.summaries if run.is_live]
        ahead = [run for run in live if run.path != str(folder.path)]
        if ahead:
            words = tr("It is queued behind “{name}”").format(name=ahead[-1].name)
            self._context.notices.tell(words)
        self._context.runs.refresh()
        self._state.choose_run(folder)

    @Slot(list)
    def _on_refused(self, reasons: list[str]) -> None:
        self.show_page(self.refused_page())
        self._context.notices.show_failure(
            tr("The run cannot start yet: {reasons}").format(reasons="; ".join(reasons))
        )

    # ---- what is shown ----

    @Slot()
    def _show_lists(self) -> None:
        """The lists and the header say how things are now."""
        run = self.run_summary()
        self.side.runs.set_lines(self.run_lines())
        self.side.runs.choose("" if run is None else run.path)
        self.side.steps.set_lines(self.step_lines(run))
        self.side.steps.choose(self.page_key)
        title = run.name if run is not None else self.draft_name() or self._facts.new_name
        self.header.set_words(title, self.page.header_words() if self.page is not None else "")

    def draft_name(self) -> str:
        """What a person calls the draft, "" for nothing yet."""
        raise NotImplementedError

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Not a focus proxy: Qt would stop at the room too when Tab comes past.
        super().focusInEvent(event)
        self.side.steps.setFocus()

    def commands(self) -> list[Command]:
        """The runs, by their names."""
        return [
            Command(
                self._facts.run_command.format(name=run.name),
                self._facts.name,
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
        for page in self.pages.made.values():
            page.save_state()
        self.draft_file.flush()
        self.behind.close()
        self.panes.show_details(self.details_button.isChecked())
        splitters = dict(self._context.settings.value.splitters)
        splitters[self._facts.key] = self.panes.widths()
        run = "" if self._state.run is None else str(self._state.run.path)
        place = self.keep_place(self._draft_page, run)
        self._context.settings.change(splitters=splitters, **place)
        self.worker.close()
        self.heavy.close()
