"""The checkpoints of a run, newest first: each can be written with, looked at in the Tokens room,
or asked beside another. The one that the slider stands on is always among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from gui.icons import icon
from gui.pretrain.words import tr
from gui.run_record import Checkpoint
from gui.theme import Theme
from gui.widgets.kinds import button, icon_button, label

MOST_LINES = 6
CHAT, TOKENS, AGAINST = "chat", "tokens", "against"


class CheckpointLines(QWidget):
    """Shows some; the slider leads to the others."""

    asked = Signal(str, object)  # CHAT, TOKENS or AGAINST, and the Checkpoint
    step_asked = Signal(int)  # look at that moment

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.empty = label(
            tr("The first comes with the first evaluation; each is a model of its own."),
            "faint",
            wrap=True,
        )
        self.more = label("", "faint", wrap=True)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(0, 1)
        self.lines = [_Line(self, self._grid, row) for row in range(MOST_LINES)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.empty)
        column.addLayout(self._grid)
        column.addWidget(self.more)
        theme.changed.connect(self._dress)
        self._dress()
        self.show_checkpoints((), None)

    def show_checkpoints(
        self, checkpoints: Sequence[Checkpoint], looked_at: Checkpoint | None
    ) -> None:
        """looked_at: the one of the slider's moment."""
        shown = few_of(checkpoints, looked_at)
        for line, checkpoint in zip(self.lines, shown, strict=False):
            line.show_checkpoint(
                checkpoint,
                is_looked_at=checkpoint == looked_at,
                can_compare=len(checkpoints) > 1,
            )
        for line in self.lines[len(shown) :]:
            line.hide()
        self.empty.setVisible(not checkpoints)
        n_more = len(checkpoints) - len(shown)
        self.more.setVisible(n_more > 0)
        self.more.setText(tr("and {n} more: the slider leads to them").format(n=n_more))

    @Slot()
    def _dress(self) -> None:
        self._grid.setHorizontalSpacing(self._theme.px(6))
        self._grid.setVerticalSpacing(self._theme.px(2))
        for line in self.lines:
            line.dress(self._theme)


class _Line:
    """One checkpoint and what can be done with it."""

    def __init__(self, lines: CheckpointLines, grid: QGridLayout, row: int) -> None:
        self.checkpoint: Checkpoint | None = None
        self.step = button("", "link", tr("Look at this moment"))
        self.chat = button(
            tr("Chat"), "link", tr("Write with the model as it was then: a notebook opens")
        )
        self.tokens = icon_button(
            tr("Tokens: look at a sample of it through its tokenizer, token by token")
        )
        self.against = icon_button(
            tr("A/B: ask it and another checkpoint side by side, in two columns")
        )
        for place, one in enumerate(self.parts):
            one.setParent(lines)
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            grid.addWidget(one, row, place, left)
        self.step.clicked.connect(lambda: self._tell(lines.step_asked.emit, is_step=True))
        for key, one in ((CHAT, self.chat), (TOKENS, self.tokens), (AGAINST, self.against)):
            one.clicked.connect(partial(self._tell, partial(lines.asked.emit, key)))

    @property
    def parts(self) -> tuple[QPushButton | QToolButton, ...]:
        return self.step, self.chat, self.tokens, self.against

    def show_checkpoint(
        self, checkpoint: Checkpoint, *, is_looked_at: bool, can_compare: bool
    ) -> None:
        self.checkpoint = checkpoint
        step = f"{checkpoint.step:,}"
        words = tr("step {step}").format(step=step)
        self.step.setText(words)
        sheet = "font-weight: 600;" if is_looked_at else ""
        if self.step.styleSheet() != sheet:
            self.step.setStyleSheet(sheet)
        self.step.setAccessibleDescription(tr("looked at") if is_looked_at else "")
        self.chat.setAccessibleName(tr("Chat with step {step}").format(step=step))
        self.tokens.setAccessibleName(tr("Tokens of step {step}").format(step=step))
        self.against.setAccessibleName(tr("Step {step} beside another").format(step=step))
        for one in self.parts:
            one.show()
        self.against.setVisible(can_compare)

    def hide(self) -> None:
        for one in self.parts:
            one.hide()

    def dress(self, theme: Theme) -> None:
        colour = theme.palette.accent
        self.tokens.setIcon(icon("tokens", colour))
        self.against.setIcon(icon("columns", colour))

    def _tell(
        self, tell: Callable[..., object], _on: bool = False, *, is_step: bool = False
    ) -> None:
        if self.checkpoint is not None:
            tell(self.checkpoint.step if is_step else self.checkpoint)


def few_of(
    checkpoints: Sequence[Checkpoint], looked_at: Checkpoint | None, most: int = MOST_LINES
) -> list[Checkpoint]:
    """The newest, and the one looked at; the newest first."""
    newest = list(checkpoints)[::-1]
    shown = newest[:most]
    if looked_at is not None and looked_at in newest and looked_at not in shown:
        shown[-1] = looked_at
    return shown
