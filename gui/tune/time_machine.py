"""The fixed prompts' answers through the run: the base's at the left, at the right the answer of
the step that the slider stands on.
"""

from __future__ import annotations

from bisect import bisect_right

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QSlider, QWidget

from gui.chat.wheel_guard import WheelGuard
from gui.run_record import Checkpoint, RunRecord
from gui.staged.cards import Card
from gui.theme import Theme
from gui.tune.words import tr
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import button, caps, label

BASE = 0


class TimeMachine(Card):
    """Shows a record's samples. The slider follows the newest step until a person moves it."""

    step_chosen = Signal(int)  # the step that is looked at
    chat_asked = Signal(int)  # chat with the checkpoint of this step

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Time machine"), parent)
        self._record: RunRecord | None = None
        self._steps: list[int] = []
        self._follows = True
        self.prompt = CalmComboBox(self)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.base_heading, self.step_heading = caps(tr("Base")), caps("")
        self.base_answer, self.step_answer = _answer(), _answer()
        self.chat = button("", "link", tr("Load the model as it was then, in the Chat room"))
        self.empty = label(
            tr("Answers to the fixed prompts appear at the first evaluation."), "dim", wrap=True
        )
        self._columns = QGridLayout()
        self._set_up()
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    @property
    def step(self) -> int:
        """The step looked at; 0 while there is only the base."""
        return self._steps[self.slider.value()] if self._steps else BASE

    def set_record(self, record: RunRecord, *, is_other: bool = False) -> None:
        """is_other: another run than before."""
        if is_other:
            self._follows = True
        before, self._record = self.step, record
        self._steps = [step for step in record.sample_steps if step != BASE]
        self._show_prompts(record)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(self._steps) - 1))
            newest = len(self._steps) - 1
            kept = bisect_right(self._steps, before) - 1
            self.slider.setValue(max(0, newest if self._follows else kept))
        self._show()

    def choose_step(self, step: int) -> None:
        """Look at the answers of this step, or of the last before it."""
        if self._steps:
            self._follows = step >= self._steps[-1]
            self.slider.setValue(max(0, bisect_right(self._steps, step) - 1))

    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint of the step looked at, or the last before it."""
        saved = self._record.checkpoints if self._record is not None else ()
        before = [one for one in saved if one.step <= self.step] if self._steps else list(saved)
        return before[-1] if before else None

    def _show_prompts(self, record: RunRecord) -> None:
        prompts = record.prompts
        if prompts == [self.prompt.itemData(row) for row in range(self.prompt.count())]:
            return
        chosen = self.prompt.currentData()
        with QSignalBlocker(self.prompt):
            self.prompt.clear()
            self.prompt.add_choices([(f"“{one}”", one) for one in prompts])
            self.prompt.choose(chosen)

    def _show(self) -> None:
        record, prompt = self._record, self.prompt.currentData()
        has_any = record is not None and bool(record.samples)
        base: tuple[QWidget, ...] = (self.prompt, self.base_heading, self.base_answer)
        moved: tuple[QWidget, ...] = (self.slider, self.step_heading, self.step_answer)
        for part in base:
            part.setVisible(has_any)
        for part in moved:
            part.setVisible(has_any and bool(self._steps))
        self.empty.setVisible(not has_any)
        if record is not None and has_any:
            self.base_answer.setText(_shown(record.answer(BASE, str(prompt))))
            self.step_answer.setText(_shown(record.answer(self.step, str(prompt))))
        words = tr("step {step}").format(step=f"{self.step:,}")
        self.note.setText(words if self._steps else "")
        self.step_heading.setText(words.upper())
        self.step_heading.setAccessibleName(words)
        self.slider.setAccessibleDescription(words)
        self._show_chat()

    def _show_chat(self) -> None:
        found = self.checkpoint()
        self.chat.setVisible(found is not None)
        if found is not None:
            self.chat.setText(tr("Chat with checkpoint {step}").format(step=f"{found.step:,}"))

    # ---- building ----

    def _set_up(self) -> None:
        self.prompt.setAccessibleName(tr("Prompt"))
        self.prompt.setToolTip(tr("Which of the fixed prompts is looked at"))
        self.prompt.setSizeAdjustPolicy(
            CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.prompt.setMinimumContentsLength(8)
        self.prompt.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.slider.setAccessibleName(tr("Step"))
        self.slider.setToolTip(
            tr("From the first evaluation to the newest: how the answer changes as it learns")
        )
        self.slider.setPageStep(1)
        WheelGuard(self).watch(self.slider)
        self.prompt.currentIndexChanged.connect(self._on_prompt_chosen)
        self.slider.valueChanged.connect(self._on_step_moved)
        self.chat.clicked.connect(self._on_chat)

    def _lay_out(self) -> None:
        self.head.insertWidget(1, self.prompt, 2)
        self.column.addWidget(self.empty)
        self.column.addWidget(self.slider)
        top = Qt.AlignmentFlag.AlignTop
        for place, (heading, answer) in enumerate(
            ((self.base_heading, self.base_answer), (self.step_heading, self.step_answer))
        ):
            self._columns.addWidget(heading, 0, place)
            self._columns.addWidget(answer, 1, place, top)
            self._columns.setColumnStretch(place, 1)
        self.column.addLayout(self._columns)
        self.column.addWidget(self.chat, 0, Qt.AlignmentFlag.AlignLeft)

    @Slot()
    def _on_prompt_chosen(self) -> None:
        self._show()

    @Slot(int)
    def _on_step_moved(self, value: int) -> None:
        self._follows = value == len(self._steps) - 1
        self._show()
        self.step_chosen.emit(self.step)

    @Slot()
    def _on_chat(self) -> None:
        if (found := self.checkpoint()) is not None:
            self.chat_asked.emit(found.step)

    @Slot()
    def _dress(self) -> None:
        self._columns.setHorizontalSpacing(self.theme.px(24))
        self._columns.setVerticalSpacing(self.theme.px(4))


def _answer() -> QLabel:
    words = label("", wrap=True)
    words.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    words.setMinimumWidth(1)
    return words


def _shown(answer: str | None) -> str:
    if answer is None:
        return tr("(not asked)")
    return answer.strip() or tr("(no answer)")
