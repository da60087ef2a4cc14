"""What the ways of bringing text have in common: what a source is before it is taken, its cleaning,
its name, and the button that takes it.
"""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from engine.process.pretrain_messages import CleaningStep, CorpusSource
from gui.pretrain.cleaning_form import DEFAULT, CleaningForm
from gui.pretrain.text_desk import CorpusDesk
from gui.pretrain.text_look import LookPanel
from gui.pretrain.words import tr
from gui.staged.end_form import NAME_PX, EndForm
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox

COLUMN_PX = 200


class TextForm(EndForm):
    """A form that ends in a text. Subclasses add their sections, then `add_end`, and say what
    their sources are.

    Args:
        steps: the cleaning's, unless a person says otherwise.
        empty_words: said while there is nothing to look at.
    """

    def __init__(
        self,
        theme: Theme,
        desk: CorpusDesk,
        title: str,
        words: str,
        parent: QWidget | None = None,
        steps: tuple[CleaningStep, ...] = DEFAULT.steps,
        empty_words: str = "",
    ) -> None:
        tip = tr("Back without taking anything (Esc)")
        super().__init__(theme, title, words, tip, parent)
        self.desk = desk
        self._is_named = False  # by a person
        self.look = LookPanel(theme, desk, empty_words)
        self.column_choice = CalmComboBox()
        self.cleaning = CleaningForm(theme, self, steps)
        self.name = QLineEdit()
        self.look.looked.connect(self._on_looked)
        self.column_choice.activated.connect(self._on_column)
        self.name.textEdited.connect(self._on_named)
        self.end_button.clicked.connect(self._on_end)
        desk.making_changed.connect(self.show_ready)

    # ---- what a subclass says ----

    def sources(self) -> list[CorpusSource]:
        """What is chosen now."""
        raise NotImplementedError

    def first_name(self) -> str:
        """What the text is called unless a person says otherwise."""
        raise NotImplementedError

    @property
    def can_end(self) -> bool:
        """Whether it is known that there is text."""
        return bool(self.look.usable)

    # ---- building ----

    def add_end(self, words: str, tip: str) -> None:
        """The sections below the subclass' own."""
        rows = self.add_section(tr("What it is"))
        self._rows_of_look = rows
        pane = QWidget()
        inside = QVBoxLayout(pane)
        inside.setContentsMargins(0, self.theme.px(8), 0, self.theme.px(8))
        inside.addWidget(self.look)
        rows.addWidget(pane)
        self._column_row = QWidget()
        column = QVBoxLayout(self._column_row)
        column.setContentsMargins(0, 0, 0, 0)
        self.column_choice.setToolTip(tr("The column whose values are the texts"))
        self.add_row(column, tr("Column"), tr("That holds the texts"), self.column_choice)
        self._column_row.hide()
        rows.addWidget(self._column_row)
        last = self.add_section(tr("What becomes of it"))
        self.name.setToolTip(tr("What you call this text; it can be renamed"))
        self.add_row(last, tr("Name"), tr("Of the text, kept in your user folder"), self.name)
        last.addWidget(self.cleaning)
        self.add_button(words, tip)
        self.show_ready()

    def begin(self) -> None:
        """The form is looked at."""
        self.say_problem("")
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """The sources are others."""
        if not self._is_named:
            self.name.setText(self.first_name())
        self.look.look(self.sources())
        self.show_ready()

    @Slot()
    def show_ready(self) -> None:
        """Whether it can be taken now."""
        is_free = not self.desk.making
        self.end_button.setEnabled(is_free and self.can_end)

    @property
    def chosen_column(self) -> str:
        """As a person chose it, "" for the one that was found."""
        return str(self.column_choice.currentData() or "")

    # ---- what happens ----

    @Slot()
    def _on_looked(self) -> None:
        columns = self.look.columns
        known = [self.column_choice.itemData(n) for n in range(self.column_choice.count())]
        if known != columns:
            self.column_choice.clear()
            self.column_choice.add_choices([(name, name) for name in columns])
            self.column_choice.choose(self.look.column)
        self._column_row.setVisible(len(columns) > 1)
        self.show_ready()

    @Slot()
    def _on_column(self) -> None:
        self.refresh()

    @Slot()
    def _on_named(self) -> None:
        self._is_named = bool(self.name.text().strip())

    @Slot()
    def _on_end(self) -> None:
        if self.desk.making:
            return
        self.say_problem("")
        name = " ".join(self.name.text().split()) or self.first_name()
        sources = self.look.usable or self.sources()
        self.desk.make(sources, name, self.cleaning.cleaning(), self.cleaning.validation)

    def fit_fields(self) -> None:
        self.name.setFixedWidth(self.width_for(NAME_PX))
        self.column_choice.setMaximumWidth(self.width_for(COLUMN_PX))
        self.cleaning.languages.setFixedWidth(self.width_for(120))
