"""The draft as a file of the user folder, there again after a restart. Written soon after a change,
whole or not at all, behind the window.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic

from PySide6.QtCore import QObject, QTimer, Slot

from engine.errors import AppError
from finetune.run.folder import write_whole
from finetune.run_toml import C, to_toml
from gui.notices import Notices
from gui.staged.behind import Behind
from gui.staged.state import StagedState
from gui.staged.words import tr

SAVE_DELAY_MS = 400


class DraftFile(QObject, Generic[C]):
    """Keeps a state's draft.

    Args:
        read: reads such a file, however unfinished; raises AppError.
    """

    def __init__(
        self,
        path: Path,
        state: StagedState[C],
        read: Callable[[Path], C],
        behind: Behind,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._path, self._state, self._read_file = path, state, read
        self._behind, self._notices = behind, notices
        self._timer = QTimer(self, singleShot=True, interval=SAVE_DELAY_MS)
        self._timer.timeout.connect(self._save)
        # One small file, once: quicker than a frame.
        state.set_draft(self._read())
        self._saved = state.draft
        state.draft_changed.connect(self._on_changed)

    def _read(self) -> C:
        if not self._path.exists():
            return self._state.draft
        try:
            return self._read_file(self._path)
        except AppError as error:
            aside = self._path.with_name(f"{self._path.name}.damaged")
            with contextlib.suppress(OSError):  # then it is written over, as it cannot be read
                self._path.replace(aside)
            self._notices.show_failure(
                tr("The plan of your next run cannot be read, so it begins anew."),
                tr("The old file is “{name}”.").format(name=aside.name),
                f"{error.message} {error.detail}",
            )
            return self._state.draft

    def flush(self) -> None:
        """Write what is not written yet, before the room's thread ends."""
        if self._timer.isActive():
            self._timer.stop()
            self._save()

    @Slot()
    def _on_changed(self) -> None:
        self._timer.start()

    @Slot()
    def _save(self) -> None:
        if self._state.draft != self._saved:
            self._saved = self._state.draft
            self._behind.do(
                partial(write_whole, self._path, to_toml(self._saved).encode()),
                on_failed=self._notices.show_error,
            )
