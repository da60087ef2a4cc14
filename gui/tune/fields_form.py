"""Every field of a run's configuration as a control, its problems beside it, all at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.theme import Theme
from gui.tune.field_inputs import (
    ChoiceInput,
    FieldInput,
    FloatInput,
    LineInput,
    LinesInput,
    ShareOrFileInput,
    SwitchInput,
)
from gui.tune.field_row import FieldRow, default_of
from gui.tune.field_words import choice_names
from gui.tune.state import TuneState
from gui.tune.words import tr
from gui.widgets.kinds import caps, frame

# Made with the run.
LEFT_OUT = ("out.dir",)


def groups() -> list[tuple[str, list[str]]]:
    """The fields in their sections, in the order in which one thinks of them."""
    return [
        (
            tr("Length"),
            ["train.epochs", "train.steps", "train.minutes", "train.patience", "train.eval_every"],
        ),
        (
            tr("Method"),
            [
                "train.method",
                "lora.rank",
                "lora.alpha",
                "lora.targets",
                "lora.rslora",
                "lora.dropout",
            ],
        ),
        (
            tr("Steps"),
            [
                "train.learning_rate",
                "train.schedule",
                "train.warmup",
                "train.batch",
                "train.accumulate",
                "train.weight_decay",
                "train.max_grad_norm",
            ],
        ),
        (
            tr("Rows"),
            [
                "data.learn_from",
                "train.max_length",
                "train.packing",
                "data.validation",
                "data.own_answers",
                "data.format",
            ],
        ),
        (
            tr("Machine"),
            ["train.precision", "train.checkpointing", "base.in_4_bits", "train.seed"],
        ),
        (
            tr("What is watched"),
            ["watch.prompts", "watch.system", "watch.max_tokens", "watch.forgetting"],
        ),
        (tr("This run"), ["out.name", "out.notes", "base.path", "data.path"]),
    ]


def make_input(name: str) -> FieldInput:
    """The input that fits a field."""
    default = default_of(name)
    if choices := choice_names(name):
        return ChoiceInput([(words, value) for value, words in choices.items()])
    if name == "data.validation":
        return ShareOrFileInput()
    if isinstance(default, bool):
        return SwitchInput()
    if isinstance(default, int | float):
        return FloatInput(is_whole=isinstance(default, int))
    if isinstance(default, tuple):
        return LinesInput(is_list=True, n_lines=4)
    if name in ("out.notes", "watch.system"):
        return LinesInput(is_list=False, n_lines=2)
    return LineInput()


class FieldsForm(QWidget):
    """Some fields of a state's draft, in cards with a heading each."""

    def __init__(
        self,
        theme: Theme,
        state: TuneState,
        sections: list[tuple[str, list[str]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._state = theme, state
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
            row = self.rows[name] = FieldRow(self._theme, name, make_input(name), card)
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
        no_adapter = tr("Every weight is trained, so there is no adapter")
        for name, row in self.rows.items():
            table, _, one = name.partition(".")
            row.set_value(getattr(getattr(draft, table), one))
            row.show_problem(problems.get(name, ""))
            row.set_off(no_adapter if table == "lora" and draft.train.method == "full" else "")

    @Slot(str, object)
    def _on_changed(self, name: str, value: Any) -> None:
        fields = {name.replace(".", "__"): value}
        # Exactly one of them says how long the run is.
        if name == "train.steps" and value > 0:
            fields["train__epochs"] = 0.0
        if name == "train.epochs" and value > 0:
            fields["train__steps"] = 0
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
