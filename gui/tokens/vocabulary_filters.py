"""The filters over the vocabulary: text, pattern or id, length, script, type, round trip, order.
Emits that something changed; what fits is the worker's business.
"""

from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from engine.process.token_messages import REACHES, TOKEN_KINDS
from gui.theme import Theme
from gui.tokens.vocabulary_words import kind_text, reach_text
from gui.tokens.words import tr
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label

LONGEST = 999


class VocabularyFilters(QWidget):
    """Rows of controls. `query()` has the fields of FilterVocabulary."""

    changed = Signal()  # a person changed a filter

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit(self)
        self.mode = Choice([("text", tr("Text")), ("regex", tr("Regex")), ("id", tr("Id"))], self)
        self.min_length, self.max_length = QSpinBox(self), QSpinBox(self)
        self.script, self.kind, self.reach = (CalmComboBox(self) for _ in range(3))
        self.longest_button = button(
            tr("Longest first"),
            "chip",
            tr("Put the longest tokens first: often rules of signs, or names that came often"),
        )
        self.longest_button.setCheckable(True)
        self.clear_button = button(
            tr("Clear filters"), "quiet", tr("Show all tokens in the order of their ids")
        )
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self._set_up()
        self._lay_out(theme)
        self._connect()
        self._on_mode()

    def query(self) -> dict[str, Any]:
        """What is chosen, as FilterVocabulary's fields."""
        return {
            "text": self.search.text(),
            "mode": self.mode.value,
            "min_length": self.min_length.value(),
            "max_length": self.max_length.value(),
            "script": self.script.currentData() or "",
            "kind": self.kind.currentData() or "",
            "reach": self.reach.currentData() or "",
            "order": "longest" if self.longest_button.isChecked() else "id",
        }

    def set_scripts(self, names: list[str]) -> None:
        """The scripts of another vocabulary; the chosen one stays where it is among them."""
        with QSignalBlocker(self.script):
            chosen = self.script.currentData()
            self.script.clear()
            choices = [(_script_text(name), name) for name in names]
            self.script.add_choices([(tr("Any script"), ""), *choices])
            self.script.choose(chosen)

    def show_problem(self, words: str) -> None:
        """What is wrong with the text of the search field, "" for nothing."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self.search.setAccessibleDescription(words)

    @Slot()
    def clear(self) -> None:
        """Everything at its default, told as one change."""
        parts = (self.search, self.min_length, self.max_length, self.script, self.kind, self.reach)
        blockers = [QSignalBlocker(part) for part in (*parts, self.longest_button)]
        self.search.clear()
        self.min_length.setValue(0)
        self.max_length.setValue(0)
        self.longest_button.setChecked(False)
        for combo in (self.script, self.kind, self.reach):
            combo.setCurrentIndex(0)
        del blockers
        self.changed.emit()

    # ---- making ----

    def _set_up(self) -> None:
        self.mode.set_value("text")
        self.mode.setAccessibleName(tr("How to search"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(tr("Search the vocabulary"))
        self.kind.add_choices(
            [(tr("Any type"), ""), *((kind_text(kind), kind) for kind in TOKEN_KINDS)]
        )
        self.reach.add_choices(
            [
                (tr("Any round trip"), ""),
                (tr("Glitch tokens (out of reach)"), "never"),
                *((reach_text(reach), reach) for reach in REACHES if reach != "never"),
            ]
        )
        self.set_scripts([])
        for box, name in (
            (self.min_length, tr("Characters at least")),
            (self.max_length, tr("Characters at most")),
        ):
            box.setRange(0, LONGEST)
            box.setSpecialValueText(tr("any"))
            box.setAccessibleName(name)
        self._set_tips()

    def _set_tips(self) -> None:
        self.min_length.setToolTip(tr("Tokens of at least so many characters"))
        self.max_length.setToolTip(tr("Tokens of at most so many characters"))
        self.script.setToolTip(
            tr("By the script of a token's letters: how much of the vocabulary is for a language?")
        )
        self.kind.setToolTip(tr("By what the tokenizer's file says a token is"))
        self.reach.setToolTip(
            tr(
                "By what a token's own text becomes. Glitch tokens are those that no text can "
                "give; the vocabulary is checked first, which may take some seconds"
            )
        )

    def _lay_out(self, theme: Theme) -> None:
        first, second = FlowLayout(), FlowLayout()
        first.setSpacing(theme.px(6))
        second.setSpacing(theme.px(6))
        self.search.setMinimumWidth(theme.px(240))
        for one in (self.search, self.mode, self.longest_button):
            first.addWidget(one)
        rest = (self._lengths(), self.clear_button)
        for part in (self.script, self.kind, self.reach, *rest):
            second.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(6))
        column.addLayout(first)
        column.addWidget(self.problem)
        column.addLayout(second)

    def _lengths(self) -> QWidget:
        """The two bounds, which stay together on one line."""
        result = QWidget(self)
        row = QHBoxLayout(result)
        row.setContentsMargins(0, 0, 0, 0)
        between, unit = label(tr("to"), "dim"), label(tr("characters"), "dim")
        for part in (self.min_length, between, self.max_length, unit):
            row.addWidget(part)
        return result

    def _connect(self) -> None:
        self.search.textChanged.connect(self._on_changed)
        self.mode.changed.connect(self._on_mode)
        self.min_length.valueChanged.connect(self._on_changed)
        self.max_length.valueChanged.connect(self._on_changed)
        self.longest_button.toggled.connect(self._on_changed)
        for combo in (self.script, self.kind, self.reach):
            combo.currentIndexChanged.connect(self._on_changed)
        self.clear_button.clicked.connect(self.clear)

    @Slot()
    def _on_mode(self) -> None:
        words, tip = {
            "text": (
                tr("Text within a token"),
                tr("Tokens that hold this text, letters of either case"),
            ),
            "regex": (
                tr("Pattern, as in ^ [A-Z]+$"),
                tr("Tokens in which this regular expression is found; ^ and $ are their ends"),
            ),
            "id": (tr("Ids, as in 5, 100-120"), tr("Tokens of these ids and ranges of ids")),
        }[self.mode.value]
        self.search.setPlaceholderText(words)
        self.search.setToolTip(tip)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self.changed.emit()


def _script_text(name: str) -> str:
    return {"Common": tr("No letters"), "Other": tr("Other scripts")}.get(name, name)
