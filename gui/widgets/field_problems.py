"""Text beside a field: what is wrong with each input of a form, all at once. Shown by whoever
checks the form."""

from collections.abc import Mapping

from PySide6.QtWidgets import QLabel, QWidget

from gui.widgets.kinds import label


class FieldProblems:
    """The inputs of one form and the line under each.

    A form adds `note(name, input)` to its layout under the input, and calls `show` with every
    problem it found.
    """

    def __init__(self) -> None:
        self._inputs: dict[str, QWidget] = {}
        self._notes: dict[str, QLabel] = {}

    def note(self, name: str, field: QWidget) -> QLabel:
        """The line for one input, empty and hidden until there is a problem."""
        line = label("", "bad", wrap=True)
        line.hide()
        self._inputs[name], self._notes[name] = field, line
        return line

    def show(self, problems: Mapping[str, str]) -> None:
        """Show these problems (name -> words) and no others; the first input with one gets the
        focus."""
        unknown = problems.keys() - self._inputs.keys()
        assert not unknown, f"no such fields: {unknown}"
        for name, field in self._inputs.items():
            self._mark(name, field, problems.get(name, ""))
        first = next((name for name in self._inputs if name in problems), None)
        if first is not None:
            self._inputs[first].setFocus()

    def _mark(self, name: str, field: QWidget, words: str) -> None:
        self._notes[name].setText(words)
        self._notes[name].setVisible(bool(words))
        field.setProperty("problem", bool(words))
        field.setAccessibleDescription(words)
        field.style().unpolish(field)
        field.style().polish(field)
