"""What can be done with a run in the list, as a menu under the mouse and as lines of the room's
menu for the run that is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QWidget

from finetune.config import RunConfig
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from gui.icons import icon
from gui.tune.behind import Behind
from gui.tune.next_runs import on_other_data
from gui.tune.parts import TuneParts
from gui.tune.run_keeper import RunKeeper
from gui.tune.words import tr

Do = Callable[[RunSummary], object]


class RunMenu(QObject):
    """compare: lay a run over the one looked at; edit_name: let its name be typed in the list."""

    def __init__(
        self,
        parts: TuneParts,
        keeper: RunKeeper,
        behind: Behind,
        compare: Callable[[str], object],
        edit_name: Callable[[str], object],
        host: QWidget,
    ) -> None:
        super().__init__(host)
        self._parts, self._keeper, self._behind, self._host = parts, keeper, behind, host
        self._compare, self._edit_name = compare, edit_name
        for _, words, do, key in self._lines():
            parts.add_action(words, partial(self._do_with_shown, do), key)

    def _lines(self) -> list[tuple[str, str, Do, str | None]]:
        """Icon, words, what they do, key."""
        return [
            ("edit", tr("&Rename the run"), self.rename, "F2"),
            ("columns", tr("Com&pare the run with others"), self.compare, None),
            ("copy", tr("Same settings, &other data"), self.same_settings, None),
            ("folder", tr("Open the run’s &folder"), self.open_folder, None),
            ("trash", tr("De&lete the run"), self.delete, "Ctrl+Backspace"),
        ]

    @Slot(str, QPoint)
    def show_at(self, path: str, place: QPoint) -> None:
        """Under the mouse."""
        run = self._parts.context.runs.summary(path)
        if run is not None:
            menu = self.menu(run)
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(place)

    def menu(self, run: RunSummary) -> QMenu:
        """All that can be done with a run."""
        menu = QMenu(self._host)
        menu.setToolTipsVisible(True)
        colour = self._parts.context.theme.palette.text_dim
        for picture, words, do, _ in self._lines():
            line = menu.addAction(icon(picture, colour), words)
            line.triggered.connect(lambda _=False, do=do: do(run))
            if do == self.delete and run.is_live:
                line.setEnabled(False)
                line.setToolTip(tr("Stop it first"))
        return menu

    def _do_with_shown(self, do: Do) -> None:
        """With the run that is looked at."""
        shown = self._parts.state.run
        run = self._parts.context.runs.summary(str(shown.path)) if shown is not None else None
        if run is None:
            self._parts.context.notices.tell(tr("Choose a run first"))
        else:
            do(run)

    # ---- what can be done ----

    def rename(self, run: RunSummary) -> None:
        self._edit_name(run.path)

    def compare(self, run: RunSummary) -> None:
        self._compare(run.path)

    def same_settings(self, run: RunSummary) -> None:
        """Its plan becomes the draft; the data is chosen anew."""
        folder = RunFolder(Path(run.path))
        self._behind.do(folder.config, self._on_config)

    def _on_config(self, config: RunConfig) -> None:
        self._parts.state.choose_run(None)
        self._parts.state.set_draft(on_other_data(config))
        self._parts.show_page("data")

    def open_folder(self, run: RunSummary) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(run.path)):
            self._parts.context.notices.tell(tr("It lies in {path}").format(path=run.path))

    def delete(self, run: RunSummary) -> None:
        self._keeper.delete(run.path, run.name)
