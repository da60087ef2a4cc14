"""How the model goes on after a fixed beginning, from step 0 (noise) on: a line for each of a few
moments, that of the slider among them.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from gui.pretrain.words import tr
from gui.run_record import RunRecord
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import button, frame, label, set_kind
from gui.widgets.plain_tip import plain_tip

MOST_LINES = 7
# Letters of a sample that are shown: of the moment looked at, of the others.
LONGEST, IN_SHORT = 400, 90


class SamplesCard(Card):
    """Shows a record's samples."""

    step_asked = Signal(int)  # look at that moment

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Samples"), parent)
        self._record: RunRecord | None = None
        self._step = 0
        self.prompt = CalmComboBox(self)
        self.empty = label(
            tr("What the model writes appears here within seconds, at first noise."),
            "dim",
            wrap=True,
        )
        self._lines: list[_Line] = []
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._set_up()
        for _ in range(MOST_LINES):
            self._add_line()
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    def set_record(self, record: RunRecord, step: int) -> None:
        """step: the moment that is looked at."""
        self._record, self._step = record, step
        self._show_prompts(record)
        self._show()

    def look_at(self, step: int) -> None:
        """Another moment of the same record."""
        self._step = step
        self._show()

    def shown(self) -> dict[int, str]:
        """Step -> what stands there."""
        return {one.step: one.words.text() for one in self._lines if not one.words.isHidden()}

    def _show_prompts(self, record: RunRecord) -> None:
        prompts = record.prompts
        if prompts == [self.prompt.itemData(row) for row in range(self.prompt.count())]:
            return
        chosen = self.prompt.currentData()
        with QSignalBlocker(self.prompt):
            self.prompt.clear()
            self.prompt.add_choices([(f"“{' '.join(one.split())}”", one) for one in prompts])
            if chosen in prompts:
                self.prompt.choose(chosen)

    def _show(self) -> None:
        record, prompt = self._record, self.prompt.currentData()
        said = _said(record, prompt) if record is not None and prompt is not None else {}
        self.prompt.setVisible(len(said) > 0)
        self.empty.setVisible(not said)
        steps = few_of(list(said), self._step)
        for line, step in zip(self._lines, steps, strict=False):
            line.show_sample(step, prompt, said[step], is_looked_at=step == _at(said, self._step))
        for line in self._lines[len(steps) :]:
            line.hide()

    def _add_line(self) -> None:
        line = _Line(self)
        row = 2 * len(self._lines)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self._grid.addWidget(line.moment, row, 0, right)
        self._grid.addWidget(line.words, row, 1)
        self._grid.addWidget(line.rule, row + 1, 0, 1, 2)
        line.moment.clicked.connect(lambda: self.step_asked.emit(line.step))
        line.hide()
        self._lines.append(line)

    # ---- building ----

    def _set_up(self) -> None:
        self.prompt.setAccessibleName(tr("Beginning"))
        self.prompt.setToolTip(tr("Which beginning the model goes on from"))
        self.prompt.setSizeAdjustPolicy(
            CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.prompt.setMinimumContentsLength(8)
        self.prompt.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.prompt.currentIndexChanged.connect(self._on_prompt)
        self.head.insertWidget(1, self.prompt, 4)
        self.column.addWidget(self.empty)
        self.column.addLayout(self._grid)
        self.column.addStretch(1)

    @Slot(int)
    def _on_prompt(self, _index: int) -> None:
        self._show()

    @Slot()
    def _dress(self) -> None:
        self._grid.setHorizontalSpacing(self.theme.px(10))
        self._grid.setVerticalSpacing(self.theme.px(6))


class _Line:
    """A moment and what the model wrote then."""

    def __init__(self, parent: QWidget) -> None:
        self.step = 0
        self._told: tuple[object, ...] = ()
        self.moment: QPushButton = button("", "link", tr("Look at this moment"))
        self.words: QLabel = label("", wrap=True)
        self.words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.words.setMinimumWidth(1)
        self.rule: QFrame = frame("rule")
        for part in (self.moment, self.words, self.rule):
            part.setParent(parent)

    def show_sample(self, step: int, prompt: str, answer: str, *, is_looked_at: bool) -> None:
        told = (step, prompt, answer, is_looked_at)
        if told == self._told:
            return
        self.step, self._told = step, told
        self.moment.setText(f"{step:,}")
        self.moment.setAccessibleName(tr("step {step}").format(step=f"{step:,}"))
        line = " ".join(answer.split()) or tr("(nothing)")
        most = LONGEST if is_looked_at else IN_SHORT
        self.words.setText(line if len(line) <= most else line[:most] + "…")
        self.words.setToolTip(plain_tip(f"{prompt}{answer}"))
        if self.words.property("kind") != (kind := "" if is_looked_at else "dim"):
            set_kind(self.words, kind)
        for part in (self.moment, self.words, self.rule):
            part.show()

    def hide(self) -> None:
        self._told = ()
        for part in (self.moment, self.words, self.rule):
            part.hide()


def _said(record: RunRecord, prompt: str) -> dict[int, str]:
    return {one.step: one.answer for one in record.samples if one.prompt == prompt}


def _at(said: dict[int, str], step: int) -> int:
    """The moment of these that is looked at."""
    return max((one for one in said if one <= step), default=-1)


def few_of(steps: Sequence[int], looked_at: int, most: int = MOST_LINES) -> list[int]:
    """Some of the steps: the first, the newest, the one looked at, and others between, closer at
    the beginning, where most happens."""
    if len(steps) <= most:
        return list(steps)
    last = len(steps) - 1
    spread = {round(last * (place / (most - 1)) ** 2) for place in range(most)}
    kept = sorted(spread | {0, last})
    wanted = max((at for at, step in enumerate(steps) if step <= looked_at), default=0)
    if wanted not in kept:
        nearest = min((one for one in kept if 0 < one < last), key=lambda one: abs(one - wanted))
        kept[kept.index(nearest)] = wanted
    return [steps[at] for at in sorted(kept)]
