"""A few steps of a fine-tuning's plan, measured on this machine before it begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from engine.process.messages import AnyRequest
from engine.process.tune_messages import Calibrate, Calibration
from finetune.config import to_toml
from gui.staged.facts import Fact
from gui.staged.fit import fit_kind, fit_of, fit_words
from gui.staged.measure_card import MeasureCard
from gui.staged.progress_words import duration_text, gb_text, speed_text
from gui.tune.parts import TuneParts
from gui.tune.state import pace_of
from gui.tune.words import tr


class CalibrationCard(MeasureCard):
    """What it measured goes into the state."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        tip = tr("A few steps with these rows and this plan; nothing is kept of them")
        super().__init__(parts.context, parts.heavy, tip, parent)
        self._state = parts.state
        self._state.calibration_changed.connect(self.show_known)
        self._state.draft_changed.connect(self.on_draft)
        self.show_known()

    def pace(self) -> object:
        return pace_of(self._state.draft)

    def request(self) -> Callable[[int], AnyRequest]:
        text = to_toml(self._state.draft)
        return lambda job: Calibrate(job=job, config=text)

    def obstacle(self) -> str:
        state = self._state
        if not state.draft.base.path or not state.draft.data.path:
            return tr("Choose a base and data first; then it can be measured here.")
        if state.base is not None and state.base.reason:
            return state.base.reason
        if state.dataset is not None and state.dataset.n_rows == 0:
            return tr("The data has no rows.")
        return ""

    def known(self) -> Calibration | None:
        return self._state.calibration

    def take(self, result: Calibration) -> None:
        self._state.set_calibration(result)

    def facts_of(self, known: Calibration) -> Sequence[Fact]:
        return calibration_facts(known)

    def verdict_of(self, known: Calibration) -> tuple[str, str]:
        if known.peak_bytes <= known.free_bytes:
            return "", "dim"
        words = tr(
            "It needs more memory than is free: close other programs, or take a smaller batch, "
            "shorter rows or gradient checkpointing."
        )
        return words, "bad"


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
