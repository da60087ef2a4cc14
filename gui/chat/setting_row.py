"""One setting in the details pane: its name, a mark with a reset where it is not at its default,
its value, and lines below that explain it, say why it has no effect, or what is wrong with it.

The value's own widgets come from the kinds of row built on it: number_field.py, spin_row.py,
text_row.py, lines_row.py, bias_rows.py.
"""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gui import icons
from gui.chat.setting_words import setting_words
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.kinds import icon_button, label


class SettingRow(QWidget):
    """Base of the rows. A subclass calls `set_field`, sets `fields` and tells `changed`.

    Args:
        name: a field of ChatSettings.
    """

    changed = Signal(object)  # the value as a person left it
    reset_asked = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.name = theme, name
        self.title, self.tip = setting_words(name)
        self.label = QLabel(self.title, self, textFormat=Qt.TextFormat.PlainText)
        self.reset = self._made_reset()
        self.fields: list[QWidget] = []  # what is disabled while the setting has no effect
        self._reason = ""
        self.explanation = label(self.tip, "faint", wrap=True)
        self.problem = label("", "bad", wrap=True)
        self.head = QHBoxLayout()
        self.body = QVBoxLayout(self)
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()

    # ---- what the pane tells ----

    def set_value(self, value: Any) -> None:
        """Show a value without telling it as a change."""
        raise NotImplementedError

    def flush(self) -> None:
        """Tell now what was typed a moment ago."""

    def show_default(self, is_default: bool, default_text: str) -> None:
        """Mark a value that is not the default, which the mark's button puts back."""
        if is_default:
            self.reset.hide()
            return
        self.reset.show()
        text = tr("Put “{name}” back to {value}").format(name=self.title, value=default_text)
        self.reset.setToolTip(text)
        self.reset.setAccessibleName(text)

    def set_off(self, reason: str) -> None:
        """Nothing can be set while another setting makes this one meaningless; say which."""
        if reason == self._reason:
            return
        self._reason = reason
        for field in self.fields:
            field.setEnabled(not reason)
            field.setAccessibleDescription(reason or self.problem.text())
        for part in (self, self.label, *self.fields):
            part.setToolTip(reason or self.tip)
        self.label.setEnabled(not reason)

    def set_explained(self, is_explained: bool) -> None:
        """Show the sentence below the name, or only as its tooltip."""
        self.explanation.setVisible(is_explained)

    def show_problem(self, words: str) -> None:
        """What is wrong with the value, beside it; "" for nothing."""
        if words == self.problem.text():
            return
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        for field in self.fields:
            field.setProperty("problem", bool(words))
            field.setAccessibleDescription(words)
            field.style().unpolish(field)
            field.style().polish(field)

    # ---- for the kinds of row ----

    def set_field(self, field: QWidget, *, below: bool = False, buddy: bool = True) -> None:
        """Put the value's widget beside the name, or below it over the whole width."""
        if below:
            self.body.insertWidget(self.body.count() - 2, field)
        else:
            self.head.addWidget(field)
        if buddy:
            self.label.setBuddy(field)
        field.setAccessibleName(field.accessibleName() or self.title)
        field.setToolTip(self.tip)
        self.fields.append(field)

    def _made_reset(self) -> QToolButton:
        reset = icon_button("", "mark")
        reset.setParent(self)
        reset.clicked.connect(self.reset_asked)
        reset.hide()
        return reset

    def _lay_out(self) -> None:
        self.head.setSpacing(4)
        self.head.addWidget(self.label)
        self.head.addWidget(self.reset)
        self.head.addStretch(1)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(2)
        self.body.addLayout(self.head)
        self.body.addWidget(self.explanation)
        self.body.addWidget(self.problem)
        self.explanation.hide()
        self.problem.hide()
        self.setToolTip(self.tip)
        self.label.setToolTip(self.tip)

    def _dress(self) -> None:
        self.reset.setIcon(icons.icon("undo", self.theme.palette.accent))
