"""The only file that shows errors, and its three displays: text beside a field, a banner, a
crash dialog. And Undo.

- what a user typed: `FieldProblems` (re-exported), all problems of a form at once;
- a job that failed: `show_failure`, `show_error`, `show_event`: a banner with Details at the
top of the work area;
- a bug: `show_crash`, fed by the exception hooks of crash_hooks.py.

`offer_undo` is for what was done on request and can be taken back.
"""

import platform
import traceback
from collections import deque
from collections.abc import Callable
from types import TracebackType

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, qVersion
from PySide6.QtWidgets import QWidget

from engine.errors import AppError
from engine.process.messages import Failed
from gui.theme import Theme
from gui.version import app_version
from gui.widgets.banner import Action, Banner, BannerArea
from gui.widgets.crash_dialog import CrashDialog
from gui.widgets.field_problems import FieldProblems
from gui.widgets.undo_strip import UndoStrip

__all__ = ["FieldProblems", "Notices"]

MAX_UNDO = 50


class _Offer(Struct, frozen=True):
    text: str
    undo: Callable[[], None]
    holds: Callable[[], bool]


class Notices(QObject):
    """What the user is told. The window places `banners` and gives the strip its host."""

    failure_caught = Signal(str, str, str)  # message, hint, detail; emitted from any thread
    crash_caught = Signal(str)  # the report; emitted from any thread, shown on the window's

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._undo: deque[_Offer] = deque(maxlen=MAX_UNDO)
        self._window: QWidget | None = None
        self._crash_dialog: CrashDialog | None = None
        self.banners = BannerArea(theme)
        self.strip = UndoStrip(theme)
        self.strip.undo_asked.connect(self.undo)
        self.failure_caught.connect(self.show_failure)
        self.crash_caught.connect(self._on_crash_caught)

    def set_window(self, window: QWidget, strip_host: QWidget) -> None:
        """Where dialogs belong and what the strip floats over."""
        self._window = window
        self.strip.set_host(strip_host)

    # ---- failed jobs ----

    def show_failure(
        self, message: str, hint: str = "", detail: str = "", action: Action | None = None
    ) -> None:
        """A banner. action: a button's text and what it does."""
        self.banners.add(Banner(self._theme, message, hint, detail, action))

    def show_error(self, error: AppError) -> None:
        """A banner for an expected failure of the window's own process."""
        self.show_failure(error.message, error.hint, error.detail)

    def show_event(self, event: Failed) -> None:
        """A banner for a job that failed in a worker."""
        self.show_failure(event.message, event.hint, event.detail)

    def change_hint(self, message: str, hint: str) -> None:
        """What a banner said to do is over; say this, where the banner is still there."""
        for banner in self.banners.banners:
            if banner.message == message:
                banner.set_hint(hint)

    def tell(self, text: str) -> None:
        """Say that something was done, where it cannot be seen otherwise."""
        self.strip.show_text(text, can_undo=False)

    # ---- undo ----

    def offer_undo(
        self, text: str, undo: Callable[[], None], holds: Callable[[], bool] = lambda: True
    ) -> None:
        """Say what was done ("Chat deleted") and offer Undo: in the strip, later by Ctrl+Z.

        Args:
            holds: false once it was undone by other means; then it is not offered any more.
        """
        self._undo.append(_Offer(text, undo, holds))
        self.strip.show_text(text)

    def forget_undone(self) -> None:
        """Something was undone or redone by other means: offer only what still holds."""
        if self._undo and not self._undo[-1].holds():
            self.strip.hide()
        self._undo = deque((offer for offer in self._undo if offer.holds()), maxlen=MAX_UNDO)

    def undo(self) -> bool:
        """Take the last thing back that can be.

        Returns:
            False when there was nothing.
        """
        self.strip.hide()
        if not self._undo:
            return False
        self._undo.pop().undo()
        return True

    # ---- bugs ----

    def show_crash(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The crash dialog; may be called from any thread."""
        self.crash_caught.emit(crash_report(kind, error, trace))

    def _on_crash_caught(self, report: str) -> None:
        if self._crash_dialog is None:
            self._crash_dialog = CrashDialog(self._theme.font("mono"), self._window)
            self._crash_dialog.destroyed.connect(self._on_crash_dialog_destroyed)
        self._crash_dialog.add_report(report)
        self._crash_dialog.show()
        self._crash_dialog.raise_()

    def _on_crash_dialog_destroyed(self) -> None:
        self._crash_dialog = None


def crash_report(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> str:
    """What an engineer needs: versions, system, traceback."""
    versions = (
        f"Bathysphere {app_version()}, Python {platform.python_version()}, Qt {qVersion()}, "
        f"{platform.platform()}"
    )
    return versions + "\n\n" + "".join(traceback.format_exception(kind, error, trace))
