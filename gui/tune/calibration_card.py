"""A few steps of the plan, done on this machine before it begins: how quick they are, how much
memory they take. Asked for by a button, or by the page when it is looked at.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import Calibrate, Calibration
from finetune.config import to_toml
from gui.staged.facts import Fact, Facts
from gui.staged.job_strip import JobStrip
from gui.staged.progress_words import duration_text, gb_text, speed_text
from gui.tune.base_words import fit_kind, fit_of, fit_words
from gui.tune.parts import TuneParts
from gui.tune.state import pace_of
from gui.tune.words import tr
from gui.widgets.announce import announce
from gui.widgets.kinds import button, frame, label, set_kind


class CalibrationCard(QWidget):
    """Asks the heavy worker; what it measured goes into the state."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts, self._state = parts, parts.state
        self._job = 0
        self._asked: object = None  # the pace that is measured now
        self._was_stopped = False
        theme = parts.context.theme
        self.words = label("", "dim", wrap=True)
        self.facts = Facts(theme, "")
        self.strip = JobStrip(theme, self)
        self.button = button(
            tr("Measure it here"),
            "",
            tr("A few steps with these rows and this plan; nothing is kept of them"),
        )
        self._lay_out()
        self.button.clicked.connect(self.measure)
        self._state.calibration_changed.connect(self._on_changed)
        self._state.draft_changed.connect(self._on_draft)
        self._on_changed()

    def _lay_out(self) -> None:
        px = self._parts.context.theme.px
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

    # ---- asking ----

    @property
    def is_running(self) -> bool:
        return self._asked is not None

    def measure_if_new(self) -> None:
        """Measure where nothing is known, nothing was stopped by a person, and no run would be
        held up by it."""
        has_live = any(one.is_live for one in self._parts.context.runs.summaries)
        if self._state.calibration is None and not self._was_stopped and not has_live:
            self.measure()

    @Slot()
    def measure(self) -> None:
        """Do a few steps of the draft."""
        if self.is_running or self._obstacle():
            self._on_changed()
            return
        draft = self._state.draft
        pace, text = pace_of(draft), to_toml(draft)
        self._asked, self._was_stopped = pace, False
        self._job = self._parts.heavy.ask(
            lambda job: Calibrate(job=job, config=text),
            lambda result: self._on_measured(pace, result),
            lambda failed: self._on_failed(pace, failed),
            self.strip.hear,
        )
        self.strip.begin(tr("Measuring a few steps"), self._on_stopped)
        self._show(tr("Loading the model and doing a few steps…"))

    def cancel(self) -> None:
        """Measure no more; what was known stays."""
        if self.is_running:
            self._parts.heavy.cancel(self._job)
            self._asked = None
            self.strip.end()

    def _obstacle(self) -> str:
        """Why it cannot be measured; "" where it can."""
        state = self._state
        if not state.draft.base.path or not state.draft.data.path:
            return tr("Choose a base and data first; then it can be measured here.")
        if state.base is not None and state.base.reason:
            return state.base.reason
        if state.dataset is not None and state.dataset.n_rows == 0:
            return tr("The data has no rows.")
        return ""

    # ---- hearing ----

    def _on_measured(self, pace: object, result: Calibration) -> None:
        if pace == self._asked:
            self._end()
            self._state.set_calibration(result)
            self._on_changed()

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
    def _on_draft(self) -> None:
        """Another plan: what is measured now would not be its pace."""
        if self.is_running and pace_of(self._state.draft) != self._asked:
            self.cancel()
        if not self.is_running:
            self._on_changed()

    # ---- what is shown ----

    @Slot()
    def _on_changed(self) -> None:
        known = self._state.calibration
        if self.is_running:
            return
        self.facts.show_facts(calibration_facts(known) if known is not None else [])
        if known is not None:
            self._show(_verdict(known), "bad" if known.peak_bytes > known.free_bytes else "dim")
        else:
            self._show(self._obstacle() or tr("Not measured yet for this plan."))

    def _show(self, words: str, kind: str = "dim") -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))
        set_kind(self.words, kind)
        self.button.setVisible(not self.is_running)
        self.button.setEnabled(not self._obstacle())
        known = self._state.calibration is not None
        self.button.setText(tr("Measure again") if known else tr("Measure it here"))
        announce(self, words)


def calibration_facts(known: Calibration) -> list[Fact]:
    """What was measured, a line each."""
    fit = fit_of(known.peak_bytes, known.free_bytes)
    memory = tr("{peak} of {free} free, {fit}").format(
        peak=gb_text(known.peak_bytes), free=gb_text(known.free_bytes), fit=fit_words(fit)
    )
    return [
        Fact(
            tr("Speed"),
            speed_text(known.tokens_per_s),
            tr("Real tokens that are learned from each second; padding does not count"),
        ),
        Fact(
            tr("A step"),
            tr("{s} s").format(s=f"{known.s_per_step:.2f}"),
            tr("One change of the weights, with this batch"),
        ),
        Fact(tr("Until it begins"), duration_text(known.load_s), tr("Loading the model and rows")),
        Fact(
            tr("Memory at its peak"),
            memory,
            tr("Of the process that trains; what is free is what other programs leave"),
            fit_kind(fit),
        ),
        Fact(
            tr("Precision"),
            tr("{precision}, {n} threads").format(precision=known.precision, n=known.n_threads),
        ),
    ]


def _verdict(known: Calibration) -> str:
    if known.peak_bytes > known.free_bytes:
        return tr(
            "It needs more memory than is free: close other programs, or take a smaller batch, "
            "shorter rows or gradient checkpointing."
        )
    return ""
