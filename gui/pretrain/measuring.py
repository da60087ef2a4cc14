"""A few steps of a model's plan, measured on this machine before it begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.process.messages import AnyRequest
from engine.process.pretrain_messages import CalibratePretrain, PretrainCalibration
from finetune.run_toml import to_toml
from gui.pretrain.model_plan import Machine, Planned, planned_of, to_measure
from gui.pretrain.parts import PretrainParts
from gui.pretrain.state import pace_of
from gui.pretrain.words import tr
from gui.staged.facts import Fact
from gui.staged.fit import fit_of
from gui.staged.measure_card import MeasureCard
from gui.staged.progress_words import duration_text, gb_text, speed_text

# By itself only what is over soon is measured.
LONGEST_STEP_S = 6.0
USUAL_FLOPS = 2e10  # of two cores, where none was measured


class PlanMeasuring(MeasureCard):
    """What it measured goes into the state.

    Args:
        machine: what is known of it now.
    """

    speed_measured = Signal(float)  # multiplications and additions a second

    def __init__(
        self, parts: PretrainParts, machine: Callable[[], Machine], parent: QWidget | None = None
    ) -> None:
        tip = tr("A few steps of a model of this size; nothing is kept of them")
        super().__init__(parts.context, parts.heavy, tip, parent)
        self._state, self._machine = parts.state, machine
        self._state.calibration_changed.connect(self.show_known)
        self._state.draft_changed.connect(self.on_draft)
        self.show_known()

    @property
    def planned(self) -> Planned | None:
        return planned_of(self._state, self._machine())

    def measure_if_quick(self) -> None:
        """Measure where nothing is known, and where it will be over in seconds."""
        planned, machine = self.planned, self._machine()
        if planned is None or fit_of(planned.memory_bytes, machine.free_bytes) == "no":
            return
        n_tokens = planned.plan.batch * planned.plan.context
        step_s = n_tokens * planned.plan.flops_per_token / (machine.flops or USUAL_FLOPS)
        if step_s <= LONGEST_STEP_S:
            self.measure_if_new()

    def pace(self) -> object:
        return pace_of(self._state.draft)

    def request(self) -> Callable[[int], AnyRequest]:
        planned = self.planned
        assert planned is not None, "an obstacle"
        text = to_toml(to_measure(self._state.draft, planned.plan))
        return lambda job: CalibratePretrain(job=job, config=text)

    def obstacle(self) -> str:
        planned = self.planned
        if planned is None:
            return tr("The plan has fields that cannot be; mend them first.")
        if planned.plan.heads % max(1, planned.plan.kv_heads):
            return tr("The heads of keys and values must divide the heads.")
        return ""

    def known(self) -> PretrainCalibration | None:
        return self._state.calibration

    def take(self, result: PretrainCalibration) -> None:
        planned = self.planned
        if planned is not None:
            self.speed_measured.emit(result.tokens_per_s * planned.plan.flops_per_token)
        self._state.set_calibration(result)

    def facts_of(self, known: PretrainCalibration) -> Sequence[Fact]:
        free = self._machine().free_bytes
        memory = gb_text(known.peak_bytes)
        if free:
            memory = tr("{peak} of {free} free").format(peak=memory, free=gb_text(free))
        return [
            Fact(tr("Speed"), speed_text(known.tokens_per_s), tr("Tokens learned from a second")),
            Fact(
                tr("A batch"),
                tr("{s} s").format(s=f"{known.step_s:.2f}"),
                tr("Forward, backward and the change of the weights"),
            ),
            Fact(tr("Memory at its peak"), memory, tr("Of the process that trains")),
            Fact(
                tr("Precision"),
                tr("{precision}, {n} threads").format(precision=known.precision, n=known.n_threads),
                tr("How numbers are held, and how many cores work"),
            ),
            Fact(tr("Until it begins"), duration_text(known.load_s), tr("Loading the program")),
        ]

    def verdict_of(self, known: PretrainCalibration) -> tuple[str, str]:
        if fit_of(known.peak_bytes, self._machine().free_bytes) != "no":
            return "", "dim"
        words = tr(
            "It needs more memory than is free: close other programs, take a smaller batch, or "
            "turn the dial down."
        )
        return words, "bad"
