"""Tells a person that long work, or a training run, has ended while they look at something else: a
message of the desktop where it takes one, else the window asks for attention in the task bar. Once
for each work, never with a word of what was written.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from engine.process.messages import AnyEvent, AnyRequest, Cancelled, Failed, Generate, Load
from gui import icons

if TYPE_CHECKING:
    from finetune.run.state import RunSummary
    from gui.process import EngineProcess
    from gui.settings_store import SettingsStore

LONG_S = 20.0
LONG_LOAD_S = 8.0
MARK = "● "

Post = Callable[[str, str], None]


class Notifier(QObject):
    """Watches the engine's jobs and the window's place on the screen.

    Args:
        window: whose title is marked, and which comes to the front when the message is clicked.
        post: shows title and words; the desktop's way where not given.
    """

    def __init__(
        self,
        engine: EngineProcess,
        settings: SettingsStore,
        window: QWidget,
        post: Post | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(window)
        self._settings, self._window = settings, window
        self._post, self._now_s = post or self._post_to_desktop, now_s
        self._began_s: dict[int, float] = {}
        self._tray: QSystemTrayIcon | None = None
        engine.job_began.connect(self._on_job_began)
        engine.job_ended.connect(self._on_job_ended)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate:
            self._unmark()
        return False

    # ---- the engine's jobs ----

    def _on_job_began(self, request: AnyRequest) -> None:
        self._began_s[request.job] = self._now_s()

    def _on_job_ended(self, request: AnyRequest, event: AnyEvent) -> None:
        took_s = self._now_s() - self._began_s.pop(request.job, self._now_s())
        least_s = LONG_LOAD_S if isinstance(request, Load) else LONG_S
        if took_s < least_s or self._window.isActiveWindow() or isinstance(event, Cancelled):
            return
        if self._settings.value.notify:
            self._mark()
            self._post(*self._words(request, event))

    def _words(self, request: AnyRequest, event: AnyEvent) -> tuple[str, str]:
        """Title and words. What a chat is about is nobody's business beside the screen."""
        if isinstance(event, Failed):
            return self.tr("Something did not work"), event.message
        if isinstance(request, Generate):
            return self.tr("The reply is ready"), self.tr("Bathysphere has finished writing.")
        if isinstance(request, Load):
            return self.tr("The model is loaded"), self.tr("Bathysphere is ready to answer.")
        return self.tr("Done"), self.tr("Bathysphere has finished what you asked for.")

    # ---- training runs ----

    @Slot(object)
    def tell_run_ended(self, run: RunSummary) -> None:
        """A run is over, unless a person ended it."""
        if run.state == "stopped" or self._window.isActiveWindow():
            return
        if self._settings.value.notify:
            self._mark()
            self._post(*self._run_words(run))

    def _run_words(self, run: RunSummary) -> tuple[str, str]:
        if run.state == "failed":
            return self.tr("The training run failed"), run.message
        if run.state == "died":
            return self.tr("The training run was interrupted"), self.tr("It can be resumed.")
        words = self.tr("Bathysphere has finished training.")
        if not math.isnan(run.best_loss):
            told = (f"{run.best_loss:.2f}", f"{run.best_step:,}")
            words = self.tr("Lowest validation loss: %s, at step %s.") % told
        return self.tr("The training run has ended"), words

    # ---- the desktop ----

    def _mark(self) -> None:
        if not self._window.windowTitle().startswith(MARK):
            self._window.setWindowTitle(MARK + self._window.windowTitle())

    def _unmark(self) -> None:
        self._window.setWindowTitle(self._window.windowTitle().removeprefix(MARK))
        if self._tray is not None:
            self._tray.hide()

    def _post_to_desktop(self, title: str, words: str) -> None:
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            tray = self._shown_tray()
            tray.showMessage(title, words, icons.app_icon())
        else:
            QApplication.alert(self._window)

    def _shown_tray(self) -> QSystemTrayIcon:
        """The icon that messages come from; there only until the window is looked at."""
        if self._tray is None:
            self._tray = QSystemTrayIcon(icons.app_icon(), self)
            self._tray.messageClicked.connect(self._come_forward)
            self._tray.activated.connect(self._come_forward)
        self._tray.show()
        return self._tray

    def _come_forward(self) -> None:
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()
