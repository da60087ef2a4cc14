"""How far a long job is: a bar, what it does, the time left, and Stop. Knows no job."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from engine.process.messages import AnyEvent, Progress
from gui.staged.progress_words import left_text
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import button, label

FULL = 1_000
LEAST_KNOWN = 0.02  # of an earlier guess nobody would have anything


class JobStrip(QWidget):
    """Hidden while there is no job."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._began_s = 0.0
        self._what = ""
        self._stop: Callable[[], object] | None = None
        self.bar = QProgressBar(self)
        self.bar.setRange(0, FULL)
        self.bar.setTextVisible(False)
        self.words = label("", "dim", wrap=True)
        self.stop_button = button(tr("Stop"), "", tr("End this; what was there before stays"))
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.bar)
        self._row.addWidget(self.words, 1)
        self._row.addWidget(self.stop_button)
        self.stop_button.clicked.connect(self._on_stop)
        theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    @property
    def is_running(self) -> bool:
        return not self.isHidden()

    def begin(self, what: str, stop: Callable[[], object]) -> None:
        """A job began. stop: ends it."""
        self._began_s, self._what, self._stop = time.monotonic(), what, stop
        self.bar.setValue(0)
        self.bar.setAccessibleName(what)
        self.words.setText(what)
        self.show()

    def hear(self, event: AnyEvent) -> None:
        """What comes before a job's end."""
        if not isinstance(event, Progress) or event.fraction < 0.0:
            return  # below 0: it is not known how much there is
        self.bar.setValue(round(FULL * min(1.0, max(0.0, event.fraction))))
        parts = [self._what, f"{event.fraction * 100:.0f} %"]
        spent_s = time.monotonic() - self._began_s
        if LEAST_KNOWN < event.fraction < 1.0 and spent_s > 1.0:
            parts.append(left_text(spent_s / event.fraction - spent_s))
        self.words.setText(" · ".join(parts))

    def end(self) -> None:
        self._stop = None
        self.hide()

    @Slot()
    def _on_stop(self) -> None:
        stop = self._stop
        self.end()
        if stop is not None:
            stop()

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.bar.setFixedWidth(px(160))
        self._row.setContentsMargins(0, px(4), 0, px(4))
        self._row.setSpacing(px(10))
