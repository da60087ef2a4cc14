"""What the run's process wrote on its way: the end of log.txt, read when it is opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from finetune.run.folder import RunFolder
from gui.staged.cards import Card
from gui.staged.run_actions import RunActions
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import button

HEIGHT_PX = 200


class LogCard(Card):
    """Closed at first."""

    def __init__(self, theme: Theme, actions: RunActions, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Log"), parent)
        self._actions = actions
        self._path = ""
        self.toggle = button(tr("Show"), "link", tr("What the run’s process said, newest last"))
        self.toggle.setCheckable(True)
        self.again = button(tr("Read again"), "link", tr("Read what came since"))
        self.view = QPlainTextEdit(self)
        self.view.setReadOnly(True)
        self.view.setTabChangesFocus(True)
        self.view.setAccessibleName(tr("The run’s log"))
        self.head.addWidget(self.again)
        self.head.addWidget(self.toggle)
        self.column.addWidget(self.view)
        self.view.hide()
        self.again.hide()
        self.toggle.toggled.connect(self._on_toggled)
        self.again.clicked.connect(self.read)
        theme.changed.connect(self._dress)
        self._dress()

    def set_run(self, path: str) -> None:
        if path != self._path:
            self._path = path
            self.view.clear()
            self.toggle.setChecked(False)

    @Slot()
    def read(self) -> None:
        """Take what the file says now."""
        if self._path:
            path = self._path
            self._actions.read(RunFolder(Path(path)).log, lambda text: self._show(path, text))

    def _show(self, path: str, text: str) -> None:
        if path == self._path:
            self.view.setPlainText(text or tr("It has said nothing yet."))
            bar = self.view.verticalScrollBar()
            bar.setValue(bar.maximum())

    @Slot(bool)
    def _on_toggled(self, is_open: bool) -> None:
        self.view.setVisible(is_open)
        self.again.setVisible(is_open)
        self.toggle.setText(tr("Hide") if is_open else tr("Show"))
        if is_open:
            self.read()

    @Slot()
    def _dress(self) -> None:
        self.view.setFont(self.theme.font("mono"))
        self.view.setFixedHeight(self.theme.px(HEIGHT_PX))
