"""Which runs are laid over the one looked at: a menu of the others, each switched on or off."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from finetune.run.folder import RunKind
from gui.run_record import RunRecord
from gui.runs_watch import RunsWatch
from gui.staged.words import tr
from gui.widgets.plain_tip import plain_tip

MOST = 4  # lines that can still be told apart


class Overlay(QObject):
    """Keeps the choice.

    Args:
        kind: of the runs that can be chosen.
        chosen: folders of runs, as they were chosen before.
    """

    changed = Signal()

    def __init__(
        self, runs: RunsWatch, parent: QWidget, kind: RunKind = "sft", chosen: Sequence[str] = ()
    ) -> None:
        super().__init__(parent)
        self._runs, self._host, self._kind = runs, parent, kind
        self.chosen = list(dict.fromkeys(chosen))[:MOST]

    def records(self, without: str) -> list[tuple[str, RunRecord]]:
        """The chosen runs by name, but the one looked at and those not read yet."""
        found = []
        for path in self.chosen:
            run, record = self._runs.summary(path), self._runs.record(path)
            if run is not None and record.is_read and path != without:
                found.append((run.name, record))
        return found

    def menu(self, without: str) -> QMenu:
        """All other runs, those chosen ticked."""
        self._let_go()
        menu = QMenu(self._host)
        menu.setToolTipsVisible(True)
        others = [
            run
            for run in self._runs.summaries
            if run.kind == self._kind and run.path != without and run.step
        ]
        for run in others:
            line = menu.addAction(run.name.replace("&", "&&"))
            line.setCheckable(True)
            line.setChecked(run.path in self.chosen)
            line.setEnabled(line.isChecked() or len(self.chosen) < MOST)
            line.setToolTip(plain_tip(run.path))
            line.triggered.connect(lambda _=False, path=run.path: self.toggle(path))
        if not others:
            menu.addAction(tr("There is no other run yet")).setEnabled(False)
        return menu

    def show_menu(self, without: str, at: QPoint) -> None:
        menu = self.menu(without)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def toggle(self, path: str) -> None:
        """Lay a run over the others, or take it away."""
        self._let_go()
        if path in self.chosen:
            self.chosen.remove(path)
        elif len(self.chosen) < MOST:
            self.chosen.append(path)
        self.changed.emit()

    def _let_go(self) -> None:
        """Runs that are there no more take no other's place."""
        if self._runs.has_looked:
            there = {run.path for run in self._runs.summaries}
            self.chosen = [path for path in self.chosen if path in there]
