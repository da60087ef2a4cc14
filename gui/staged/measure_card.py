"""A few steps of a plan, done on this machine before it begins: how quick they are, how much memory
they take. Asked for by a button, or by the page when it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.process.messages import AnyRequest, Failed
from gui.context import AppContext
from gui.side_worker import SideWorker
from gui.staged.facts import Fact, Facts
from gui.staged.job_strip import JobStrip
from gui.staged.words import tr
from gui.widgets.announce import announce
from gui.widgets.kinds import button, frame, label, set_kind


class MeasureCard(QWidget):
    """Asks the heavy worker. A subclass says what is measured, and connects the changes of its
    draft to `on_draft` and those of what is known to `show_known`."""

    def __init__(
        self, context: AppContext, heavy: SideWorker, tip: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._heavy = context, heavy
        self._job = 0
        self._asked: object = None  # the pace that is measured now
        self._was_stopped = False
        self.words = label("", "dim", wrap=True)
        self.facts = Facts(context.theme, "")
        self.strip = JobStrip(context.theme, self)
        self.button = button(tr("Measure it here"), "", tip)
        self._lay_out()
        self.button.clicked.connect(self.measure)

    def _lay_out(self) -> None:
        px = self._context.theme.px
        card = frame("card")
        rows = QVBoxLayout(card)
        rows.setContentsMargins(px(16), px(12), px(16), px(12))
        rows.setSpacing(px(8))
        for part in (self.facts, self.words, self.strip):
            rows.addWidget(part)
        rows.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)

    # ---- what a subclass says ----

    def pace(self) -> object:
        """All of the draft that a step's time and memory depend on."""
        raise NotImplementedError

    def request(self) -> Callable[[int], AnyRequest]:
        """What asks for the draft to be measured."""
        raise NotImplementedError

    def obstacle(self) -> str:
        """Why it cannot be measured; "" where it can."""
        raise NotImplementedError

    def known(self) -> Any:
        """What was measured of the draft; None for nothing."""
        raise NotImplementedError

    def take(self, result: Any) -> None:
        """Keep what was measured."""
        raise NotImplementedError

    def facts_of(self, known: Any) -> Sequence[Fact]:
        """What was measured, a line each."""
        raise NotImplementedError

    def verdict_of(self, known: Any) -> tuple[str, str]:
        """What should be done about it, "" for nothing; and its label's kind."""
        raise NotImplementedError

    # ---- asking ----

    @property
    def is_running(self) -> bool:
        return self._asked is not None

    def measure_if_new(self) -> None:
        """Measure where nothing is known, nothing was stopped by a person, and no run would be
        held up by it."""
        has_live = any(one.is_live for one in self._context.runs.summaries)
        if self.known() is None and not self._was_stopped and not has_live:
            self.measure()

    @Slot()
    def measure(self) -> None:
        """Do a few steps of the draft."""
        if self.is_running or self.obstacle():
            self.show_known()
            return
        pace = self.pace()
        self._asked, self._was_stopped = pace, False
        self._job = self._heavy.ask(
            self.request(),
            lambda result: self._on_measured(pace, result),
            lambda failed: self._on_failed(pace, failed),
            self.strip.hear,
        )
        self.strip.begin(tr("Measuring a few steps"), self._on_stopped)
        self._show(tr("Loading and doing a few steps…"))

    def cancel(self) -> None:
        """Measure no more; what was known stays."""
        if self.is_running:
            self._heavy.cancel(self._job)
            self._asked = None
            self.strip.end()

    # ---- hearing ----

    def _on_measured(self, pace: object, result: Any) -> None:
        if pace == self._asked:
            self._end()
            self.take(result)
            self.show_known()

    def _on_failed(self, pace: object, failed: Failed) -> None:
        if pace == self._asked:
            self._end()
            self._show(f"{failed.message} {failed.hint}".strip(), "bad")

    def _on_stopped(self) -> None:
        self._was_stopped = True
        self.cancel()
        self._show(tr("Stopped. The numbers above are guesses until it is measured."))

    def _end(self) -> None:
        self._asked = None
        self.strip.end()

    @Slot()
    def on_draft(self) -> None:
        """Another plan: what is measured now would not be its pace."""
        if self.is_running and self.pace() != self._asked:
            self.cancel()
        if not self.is_running:
            self.show_known()

    # ---- what is shown ----

    @Slot()
    def show_known(self) -> None:
        """What was measured, or that nothing was."""
        known = self.known()
        if self.is_running:
            return
        self.facts.show_facts(self.facts_of(known) if known is not None else [])
        if known is not None:
            self._show(*self.verdict_of(known))
        else:
            self._show(self.obstacle() or tr("Not measured yet for this plan."))

    def _show(self, words: str, kind: str = "dim") -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))
        set_kind(self.words, kind)
        self.button.setVisible(not self.is_running)
        self.button.setEnabled(not self.obstacle())
        known = self.known() is not None
        self.button.setText(tr("Measure again") if known else tr("Measure it here"))
        announce(self, words)
