"""Which budget is chosen, and its plan in the draft: taken when a card is chosen, and taken anew
when the machine was measured, as long as nobody changed it by hand.
"""

from __future__ import annotations

from msgspec import structs
from PySide6.QtCore import QObject, Signal, Slot

from engine.process.tune_messages import Calibration
from finetune.config import RunConfig
from finetune.plan import BUDGETS, BudgetName, Plan
from gui.staged.plan_cards import Budget
from gui.staged.progress_words import duration_text
from gui.tune.parts import TuneParts
from gui.tune.plan_reasons import reason_words
from gui.tune.plans import budgets, has_length, key_of, offer_for
from gui.tune.words import tr


class PlanChoice(QObject):
    """Between the cards and the draft."""

    changed = Signal()  # an offer is another

    def __init__(self, parts: TuneParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = parts.state
        self._taken: RunConfig | None = None  # the draft as a card left it
        self._measured: Calibration | None = None  # the last one, also of another budget's plan
        self._measured_of: object = None
        state = parts.state
        for signal in (state.calibration_changed, state.dataset_changed, state.checked_changed):
            signal.connect(self._on_facts)

    def begin(self) -> None:
        """A draft that says nothing of its length gets the middle one."""
        if not has_length(self._state.draft):
            self.choose("balanced")

    def choose(self, key: BudgetName) -> None:
        """Take a budget's plan."""
        self._taken = self._offer(key).config
        self._state.set_draft(self._taken)
        self.changed.emit()

    @Slot(str)
    def on_card(self, key: str) -> None:
        """A person chose a card."""
        self.choose(next(name for name in BUDGETS if name == key))

    @Slot()
    def _on_facts(self) -> None:
        """More is known: the same budget is another plan."""
        if self._state.calibration is not None:
            self._measured, self._measured_of = self._state.calibration, _kind(self._state.draft)
        key = key_of(self._state.draft)
        if key is not None and self._state.draft == self._taken:
            self.choose(key)

    def offer(self) -> Plan | None:
        """The chosen budget's plan, None for a plan of a person's own."""
        key = key_of(self._state.draft)
        return self._offer(key) if key is not None else None

    def _offer(self, key: BudgetName) -> Plan:
        is_alike = self._measured_of == _kind(self._state.draft)
        return offer_for(key, self._state, self._measured if is_alike else None)

    def reasons(self) -> list[str]:
        """What was chosen and why; that it was changed by hand, where it was."""
        found = self.offer()
        if found is None:
            is_own = has_length(self._state.draft)
            return [tr("A plan of your own: see “All fields”.")] if is_own else []
        words = [reason_words(one) for one in found.reasons]
        if found.config != self._state.draft:
            return [*words, tr("Some fields were changed by hand: see “All fields”.")]
        return words

    def budgets(self) -> list[Budget]:
        """The cards with what each comes to."""
        return [structs.replace(one, numbers=self._numbers(one.key)) for one in budgets()]

    def _numbers(self, key: str) -> str:
        found = self._offer(next(name for name in BUDGETS if name == key))
        steps = found.config.train.steps
        words = tr("1 step") if steps == 1 else tr("{n} steps").format(n=f"{steps:,}")
        if not found.seconds:
            return words
        return tr("{steps}, about {time}").format(steps=words, time=duration_text(found.seconds))


def _kind(config: RunConfig) -> tuple[object, ...]:
    """What a speed in tokens/s holds for, whatever a step is made of."""
    train = config.train
    return config.base, config.lora, train.method, train.precision
