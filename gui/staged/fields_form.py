"""Every field of a run's configuration as a control, its problems beside it, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.staged.config_fields import ConfigFields
from gui.staged.field_inputs import (
    ChoiceInput,
    DialledInput,
    FieldInput,
    FloatInput,
    LineInput,
    LinesInput,
    ShareOrFileInput,
    SwitchInput,
)
from gui.staged.field_row import FieldRow
from gui.staged.state import StagedState
from gui.theme import Theme
from gui.widgets.kinds import caps, frame


def make_input(fields: ConfigFields, name: str) -> FieldInput:
    """The input that fits a field."""
    default = fields.default_of(name)
    if choices := fields.choices_of(name):
        return ChoiceInput([(words, value) for value, words in choices.items()])
    if name in fields.shares_or_files:
        return ShareOrFileInput()
    if name in fields.dialled:
        return DialledInput(is_whole=isinstance(default, int))
    if isinstance(default, bool):
        return SwitchInput()
    if isinstance(default, int | float):
        return FloatInput(is_whole=isinstance(default, int))
    if isinstance(default, tuple):
        return LinesInput(is_list=True, n_lines=4)
    if name in fields.long:
        return LinesInput(is_list=False, n_lines=2)
    return LineInput()


class FieldsForm(QWidget):
    """Some fields of a state's draft, in cards with a heading each."""

    def __init__(
        self,
        theme: Theme,
        state: StagedState[Any],
        fields: ConfigFields,
        sections: list[tuple[str, list[str]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._state, self._fields = theme, state, fields
        self.rows: dict[str, FieldRow] = {}
        self._cards: list[QVBoxLayout] = []
        self._column = QVBoxLayout(self)
        for heading, names in sections:
            self._add_section(heading, names)
        state.draft_changed.connect(self.show_draft)
        theme.changed.connect(self._dress)
        self._dress()
        self.show_draft()

    def _add_section(self, heading: str, names: list[str]) -> None:
        self._column.addWidget(caps(heading))
        card = frame("card")
        card.setAccessibleName(heading)
        rows = QVBoxLayout(card)
        for name in names:
            field = make_input(self._fields, name)
            row = self.rows[name] = FieldRow(self._theme, self._fields, name, field, card)
            row.changed.connect(self._on_changed)
            rows.addWidget(row)
        self._cards.append(rows)
        self._column.addWidget(card)

    def flush(self) -> None:
        """Tell now what was typed."""
        for row in self.rows.values():
            row.input.flush()

    @Slot()
    def show_draft(self) -> None:
        """Show the draft's values and all that is wrong with them."""
        draft = self._state.draft
        problems = draft.problems()
        for name, row in self.rows.items():
            table, _, one = name.partition(".")
            row.set_value(getattr(getattr(draft, table), one))
            row.show_problem(problems.get(name, ""))
            row.set_off(self._fields.why_off(draft, name))

    def show_derived(self, derived: Mapping[str, float]) -> None:
        """What the fields that follow from others come to, by their names."""
        for name, value in derived.items():
            row = self.rows.get(name)
            if row is not None and isinstance(row.input, DialledInput):
                row.input.follow(value)

    @Slot(str, object)
    def _on_changed(self, name: str, value: Any) -> None:
        fields = {name.replace(".", "__"): value, **self._fields.along(name, value)}
        self._state.change(**fields)
        self.rows[name].set_value(value)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(px(8))
        for rows in self._cards:
            rows.setContentsMargins(px(16), px(12), px(16), px(12))
            rows.setSpacing(px(10))
