"""The page of a run as it goes, live or years later: what Fine-tune's and Pretrain's share. Reads
what RunsWatch knows of it; its parts show that, and tell what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from finetune.run.folder import RunKind
from finetune.run.state import RunSummary
from gui.context import AppContext
from gui.run_record import RunRecord
from gui.staged.cards import CardPage
from gui.staged.log_card import LogCard
from gui.staged.loss_card import LossCard, LossKind
from gui.staged.overlay import Overlay
from gui.staged.page import AddAction, StagedPage
from gui.staged.progress_words import doing_words, header_words
from gui.staged.run_actions import Resume, RunActions
from gui.staged.run_buttons import RunButtons
from gui.staged.run_notes import RunNotes
from gui.staged.run_notices import RunNotices
from gui.staged.small_charts import SmallCharts
from gui.staged.state import StagedState
from gui.staged.words import tr
from gui.widgets.chart_loading import ChartLoader


class RunViewFacts(Struct, frozen=True):
    """What one room's runs are beside another's. key: before the names of its settings; kind: of
    the runs; names: what the fields of a plan are called."""

    key: str
    kind: RunKind
    names: Mapping[str, str]
    loss: LossKind


class RunView(StagedPage):
    """A subclass adds its cards and calls `begin`.

    Args:
        resume: starts a run's process again; for tests.
    """

    def __init__(
        self,
        context: AppContext,
        state: StagedState[Any],
        add_action: AddAction,
        facts: RunViewFacts,
        parent: QWidget | None = None,
        resume: Resume | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._state, self._facts = context, state, facts
        self._path = ""
        self._is_stale = True
        self._to_show: list[Callable[[], object]] = []
        theme = context.theme
        self.run_actions = RunActions(context, self, resume)
        self.overlay = Overlay(context.runs, self, facts.kind, self._kept("overlay"))
        self.buttons = RunButtons(theme, self.run_actions)
        self.page = CardPage(theme, self)
        self.notices = RunNotices(theme, facts.names, lambda: self.buttons.do("resume"))
        self.loss = LossCard(theme, facts.loss)
        self.charts = SmallCharts(theme, facts.loss.axis)
        self.log = LogCard(theme, self.run_actions)
        self.loss.set_look(self._kept("smoothing"), is_log=self._kept("log_axis"))
        add_action(tr("&Stop the run and save"), lambda: self._do("stop"), None)
        add_action(tr("Pa&use the run, or go on"), lambda: self._do("pause"), "Ctrl+Shift+P")
        add_action(tr("E&valuate the run now"), lambda: self._do("evaluate"), None)
        add_action(tr("&Resume the run"), lambda: self._do("resume"), None)

    # ---- what a subclass says ----

    @property
    def notes(self) -> RunNotes:
        """A person's notes on the run."""
        raise NotImplementedError

    def parts_of(self, run: RunSummary, record: RunRecord) -> list[Callable[[], object]]:
        """What shows what only this page has, each in a turn of its own."""
        raise NotImplementedError

    def on_other_run(self, record: RunRecord | None) -> None:
        """Another run is looked at; None for none."""

    # ---- beginning ----

    def begin(self, cards: Sequence[QWidget]) -> None:
        """The subclass's parts are made. cards: between the loss and the small charts."""
        for part in (self.notices, self.loss, *cards, self.charts, self.log):
            self.page.column.addWidget(part)
        self.page.column.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        runs = self._context.runs
        runs.start()
        runs.run_changed.connect(self._on_run_changed)
        runs.changed.connect(self._on_runs_changed)
        self._state.run_chosen.connect(self._on_run_chosen)
        self.overlay.changed.connect(self._on_overlay_changed)
        self.loss.look_changed.connect(self._on_look_changed)
        self.loss.overlay_asked.connect(self._on_overlay_asked)
        self._loader = ChartLoader(self._on_charts_loaded, self)
        self._on_run_chosen()

    def _kept(self, name: str) -> Any:
        return getattr(self._context.settings.value, f"{self._facts.key}_{name}")

    def _keep(self, **values: Any) -> None:
        self._context.settings.change(
            **{f"{self._facts.key}_{name}": value for name, value in values.items()}
        )

    # ---- the room's ----

    def on_shown(self) -> None:
        self._refresh()

    def header_widget(self) -> QWidget | None:
        return self.buttons

    def header_words(self) -> str:
        run = self.summary()
        return header_words(run) if run is not None else ""

    def save_state(self) -> None:
        self.notes.flush()
        self.run_actions.close()

    def summary(self) -> RunSummary | None:
        """How the run looked at stands; None while that is not read."""
        return self._context.runs.summary(self._path) if self._path else None

    def record(self) -> RunRecord:
        """What the run looked at told so far."""
        return self._context.runs.record(self._path)

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
        record, is_showing = self.record(), bool(self._to_show)
        self.notices.show_run(run, record)
        self.loss.set_waiting(self.waiting_words(run, record))
        self._to_show = self.parts_of(run, record)
        if record.is_read:
            self._to_show.append(partial(self.charts.set_record, record))
            self.loss.set_records(record, self.overlay.records(without=self._path))
        if not is_showing:
            # Laid out and painted once, when all of it is there.
            self.page.setUpdatesEnabled(False)
            QTimer.singleShot(0, self, self._show_next)

    @Slot()
    def _show_next(self) -> None:
        """One part in each turn, so that none is long; a later look begins anew."""
        try:
            if self._to_show:
                self._to_show.pop(0)()
        finally:
            if self._to_show:
                QTimer.singleShot(0, self, self._show_next)
            else:
                self.page.setUpdatesEnabled(True)

    def waiting_words(self, run: RunSummary, record: RunRecord) -> str:
        """What is done while there is no loss yet."""
        if len(record.steps):
            return ""
        if run.is_live or record.is_read:
            words = doing_words(run)
            return words[:1].upper() + words[1:]
        return tr("Reading the run…")

    def show_notes(self, record: RunRecord, first: str) -> None:
        """The run's notes. first: those it was begun with."""
        if record.is_read:
            self.notes.set_run(self._path, first)

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
        run = self._state.run
        path = str(run.path) if run is not None else ""
        if path != self._path:
            self._path = path
            self.notes.flush()
            self.log.set_run(path)
            self.on_other_run(self.record() if path else None)
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

    @Slot(int, bool)
    def _on_look_changed(self, smoothing: int, is_log: bool) -> None:
        self._keep(smoothing=smoothing, log_axis=is_log)

    @Slot()
    def _on_overlay_changed(self) -> None:
        self._keep(overlay=list(self.overlay.chosen))
        self._refresh()

    @Slot()
    def _on_overlay_asked(self) -> None:
        button = self.loss.overlay
        self.overlay.show_menu(self._path, button.mapToGlobal(button.rect().bottomLeft()))
