"""What can be had of a checkpoint: an assistant where its text is a story world; else a writer in
its text's style, and an assistant of a person's own conversations. Tells what is wanted.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSpinBox, QWidget

from finetune.pretraining.assistant import N_ROWS
from gui.chat.wheel_guard import WheelGuard
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label

LEAST_ROWS, MOST_ROWS, STEP_ROWS = 100, 100_000, 1_000


class AssistantForm(Card):
    """One card for both; `show_world` says which."""

    start_asked = Signal(int)  # conversations
    look_asked = Signal(int)
    own_asked = Signal()  # a plan without data: a person's own conversations
    write_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("From base to assistant"), parent)
        self.words = label("", "dim", wrap=True)
        self.n_rows = QSpinBox()
        self.rows_label = label(tr("Conversations"), "dim")
        self.start = button(
            tr("Make an assistant"),
            "primary",
            tr(
                "Write the conversations, plan the fine-tuning and start it (Ctrl+Shift+A). "
                "Each step can be looked at afterwards."
            ),
        )
        self.look = button(
            tr("Look at the plan first"), "", tr("The same, but Fine-tune waits for your Start")
        )
        self.write = button(
            tr("Write with it"), "primary", tr("Chat’s raw mode: it goes on with what you begin")
        )
        self.own = button(
            tr("Teach it your own conversations…"),
            "",
            tr("Fine-tune opens with this model as the base; the data is yours to choose"),
        )
        self._set_up()
        self.show_world(is_known=False, is_story_world=False, is_there=False)

    def _set_up(self) -> None:
        self.n_rows.setRange(LEAST_ROWS, MOST_ROWS)
        self.n_rows.setSingleStep(STEP_ROWS)
        self.n_rows.setGroupSeparatorShown(True)
        self.n_rows.setValue(N_ROWS)
        self.n_rows.setAccessibleName(tr("Conversations"))
        self.n_rows.setToolTip(
            tr("How many are written about its world; none asks a held-out question")
        )
        self.rows_label.setBuddy(self.n_rows)
        WheelGuard(self).watch(self.n_rows)
        row = FlowLayout()
        row.setSpacing(self.theme.px(10))
        parts = (self.rows_label, self.n_rows, self.start, self.look, self.write, self.own)
        for part in parts:
            row.addWidget(part)
        self.column.addWidget(self.words)
        self.column.addLayout(row)
        self.start.clicked.connect(lambda: self.start_asked.emit(self.n_rows.value()))
        self.look.clicked.connect(lambda: self.look_asked.emit(self.n_rows.value()))
        self.own.clicked.connect(self.own_asked)
        self.write.clicked.connect(self.write_asked)

    def show_world(self, *, is_known: bool, is_story_world: bool, is_there: bool) -> None:
        """is_known: what its text is; is_there: whether there is a checkpoint."""
        for part in (self.rows_label, self.n_rows, self.start, self.look):
            part.setVisible(is_story_world)
        self.write.setVisible(is_known and not is_story_world)
        self.own.setVisible(is_known)
        for part in (self.start, self.look, self.write, self.own):
            part.setEnabled(is_there)
        self.words.setText(_words(is_story_world) if is_known else "")

    def set_busy(self, is_busy: bool) -> None:
        """One plan at a time."""
        for part in (self.start, self.look, self.own, self.n_rows):
            part.setEnabled(not is_busy)


def _words(is_story_world: bool) -> str:
    if is_story_world:
        return tr(
            "A base goes on with a text, also with a question: it may write the next one. From "
            "conversations it learns to answer. They are written about its story world, by the "
            "same rules; a copy of the checkpoint gets a chat template, and all of its weights are "
            "fine-tuned. Then base and assistant are asked the same held-out questions."
        )
    return tr(
        "This model was raised on a text of its own: it is a writer in that text’s style. Chat’s "
        "raw mode lets it go on with what you begin. To make it answer, it takes conversations; "
        "nobody can write them for any text, but Fine-tune teaches it yours."
    )
