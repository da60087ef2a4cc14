"""What can be done with a run in the list, as a menu under the mouse and as lines of the room's
menu for the run that is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QObject, QPoint, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QWidget

from finetune.run.state import RunSummary
from gui.context import AppContext
from gui.icons import icon
from gui.staged.page import AddAction
from gui.staged.run_keeper import RunKeeper
from gui.staged.state import StagedState
from gui.staged.words import tr

Do = Callable[[RunSummary], object]


class MenuLine(Struct, frozen=True):
    """icon: a file of resources/icons; key: the shortcut, None for none."""

    icon: str
    words: str
    do: Do
    key: str | None = None


class RunMenu(QObject):
    """edit_name: let its name be typed in the list; more: what the room can do besides."""

    def __init__(
        self,
        context: AppContext,
        state: StagedState[Any],
        keeper: RunKeeper,
        add_action: AddAction,
        edit_name: Callable[[str], object],
        more: Sequence[MenuLine],
        host: QWidget,
    ) -> None:
        super().__init__(host)
        self._context, self._state, self._keeper, self._host = context, state, keeper, host
        self._edit_name = edit_name
        self._lines = [
            MenuLine("edit", tr("&Rename the run"), self.rename, "F2"),
            *more,
            MenuLine("folder", tr("Open the run’s &folder"), self.open_folder),
            MenuLine("trash", tr("De&lete the run"), self.delete, "Ctrl+Backspace"),
        ]
        for line in self._lines:
            add_action(line.words, partial(self._do_with_shown, line.do), line.key)

    @Slot(str, QPoint)
    def show_at(self, path: str, place: QPoint) -> None:
        """Under the mouse."""
        run = self._context.runs.summary(path)
        if run is not None:
            menu = self.menu(run)
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(place)

    def menu(self, run: RunSummary) -> QMenu:
        """All that can be done with a run."""
        menu = QMenu(self._host)
        menu.setToolTipsVisible(True)
        colour = self._context.theme.palette.text_dim
        for line in self._lines:
            action = menu.addAction(icon(line.icon, colour), line.words)
            action.triggered.connect(lambda _=False, do=line.do: do(run))
            if line.do == self.delete and run.is_live:
                action.setEnabled(False)
                action.setToolTip(tr("Stop it first"))
        return menu

    def _do_with_shown(self, do: Do) -> None:
        """With the run that is looked at."""
        shown = self._state.run
        run = self._context.runs.summary(str(shown.path)) if shown is not None else None
        if run is None:
            self._context.notices.tell(tr("Choose a run first"))
        else:
            do(run)

    # ---- what can be done ----

    def rename(self, run: RunSummary) -> None:
        self._edit_name(run.path)

    def open_folder(self, run: RunSummary) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(run.path)):
            self._context.notices.tell(tr("It lies in {path}").format(path=run.path))

    def delete(self, run: RunSummary) -> None:
        self._keeper.delete(run.path, run.name)
