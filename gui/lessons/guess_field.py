"""The question of a lesson and the field for its guess: a line to type, or answers to choose."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from gui.lessons.answers import read_number
from gui.lessons.choice_lines import ChoiceLines
from gui.lessons.lesson import Guess
from gui.lessons.words import tr
from gui.widgets.announce import announce
from gui.widgets.kinds import button, label


class GuessField(QWidget):
    """`guessed` tells a guess that can be checked; of any other it says what is missing.

    Args:
        question: the guess's question with its {names} replaced.
    """

    guessed = Signal(str)

    def __init__(self, guess: Guess, question: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._guess = guess
        self.question = label(question, "heading", wrap=True)
        self.edit = QLineEdit(self)
        self.lines = ChoiceLines(guess.options, self)
        self.note = label("", "dim", wrap=True)
        self.button = button(
            tr("That is my guess"), "primary", tr("A guess first: what surprises stays")
        )
        is_choice = guess.kind == "choice"
        self.edit.setVisible(not is_choice)
        self.lines.setVisible(is_choice)
        self.note.hide()
        self._name(question)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.question, self.edit, self.lines, self.note, self.button):
            column.addWidget(part)
        self.edit.returnPressed.connect(self.offer)
        self.edit.textEdited.connect(self._on_edited)
        self.lines.chosen.connect(self._on_edited)
        self.button.clicked.connect(self.offer)

    def _name(self, question: str) -> None:
        is_number = self._guess.kind == "number"
        self.edit.setAccessibleName(question)
        self.edit.setMaxLength(200)
        self.edit.setPlaceholderText(tr("A number") if is_number else tr("A word"))
        self.edit.setToolTip(tr("Any guess will do; Enter gives it"))
        self.lines.setAccessibleName(question)

    @property
    def said(self) -> str:
        return self.lines.value if self._guess.kind == "choice" else self.edit.text().strip()

    def take_focus(self) -> None:
        """The keys go where the guess is made."""
        if self._guess.kind == "choice":
            next(iter(self.lines.buttons.values())).setFocus()
        else:
            self.edit.setFocus()

    @Slot()
    def offer(self) -> None:
        """Tell the guess, or what is missing for it to be one."""
        problem = self._problem()
        self.note.setText(problem)
        self.note.setVisible(bool(problem))
        if problem:
            announce(self.edit, problem)
            self.take_focus()
        else:
            self.guessed.emit(self.said)

    def _problem(self) -> str:
        if self._guess.kind == "choice":
            return "" if self.said else tr("Choose one; any of them will do.")
        if self._guess.kind == "number" and read_number(self.said) is None:
            return tr("Type a number, such as 3; any will do.")
        return "" if self.said else tr("Type a guess; any will do.")

    @Slot()
    def _on_edited(self) -> None:
        self.note.hide()
