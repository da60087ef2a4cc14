"""A few answers under one another, of which one is chosen; long ones are wrapped."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QRadioButton, QVBoxLayout, QWidget

from gui.widgets.kinds import label


class ChoiceLines(QWidget):
    """Up and Down go through the answers and Space chooses, as in any group of radio buttons."""

    chosen = Signal(str)  # the answer

    def __init__(self, answers: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QRadioButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for answer in answers:
            one = QRadioButton(self)
            one.setProperty("kind", "bare")
            one.setAccessibleName(answer)
            one.setToolTip(answer)
            one.toggled.connect(lambda is_on, answer=answer: self._on_toggled(answer, is_on))
            self._group.addButton(one)
            self.buttons[answer] = one
            row = QHBoxLayout()
            row.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(_Words(answer, one), 1)
            column.addLayout(row)

    @property
    def value(self) -> str:
        """The answer that is chosen, "" for none."""
        return next((text for text, one in self.buttons.items() if one.isChecked()), "")

    def _on_toggled(self, answer: str, is_on: bool) -> None:
        if is_on:
            self.chosen.emit(answer)


class _Words(QLabel):
    """An answer's words: a click on them is one on its button."""

    def __init__(self, text: str, button: QRadioButton) -> None:
        super().__init__(text)
        self._button = button
        plain = label(text)
        self.setTextFormat(plain.textFormat())
        self.setWordWrap(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self._button.setFocus()
            self._button.click()
