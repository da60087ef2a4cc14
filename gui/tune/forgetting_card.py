"""The forgetting check: what became of things that were not taught, and what would help."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from finetune.measure.results import RED_ABOVE, Forgetting, Remedy
from gui.staged.cards import Card, Facts
from gui.theme import Theme
from gui.tune.held_out_card import AnswersCard
from gui.tune.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label, set_kind


class ForgettingCard(Card):
    """Red above +5 % bits per byte, or where an unrelated answer brings in what was taught."""

    remedy_asked = Signal(str)  # a Remedy

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Forgetting"), parent)
        self.verdict = label("", wrap=True)
        self.facts = Facts(theme, self)
        self.buttons: dict[Remedy, QPushButton] = _remedies()
        self._row = FlowLayout()
        self.toggle = button(
            tr("Show the answers that changed"), "link", tr("Unrelated questions, base and tuned")
        )
        self.toggle.setCheckable(True)
        self.answers = AnswersCard(theme, tr("Answers that changed"), self)
        self.column.addWidget(self.verdict)
        self.column.addWidget(self.facts)
        for key, one in self.buttons.items():
            self._row.addWidget(one)
            one.clicked.connect(lambda _=False, key=key: self.remedy_asked.emit(key))
        self.column.addLayout(self._row)
        foot = QHBoxLayout()
        foot.addWidget(self.toggle)
        foot.addStretch(1)
        self.column.addLayout(foot)
        self.column.addWidget(self.answers)
        self.answers.hide()
        self.toggle.toggled.connect(self._on_toggled)
        self._row.setSpacing(theme.px(8))
        self._told: Forgetting | None = None

    def set_forgetting(self, told: Forgetting | None) -> None:
        self._told = told
        remedies = told.remedies if told is not None else []
        for key, one in self.buttons.items():
            one.setVisible(key in remedies)
        changed = [one for one in told.answers if one.is_changed] if told is not None else []
        self.toggle.setVisible(bool(changed))
        self.answers.set_answers(changed if self.toggle.isChecked() else [])
        self.facts.setVisible(told is not None)
        if told is None:
            set_kind(self.verdict, "dim")
            self.verdict.setText(tr("Not checked."))
            return
        self._show_verdict(told)
        n_changed = len(changed)
        self.facts.set_facts(
            [
                (
                    tr("Bits per byte of unrelated prose"),
                    f"{told.bits_before:.3f} → {told.bits_after:.3f} ({rise_text(told.rise)})",
                    tr("How hard ordinary text is to it: more bits, more forgotten"),
                ),
                (
                    tr("Unrelated answers that changed"),
                    tr("{n} of {all}").format(n=n_changed, all=len(told.answers)),
                    tr("Some change is normal; they should still be good answers"),
                ),
                (
                    tr("Answers that bring in what was taught"),
                    tr("{n} of {all}").format(n=told.n_mentions, all=len(told.answers)),
                    tr("Words of your rows in answers that have nothing to do with them"),
                ),
            ]
        )

    def _show_verdict(self, told: Forgetting) -> None:
        set_kind(self.verdict, "bad" if told.remedies else "good")
        if told.is_red:
            words = tr("It forgot: bits per byte of ordinary prose rose by {rise}, over {most}.")
            self.verdict.setText(
                "✗ " + words.format(rise=rise_text(told.rise), most=rise_text(RED_ABOVE))
            )
        elif told.remedies:
            self.verdict.setText("✗ " + tr("It brings up what it was taught where it should not."))
        else:
            self.verdict.setText("✓ " + tr("What it knew before is still there."))

    @Slot(bool)
    def _on_toggled(self, is_on: bool) -> None:
        self.toggle.setText(tr("Hide them") if is_on else tr("Show the answers that changed"))
        self.set_forgetting(self._told)


def rise_text(rise: float) -> str:
    return "–" if math.isnan(rise) else f"{rise * 100:+.1f} %".replace("-", "−")


def _remedies() -> dict[Remedy, QPushButton]:
    return {
        "own_answers": button(
            tr("Mix in its own answers"),
            "",
            tr(
                "Plan a run that also learns the base’s own answers to unrelated questions: it "
                "keeps what it knows"
            ),
        ),
        "fewer_steps": button(
            tr("Fewer steps"), "", tr("Plan a run of half the steps: it moves less far away")
        ),
        "lower_strength": button(
            tr("Lower the strength"),
            "",
            tr("Chat with this adapter at half its strength: no new run is needed"),
        ),
    }
