"""The few fields in which a preset is named: to save what is set as a new one, or to rename one."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui.chat.preset_toml import MAX_NAME
from gui.chat.words import tr
from gui.widgets.escape import claim_escape
from gui.widgets.field_problems import FieldProblems
from gui.widgets.kinds import button, label


class PresetForm(QFrame):
    """Hidden until it is asked for; Enter saves, Esc leaves all as it is."""

    save_asked = Signal(str, bool, bool, bool)  # name; with sampling, system prompt, output
    rename_asked = Signal(str)
    closed = Signal()

    def __init__(self, problem_of: Callable[[str], str], parent: QWidget | None = None) -> None:
        """problem_of: what is wrong with a name that was typed, "" for nothing."""
        super().__init__(parent)
        self._problem_of = problem_of
        self._is_renaming = False
        self._old_name = ""
        self.heading = label("")
        self.name = QLineEdit()
        self.parts = {
            "sampling": QCheckBox(tr("Sampling")),
            "prompt": QCheckBox(tr("System prompt")),
            "output": QCheckBox(tr("Output")),
        }
        self.save = button("", "primary")
        self.cancel = button(tr("Cancel"), "", tr("Leave the presets as they are (Esc)"))
        self.problems = FieldProblems()
        self._set_up()
        self._lay_out()
        self.save.clicked.connect(self._on_save)
        self.cancel.clicked.connect(self._close)
        self.name.returnPressed.connect(self._on_save)
        self.hide()

    def ask_save(self, *, has_prompt: bool, has_output: bool) -> None:
        """Ask for a new preset's name and what belongs to it."""
        self._open(tr("Save as a preset"), tr("Save"), "", is_renaming=False)
        for key, is_on in (("sampling", True), ("prompt", has_prompt), ("output", has_output)):
            self.parts[key].setChecked(is_on)

    def ask_rename(self, old_name: str) -> None:
        self._open(tr("Rename the preset"), tr("Rename"), old_name, is_renaming=True)

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def _open(self, heading: str, word: str, name: str, *, is_renaming: bool) -> None:
        self._is_renaming, self._old_name = is_renaming, name
        self.heading.setText(heading)
        self.save.setText(word)
        self.problems.show({})
        for part in self.parts.values():
            part.setVisible(not is_renaming)
        self.name.setText(name)
        self.name.selectAll()
        self.show()
        self.name.setFocus()

    def _set_up(self) -> None:
        self.name.setMaxLength(MAX_NAME)
        self.name.setPlaceholderText(tr("Name"))
        self.name.setAccessibleName(tr("Name of the preset"))
        self.name.setToolTip(tr("What the preset is called in the menu."))
        self.parts["sampling"].setToolTip(tr("Temperature, top-p and the other samplers belong."))
        self.parts["prompt"].setToolTip(tr("The system prompt belongs, also an empty one."))
        self.parts["output"].setToolTip(
            tr("Reply length, stop strings, schema, grammar, biases and overflow belong.")
        )
        self.save.setToolTip(tr("Write it into your folder, where it can be shared as a file"))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(6)
        column.addWidget(self.heading)
        column.addWidget(self.name)
        column.addWidget(self.problems.note("name", self.name))
        for part in self.parts.values():
            column.addWidget(part)
        row = QHBoxLayout()
        row.addWidget(self.save)
        row.addWidget(self.cancel)
        row.addStretch(1)
        column.addLayout(row)

    def _problem(self, name: str) -> str:
        if not name:
            return tr("Give it a name.")
        if not self._is_renaming and not any(part.isChecked() for part in self.parts.values()):
            return tr("Choose at least one part that belongs to it.")
        if self._is_renaming and name.casefold() == self._old_name.casefold():
            return ""
        return self._problem_of(name)

    @Slot()
    def _on_save(self) -> None:
        name = " ".join(self.name.text().split())
        problem = self._problem(name)
        self.problems.show({"name": problem} if problem else {})
        if problem:
            return
        self._close()
        if self._is_renaming:
            self.rename_asked.emit(name)
        else:
            chosen = [self.parts[key].isChecked() for key in ("sampling", "prompt", "output")]
            self.save_asked.emit(name, *chosen)

    @Slot()
    def _close(self) -> None:
        self.hide()
        self.closed.emit()
