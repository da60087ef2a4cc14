"""One field of a run's configuration: its name, a mark that puts it back to its default, its input,
and what is wrong with it underneath.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gui import icons
from gui.staged.config_fields import ConfigFields
from gui.staged.field_inputs import FieldInput, FloatInput, LineInput, LinesInput
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import icon_button, label

INPUT_PX, WIDE_PX = 150, 320


class FieldRow(QWidget):
    """name: "table.field" of the fields."""

    changed = Signal(str, object)  # name and value, as a person left it

    def __init__(
        self,
        theme: Theme,
        fields: ConfigFields,
        name: str,
        field: FieldInput,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._fields, self.name, self.input = theme, fields, name, field
        self.default = fields.default_of(name)
        self.title, self.tip = fields.names[name], fields.help_of(name)
        self.label = QLabel(self.title, self, textFormat=Qt.TextFormat.PlainText)
        self.reset: QToolButton = icon_button("", "quiet")
        self.problem = label("", "bad", wrap=True)
        self._told = self._refusal = self._reason = ""
        self._lay_out()
        field.changed.connect(lambda value: self.changed.emit(name, value))
        field.refused.connect(self._on_refused)
        self.reset.clicked.connect(lambda: self.changed.emit(name, self.default))
        theme.changed.connect(self._dress)
        self._dress()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.label)
        head.addWidget(self.reset)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        if isinstance(self.input, LinesInput):
            column.addWidget(self.input)
        else:
            head.addWidget(self.input, 3 if isinstance(self.input, LineInput) else 0)
        column.addWidget(self.problem)
        field = self.input.field
        self.label.setBuddy(field)
        field.setAccessibleName(self.title)
        for part in (self, self.label, self.input, field):
            part.setToolTip(self.tip)
        self.problem.hide()

    # ---- what the form tells ----

    def set_value(self, value: Any) -> None:
        """Show a value without telling it; one that is not the default has the mark."""
        self.input.set_value(value)
        self.reset.setVisible(value != self.default)
        words = tr("Put “{name}” back to {value}").format(
            name=self.title, value=self._fields.shown_value(self.name, self.default)
        )
        self.reset.setToolTip(words)
        self.reset.setAccessibleName(words)

    def show_problem(self, words: str) -> None:
        """What is wrong with the value; "" for nothing."""
        self._told = words
        self._show_problem()

    def set_off(self, reason: str) -> None:
        """It has no effect now; say why. "" when it has."""
        if reason == self._reason:
            return
        self._reason = reason
        self.input.setEnabled(not reason)
        self.label.setEnabled(not reason)
        for part in (self, self.label, self.input, self.input.field):
            part.setToolTip(reason or self.tip)

    @property
    def wrong(self) -> str:
        """What is wrong with it now."""
        return self._refusal or self._told

    @Slot(str)
    def _on_refused(self, words: str) -> None:
        self._refusal = words
        self._show_problem()

    def _show_problem(self) -> None:
        words, field = self.wrong, self.input.field
        if words == self.problem.text():
            return
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        field.setProperty("problem", bool(words))
        field.setAccessibleDescription(words or self.tip)
        field.style().unpolish(field)
        field.style().polish(field)

    @Slot()
    def _dress(self) -> None:
        side = self._theme.px(14)
        self.reset.setIcon(icons.icon("undo", self._theme.palette.accent))
        self.reset.setIconSize(QSize(side, side))
        # As low as the words beside it, so that a row does not grow with it.
        self.reset.setStyleSheet("QToolButton { padding: 2px; min-height: 0px; }")
        if isinstance(self.input, LineInput):
            is_number = isinstance(self.input, FloatInput)
            self.input.setMaximumWidth(self._theme.px(INPUT_PX if is_number else WIDE_PX))
