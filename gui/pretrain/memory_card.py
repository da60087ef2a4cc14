"""The memory test: passages that training saw once, ten and a hundred times, prompted by their
first tokens; how much of the rest is recited word for word.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.process.pretrain_messages import Recited
from gui.pretrain.recited_view import RecitedView
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.staged.progress_words import percent_text
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import button, label
from gui.widgets.share_bars import ShareBars, ShareRow

MOST_GROUPS = 6
LIMITS = (0, 1, 4, 16, 64, 256)  # groups of an early checkpoint, where all numbers are different


class MemoryCard(Card):
    """A bar for each number of times seen, and one passage after the other beside what was said."""

    plan_asked = Signal()  # the next model shall have one

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Memory test"), parent)
        self.recited: list[Recited] = []
        self.words = label(
            tr(
                "Passages prompted by their first half: the share of the rest that is recited word "
                "for word, by how often training saw them."
            ),
            "dim",
            wrap=True,
        )
        self.bars = ShareBars(theme, tr("Recited, by times seen"))
        self.choice = CalmComboBox(self)
        self.choice.setAccessibleName(tr("Passage"))
        self.choice.setToolTip(
            tr("Which passage is shown: how often it was seen, what was recited")
        )
        self.view = RecitedView(theme, self)
        self.empty = label("", "dim", wrap=True)
        self.plan_button = button(
            tr("Plan a model with one"),
            "",
            tr("Memory test: 8 passages of each kind, in the draft"),
        )
        self.column.addWidget(self.words)
        self.column.addWidget(self.bars)
        self.column.addWidget(self.choice)
        self.column.addWidget(self.view)
        self.column.addWidget(self.empty)
        line = QVBoxLayout()
        line.addWidget(self.plan_button)
        self.column.addLayout(line)
        self.choice.currentIndexChanged.connect(self._show_passage)
        self.plan_button.clicked.connect(self.plan_asked)

    def show_recited(self, recited: Sequence[Recited], n_planned: int) -> None:
        """n_planned: passages of each kind that the run was to have; 0: it has no memory test."""
        self.recited = list(recited)
        for part in (self.words, self.bars, self.choice, self.view):
            part.setVisible(bool(recited))
        self.empty.setVisible(not recited)
        self.plan_button.setVisible(not n_planned)
        if not recited:
            self.empty.setText(
                tr("The held-out text was too short to take passages from.")
                if n_planned
                else tr(
                    "This model was raised without one. Passages have to be put into its text "
                    "before it learns: set “Memory test” in the plan of the next model."
                )
            )
            return
        self.bars.set_rows([_row(name, group) for name, group in groups(self.recited)])
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.add_choices([(_line(one), n) for n, one in enumerate(self.recited)])
        most = max(range(len(recited)), key=lambda n: recited[n].share)
        self.choice.choose(most)
        self.choice.blockSignals(False)
        self._show_passage()

    @Slot()
    def _show_passage(self) -> None:
        number = self.choice.currentData()
        if isinstance(number, int) and number < len(self.recited):
            self.view.show_recited(self.recited[number])


def groups(recited: Sequence[Recited]) -> list[tuple[str, list[Recited]]]:
    """By times seen, rarest first; numbers that are many are taken together."""
    numbers = sorted({one.times_seen for one in recited})
    if len(numbers) <= MOST_GROUPS:
        return [(times_words(n), [one for one in recited if one.times_seen == n]) for n in numbers]
    found = []
    for low, high in pairwise([*LIMITS, max(numbers) + 1]):
        group = [one for one in recited if low <= one.times_seen < high]
        if group:
            found.append((_between([one.times_seen for one in group]), group))
    return found


def _between(times: Sequence[int]) -> str:
    low, high = min(times), max(times)
    if low == high:
        return times_words(low)
    return tr("{a} to {b} times").format(a=f"{low:,}", b=f"{high:,}")


def times_words(n: int) -> str:
    if n == 0:
        return tr("never seen")
    return tr("seen once") if n == 1 else tr("{n} times").format(n=f"{n:,}")


def _row(name: str, group: Sequence[Recited]) -> ShareRow:
    mean = sum(one.share for one in group) / len(group)
    n_whole = sum(one.share >= 1.0 for one in group)
    words = tr("{name}: {share} recited on average of {n} passages, {whole} of them whole").format(
        name=name, share=percent_text(mean), n=len(group), whole=n_whole
    )
    return ShareRow(name, (mean,), percent_text(mean), words)


def _line(one: Recited) -> str:
    return tr("{times} · {share} recited").format(
        times=times_words(one.times_seen), share=percent_text(one.share)
    )
