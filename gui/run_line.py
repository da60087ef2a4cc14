"""What trains now, in the status bar: "night-porter 64 % · 2 min 10 s"; a click leads to the run.
Nothing while no run lives.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from finetune.run.state import RunSummary
from gui.runs_watch import RunsWatch
from gui.staged.progress_words import header_words, status_words
from gui.theme import Theme
from gui.widgets.plain_tip import plain_tip

FONT_PX = 12
# The one that has the machine comes before those that wait for it.
_RANK = {"running": 0, "paused": 1, "starting": 2, "queued": 3}
MOST_LETTERS = 60


class RunLine(QPushButton):
    """Args:
    show_run: goes to a run, by its folder.
    """

    def __init__(
        self,
        theme: Theme,
        runs: RunsWatch,
        show_run: Callable[[str], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._runs, self._show_run = theme, runs, show_run
        self.run: RunSummary | None = None
        self.setProperty("kind", "link")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()
        runs.changed.connect(self._show)
        self.clicked.connect(self._on_clicked)
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    @Slot()
    def _show(self) -> None:
        live = sorted(
            (run for run in self._runs.summaries if run.is_live), key=lambda run: _RANK[run.state]
        )
        self.run = live[0] if live else None
        self.setVisible(self.run is not None)
        if self.run is None:
            return
        words = _cut(status_words(self.run))
        n_more = len(live) - 1
        if n_more:
            words = self.tr("%s · %s more") % (words, n_more)
        self.setText(words.replace("&", "&&"))
        self.setAccessibleName(self.tr("Training: %s") % words)
        tip = self.tr("%s: %s. Click to see it.")
        self.setToolTip(plain_tip(tip % (self.run.name, header_words(self.run))))

    @Slot()
    def _on_clicked(self) -> None:
        if self.run is not None:
            self._show_run(self.run.path)

    @Slot()
    def _dress(self) -> None:
        font = self.font()
        font.setPixelSize(self._theme.px(FONT_PX))
        self.setFont(font)
        self.setStyleSheet(f"color: {self._theme.palette.accent};")


def _cut(words: str) -> str:
    return words if len(words) <= MOST_LETTERS else words[: MOST_LETTERS - 1] + "…"
