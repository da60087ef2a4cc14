"""The run's own buttons, at the right of the header: what can be asked of it now. Where there is
little room they show icons instead of words.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from finetune.run.state import RunSummary
from gui.icons import icon
from gui.staged.run_actions import RunActions
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import button

PAD_PX, ICON_PX = 13, 16  # of a button, as drawn


class RunButtons(QWidget):
    """Stop and save, Pause or Go on, Evaluate now; Resume run where it is over before its end."""

    def __init__(self, theme: Theme, actions: RunActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._actions = theme, actions
        self._run: RunSummary | None = None
        self.evaluate = button(
            tr("Evaluate"),
            "",
            tr("Measure it on what is held out, ask the fixed prompts and keep a checkpoint"),
        )
        self.stop = button(
            tr("Stop and save"),
            "",
            tr("End the run here. What it learned is saved, and it can go on later."),
        )
        self.pause = button(tr("Pause"), "", tr("Stand still between two batches, in memory"))
        self.resume = button(
            tr("Resume run"), "primary", tr("Go on from the last checkpoint, as if never ended")
        )
        self._words = {one: one.text() for one in self._all}
        self._is_shy = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for one in self._all:
            self._row.addWidget(one)
            one.setAccessibleName(one.text())
        self.evaluate.clicked.connect(lambda: self._ask("evaluate"))
        self.stop.clicked.connect(lambda: self._ask("stop"))
        self.pause.clicked.connect(self._on_pause)
        self.resume.clicked.connect(self._on_resume)
        theme.changed.connect(self._dress)
        self._dress()
        self.show_run(None)

    def show_run(self, run: RunSummary | None) -> None:
        """Offer what fits."""
        if (
            run is None
            or self._run is None
            or run.path != self._run.path
            or _is_other(run, self._run)
        ):
            for one in self._all:
                one.setEnabled(True)
        self._run = run
        is_live = run is not None and run.is_live
        self.stop.setVisible(is_live)
        self.pause.setVisible(is_live)
        self.evaluate.setVisible(is_live and run is not None and run.step > 0)
        self.resume.setVisible(run is not None and run.can_resume)
        is_paused = run is not None and run.why == "asked"
        is_new = run is not None and run.state == "new"
        self._say(self.pause, tr("Go on") if is_paused else tr("Pause"))
        self._say(self.resume, tr("Start it") if is_new else tr("Resume run"))
        self._dress()

    def do(self, name: str) -> None:
        """What a key or the menu asks for, where its button is offered."""
        one = {"stop": self.stop, "pause": self.pause, "evaluate": self.evaluate}.get(
            name, self.resume
        )
        if not one.isHidden() and one.isEnabled():
            one.click()

    def _ask(self, command: str) -> None:
        assert command in ("stop", "evaluate"), command
        if self._run is not None:
            # Once is enough; a run answers when its batch is over.
            (self.stop if command == "stop" else self.evaluate).setEnabled(False)
            self._actions.ask(self._run.path, "stop" if command == "stop" else "evaluate")

    @Slot()
    def _on_pause(self) -> None:
        if self._run is not None:
            self.pause.setEnabled(False)
            self._actions.ask(self._run.path, "resume" if self._run.why == "asked" else "pause")

    @Slot()
    def _on_resume(self) -> None:
        if self._run is not None:
            self.resume.setEnabled(False)
            self._actions.resume(self._run.path)

    # ---- words or icons ----

    @property
    def _all(self) -> tuple[QPushButton, ...]:
        return self.evaluate, self.stop, self.pause, self.resume

    def _say(self, one: QPushButton, words: str) -> None:
        if words != self._words[one]:
            self._words[one] = words
            one.setAccessibleName(words)
            one.setText("" if self._is_shy else words)
            self.updateGeometry()

    def _width(self, *, is_shy: bool) -> int:
        """Of the buttons that are offered, in words or as icons."""
        px = self._theme.px
        shown = [one for one in self._all if not one.isHidden()]
        around = px(2 * PAD_PX) + 2  # as the style sheet has it
        inner = [
            px(ICON_PX) if is_shy else one.fontMetrics().horizontalAdvance(self._words[one]) + 2
            for one in shown
        ]
        return sum(inner) + around * len(shown) + self._row.spacing() * max(0, len(shown) - 1)

    def sizeHint(self) -> QSize:
        return QSize(self._width(is_shy=False), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width(is_shy=True), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._dress()

    @Slot()
    def _dress(self) -> None:
        self._row.setSpacing(self._theme.px(8))
        self._is_shy = self.width() < self._width(is_shy=False) and self.isVisible()
        is_paused = self._run is not None and self._run.why == "asked"
        names = {
            self.evaluate: "pulse",
            self.stop: "stop",
            self.pause: "play" if is_paused else "pause",
            self.resume: "play",
        }
        palette = self._theme.palette
        for one, name in names.items():
            colour = palette.on_accent if one is self.resume else palette.text_dim
            one.setIcon(icon(name, colour) if self._is_shy else QIcon())
            one.setText("" if self._is_shy else self._words[one])
        self.updateGeometry()


def _is_other(run: RunSummary, before: RunSummary) -> bool:
    """Whether it does something else now, so that it may have heard what was asked."""
    now = (run.state, run.phase, run.why, run.attempt)
    return now != (before.state, before.phase, before.why, before.attempt)
