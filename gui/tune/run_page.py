"""The fifth page: a run as it goes, live or years later. Reads what RunsWatch knows of it; the
page's parts show that, and tell what was asked for.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import AppError
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from gui.run_record import RunRecord
from gui.staged.cards import CardPage
from gui.staged.log_card import LogCard
from gui.staged.loss_card import LossCard
from gui.staged.overlay import Overlay
from gui.staged.progress_words import doing_words, header_words
from gui.staged.run_actions import Resume, RunActions
from gui.staged.run_buttons import RunButtons
from gui.staged.run_notices import RunNotices
from gui.staged.small_charts import SmallCharts
from gui.tune.field_words import field_names
from gui.tune.parts import TunePage, TuneParts
from gui.tune.run_details import RunDetails
from gui.tune.time_machine import TimeMachine
from gui.tune.to_chat import chat_with
from gui.tune.words import tr
from gui.widgets.chart_loading import ChartLoader


class RunPage(TunePage):
    """Args:
    resume: starts a run's process again; for tests.
    """

    def __init__(
        self, parts: TuneParts, parent: QWidget | None = None, resume: Resume | None = None
    ) -> None:
        super().__init__(parts, parent)
        context = parts.context
        theme = context.theme
        self._path = ""
        self._is_stale = True
        self.run_actions = RunActions(context, self, resume)
        self.overlay = Overlay(context.runs, self, "sft", context.settings.value.tune_overlay)
        self.buttons = RunButtons(theme, self.run_actions)
        self.pane = RunDetails(theme, self.run_actions)
        self.page = CardPage(theme, self)
        self.notices = RunNotices(theme, field_names(), lambda: self.buttons.do("resume"))
        self.loss, self.charts = LossCard(theme), SmallCharts(theme)
        self.machine, self.log = TimeMachine(theme), LogCard(theme, self.run_actions)
        for part in (self.notices, self.loss, self.machine, self.charts, self.log):
            self.page.column.addWidget(part)
        self.page.column.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self._add_actions()
        kept = context.settings.value
        self.loss.set_look(kept.tune_smoothing, is_log=kept.tune_log_axis)
        self._connect()
        self._loader = ChartLoader(self._on_charts_loaded, self)
        self._on_run_chosen()

    def _add_actions(self) -> None:
        add = self.parts.add_action
        add(tr("&Stop the run and save"), lambda: self._do("stop"), None)
        add(tr("Pa&use the run, or go on"), lambda: self._do("pause"), "Ctrl+Shift+P")
        add(tr("E&valuate the run now"), lambda: self._do("evaluate"), None)
        add(tr("&Resume the run"), lambda: self._do("resume"), None)

    def _connect(self) -> None:
        runs, state = self.parts.context.runs, self.parts.state
        runs.start()
        runs.run_changed.connect(self._on_run_changed)
        runs.changed.connect(self._on_runs_changed)
        state.run_chosen.connect(self._on_run_chosen)
        self.overlay.changed.connect(self._on_overlay_changed)
        self.loss.look_changed.connect(self._on_look_changed)
        self.loss.overlay_asked.connect(self._on_overlay_asked)
        self.machine.step_chosen.connect(self._on_step_chosen)
        self.machine.chat_asked.connect(lambda _step: self.chat(is_beside_base=False))
        self.pane.chat_asked.connect(lambda beside: self.chat(is_beside_base=beside))
        self.pane.result_asked.connect(lambda: self.parts.show_page("result"))

    # ---- the room's ----

    def on_shown(self) -> None:
        self._refresh()

    def details(self) -> QWidget | None:
        return self.pane

    def header_widget(self) -> QWidget | None:
        return self.buttons

    def header_words(self) -> str:
        run = self.summary()
        return header_words(run) if run is not None else ""

    def save_state(self) -> None:
        self.pane.notes.flush()
        self.run_actions.close()

    def summary(self) -> RunSummary | None:
        """How the run looked at stands; None while that is not read."""
        return self.parts.context.runs.summary(self._path) if self._path else None

    # ---- showing ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._show()

    @Slot()
    def _refresh(self) -> None:
        """Show how it is now, or remember to when it is looked at."""
        self._is_stale = True
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        run = self.summary()
        self.buttons.show_run(run)
        if run is None:
            self.loss.set_waiting(tr("Reading the run…") if self._path else "")
            return
        self._is_stale = False
        record = self.parts.context.runs.record(self._path)
        self.notices.show_run(run, record)
        self.loss.set_waiting(_waiting_words(run, record))
        self.machine.set_record(record)
        self._show_details(record)
        if record.is_read:
            self.loss.set_records(record, self.overlay.records(without=self._path))
            self.charts.set_record(record)

    def _show_details(self, record: RunRecord) -> None:
        found = self.machine.checkpoint()
        self.pane.set_record(record, found.step if found is not None else None)
        self.parts.state.choose_checkpoint(found.folder if found is not None else "")
        if record.is_read:
            first = record.config.out.notes if record.config is not None else ""
            self.pane.notes.set_run(self._path, first)

    # ---- asking ----

    def chat(self, *, is_beside_base: bool) -> None:
        """Chat with the checkpoint looked at."""
        record = self.parts.context.runs.record(self._path)
        found = self.machine.checkpoint()
        if found is None or record.config is None:
            return
        adapter = RunFolder(Path(self._path)).checkpoints / found.folder / "adapter.gguf"
        if not adapter.is_file():
            self.parts.context.notices.show_failure(
                tr("This checkpoint has no adapter that can be chatted with."),
                tr("Older checkpoints are removed as better ones come; choose another step."),
            )
            return
        base = record.result.base if record.result is not None else record.config.base.path
        try:
            chat_with(self.parts.context, base, str(adapter), is_beside_base=is_beside_base)
        except AppError as error:
            self.parts.context.notices.show_error(error)

    def _do(self, name: str) -> None:
        """A key or a line of the menu, while this page is looked at."""
        if self.isVisible():
            self.buttons.do(name)

    # ---- slots ----

    @Slot()
    def _on_charts_loaded(self) -> None:
        self.loss.add_chart()
        self.charts.add_charts()

    @Slot()
    def _on_run_chosen(self) -> None:
        run = self.parts.state.run
        path = str(run.path) if run is not None else ""
        if path != self._path:
            self._path = path
            self.pane.notes.flush()
            self.log.set_run(path)
            record = self.parts.context.runs.record(path) if path else None
            if record is not None:
                self.machine.set_record(record, is_other=True)
            self.status_changed.emit()
        self._refresh()

    @Slot(str)
    def _on_run_changed(self, path: str) -> None:
        if path == self._path:
            self._refresh()
            self.status_changed.emit()
        elif path in self.overlay.chosen:
            self._refresh()

    @Slot()
    def _on_runs_changed(self) -> None:
        if self._is_stale:
            self._refresh()

    @Slot(int)
    def _on_step_chosen(self, _step: int) -> None:
        self._show_details(self.parts.context.runs.record(self._path))

    @Slot(int, bool)
    def _on_look_changed(self, smoothing: int, is_log: bool) -> None:
        settings = self.parts.context.settings
        settings.change(tune_smoothing=smoothing, tune_log_axis=is_log)

    @Slot()
    def _on_overlay_changed(self) -> None:
        self.parts.context.settings.change(tune_overlay=list(self.overlay.chosen))
        self._refresh()

    @Slot()
    def _on_overlay_asked(self) -> None:
        button = self.loss.overlay
        self.overlay.show_menu(self._path, button.mapToGlobal(button.rect().bottomLeft()))


def _waiting_words(run: RunSummary, record: RunRecord) -> str:
    """What is done while there is no loss yet."""
    if len(record.steps):
        return ""
    if run.is_live or record.is_read:
        words = doing_words(run)
        return words[:1].upper() + words[1:]
    return tr("Reading the run…")
