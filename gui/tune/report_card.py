"""The run's report.md, shown as a message is; read when it is opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from finetune.run.folder import RunFolder
from gui.staged.cards import Card
from gui.staged.run_actions import RunActions
from gui.theme import Theme
from gui.tune.words import tr
from gui.widgets.kinds import button
from gui.widgets.transcript import Transcript
from gui.widgets.transcript_item import MessageView

HEIGHT_PX = 420


class ReportCard(Card):
    """Closed at first."""

    def __init__(self, theme: Theme, actions: RunActions, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Report"), parent)
        self._actions = actions
        self._path = ""
        self.toggle = button(tr("Show"), "link", tr("All there is to say of this run, in one text"))
        self.toggle.setCheckable(True)
        self.file = button(tr("Open the file"), "link", tr("report.md, in the system’s program"))
        self.head.addWidget(self.file)
        self.head.addWidget(self.toggle)
        self.view: Transcript | None = None
        self.toggle.toggled.connect(self._on_toggled)
        self.file.clicked.connect(self._on_file)
        theme.changed.connect(self._dress)

    def set_run(self, path: str) -> None:
        if path != self._path:
            self._path = path
            self.toggle.setChecked(False)

    @Slot(bool)
    def _on_toggled(self, is_open: bool) -> None:
        self.toggle.setText(tr("Hide") if is_open else tr("Show"))
        if is_open and self.view is None:
            self.view = Transcript(self.theme, self)
            self.view.setAccessibleName(tr("The run’s report"))
            self.column.addWidget(self.view)
            self._dress()
        if self.view is not None:
            self.view.setVisible(is_open)
        if is_open:
            path = self._path
            self._actions.read(RunFolder(Path(path)).report, lambda text: self._show(path, text))

    def _show(self, path: str, text: str) -> None:
        if path == self._path and self.view is not None:
            words = text or tr("The report is written at the run’s end.")
            self.view.set_messages([MessageView(path, "assistant", "report.md", words)])

    @Slot()
    def _on_file(self) -> None:
        report = RunFolder(Path(self._path)).report
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(report)))

    @Slot()
    def _dress(self) -> None:
        if self.view is not None:
            self.view.setFixedHeight(self.theme.px(HEIGHT_PX))
