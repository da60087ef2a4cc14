"""The steps of a cleaning, one below another: how many texts each dropped or changed, and when it
is opened what it does and examples of what it dropped and why. Shows counts as they come.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from engine.process.pretrain_messages import CleaningCount, CleaningStep, DroppedText
from gui.icons import icon
from gui.pretrain.text_words import step_name, step_names, step_tips, step_words, texts_text
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.kinds import frame, icon_button, label, set_kind
from gui.widgets.plain_tip import plain_tip

MOST_EXAMPLES = 6
MOST_LETTERS = 240


class StepRow(QWidget):
    """One step; its button opens it."""

    def __init__(self, theme: Theme, step: CleaningStep, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.step = theme, step
        self.count: CleaningCount | None = None
        self._shown: list[DroppedText] = []
        self.button: QToolButton = icon_button(step_name(step))
        self.button.setText(step_name(step))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setCheckable(True)
        self.button.setToolTip(plain_tip(step_tips()[step]))
        self.words = label("", "faint")
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.body = QWidget(self)
        self.about = label(step_tips()[step], "dim", wrap=True)
        self._examples = QVBoxLayout()
        self._lay_out()
        self.body.hide()
        self.button.toggled.connect(self._on_toggled)
        theme.changed.connect(self._dress)
        self._dress()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.button)
        head.addWidget(self.words, 1)
        self._inner = QVBoxLayout(self.body)
        self._inner.addWidget(self.about)
        self._inner.addLayout(self._examples)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.body)

    def show_count(self, count: CleaningCount | None) -> None:
        """What it did so far; None: it is not asked to do anything."""
        if count == self.count and self.words.text():
            return
        self.count = count
        words = tr("left out") if count is None else step_words(count)
        self.words.setText(words)
        kind = "warn" if count is not None and _is_much(count) else "faint"
        if self.words.property("kind") != kind:
            set_kind(self.words, kind)
        came = "" if count is None else tr("of {texts}").format(texts=texts_text(count.n_in))
        self.words.setToolTip(plain_tip(came))
        self.button.setAccessibleDescription(f"{words} {came}".strip())
        if self.button.isChecked():
            self._show_examples()

    @property
    def is_open(self) -> bool:
        return self.button.isChecked()

    @Slot(bool)
    def _on_toggled(self, is_on: bool) -> None:
        self.body.setVisible(is_on)
        if is_on:
            self._show_examples()
        self._dress()

    def _show_examples(self) -> None:
        examples = self.count.examples[:MOST_EXAMPLES] if self.count is not None else []
        if examples == self._shown:
            return
        self._shown = list(examples)
        while (item := self._examples.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for example in examples:
            for one in _example_labels(example):
                self._examples.addWidget(one)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        name = "chevron-down" if self.is_open else "chevron-right"
        self.button.setIcon(icon(name, self._theme.palette.text_dim))
        self._inner.setContentsMargins(px(26), 0, px(8), px(8))
        self._inner.setSpacing(px(4))
        self._examples.setSpacing(px(2))


def _example_labels(example: DroppedText) -> list[QLabel]:
    """Why, and how it begins."""
    excerpt = " ".join(example.excerpt.split())[:MOST_LETTERS]
    where = f" · {example.source}" if example.source else ""
    why = label(f"{example.reason}{where}", "faint", wrap=True)
    text = label(f"“{excerpt}”", "", wrap=True)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    for one in (why, text):
        one.setMinimumWidth(1)
    return [why, text]


def _is_much(count: CleaningCount) -> bool:
    """Whether a person should look: a third and more is gone."""
    return count.n_in >= 10 and count.n_dropped * 3 > count.n_in


class CleaningSteps(QWidget):
    """All steps, in their order."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = {step: StepRow(theme, step, self) for step in step_names()}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for number, row in enumerate(self.rows.values()):
            if number:
                column.addWidget(frame("rule"))
            column.addWidget(row)

    def show_counts(self, counts: Sequence[CleaningCount]) -> None:
        """What each did; one that is not among them was left out."""
        known = {one.step: one for one in counts}
        for step, row in self.rows.items():
            row.show_count(known.get(step))
