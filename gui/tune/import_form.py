"""A file of rows before it is taken: what it is, how its first rows would be taken, what cannot be;
and where its columns have no known names, which of them is what.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import FileLook, LookAtFile
from finetune.config import RowFormat
from gui.chat.words import size_text
from gui.theme import Theme
from gui.tune.problem_list import ProblemList
from gui.tune.row_preview import RowPreview
from gui.tune.row_words import count, excerpt, format_text
from gui.tune.rows_desk import RowsDesk
from gui.tune.source_form import SourceForm
from gui.tune.words import tr
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import label

AGAIN_MS = 150
PREVIEW_PX, PROBLEMS_PX, COMBO_PX = 220, 120, 240
BY_HAND = "columns"
ROLES = ("system", "user", "assistant", "text")
# Takes path, format, mapping, name, dataset.
Take = Callable[[str, str, dict[str, str], str, str], object]


class ImportForm(SourceForm):
    """One file at a time. take: imports it."""

    def __init__(
        self, theme: Theme, desk: RowsDesk, take: Take, parent: QWidget | None = None
    ) -> None:
        words = tr("This is how the file’s rows would be taken. Nothing is taken yet.")
        super().__init__(theme, desk, tr("Look before you take"), words, parent)
        self._take = take
        self.path = ""
        self.look: FileLook | None = None
        self._job = 0
        self._timer = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._timer.timeout.connect(self._ask)
        self.facts = label("", wrap=True)
        self.format = CalmComboBox()
        self.columns: dict[str, CalmComboBox] = {role: CalmComboBox() for role in ROLES}
        self._column_names: dict[str, QLabel] = {}
        self.mapping_words = label("", "dim", wrap=True)
        self.preview = RowPreview(theme)
        self.problem_words = label("", "warn", wrap=True)
        self.problem_list = ProblemList(theme)
        self._set_up()
        self.format.activated.connect(self._on_format)
        for combo in self.columns.values():
            combo.activated.connect(self._on_column)
        self.end_button.clicked.connect(self._on_end)

    # ---- building ----

    def _set_up(self) -> None:
        file = self.add_section(tr("The file"))
        file.addWidget(self.facts)
        file.addSpacing(self.theme.px(6))
        names = [(format_text(one), one) for one in get_args(RowFormat)[1:]]
        self.format.add_choices([(tr("Found by looking"), ""), *names])
        self.format.addItem(tr("By its columns"), BY_HAND)
        self.format.setToolTip(tr("How the file says its rows"))
        self.add_row(
            file, tr("Format"), tr("Found by looking, unless you say otherwise"), self.format
        )
        self._mapping = QWidget()
        grid = QGridLayout(self._mapping)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.mapping_words, 0, 0, 1, 2)
        for at, (role, combo) in enumerate(self.columns.items(), 1):
            name = self._column_names[role] = label(_role_names()[role])
            combo.setAccessibleName(_role_names()[role])
            combo.setToolTip(tr("The column of the file that this is taken from"))
            grid.addWidget(name, at, 0)
            grid.addWidget(combo, at, 1)
        file.addWidget(self._mapping)
        rows = self.add_section(tr("First rows"))
        rows.addWidget(self.preview)
        self._problems = self.add_section(tr("What cannot be taken"))
        above = self.column.itemAt(self.column.count() - 2)
        assert above is not None
        self._problems_name = above.widget()
        self._problems.addWidget(self.problem_words)
        self._problems.addWidget(self.problem_list)
        self.add_end(tr("Take these rows"), tr("Make rows of the whole file (Ctrl+Enter)"))

    # ---- looking ----

    def open(self, path: str) -> None:
        """Look at a file."""
        self.path, self.look = path, None
        self.format.choose("")
        self.name.setText(Path(path).stem)
        self.facts.setText(tr("Looking at “{name}” …").format(name=Path(path).name))
        self._mapping.hide()
        self.preview.show_rows([])
        self._show_problems(None)
        self.say_problem("")
        self.end_button.setEnabled(False)
        for combo in self.columns.values():
            combo.clear()
        self._ask()
        self.format.setFocus()

    @Slot()
    def _ask(self) -> None:
        self.desk.parts.worker.cancel(self._job)
        path, mapping = self.path, self.mapping()
        row_format = "" if mapping or self.is_by_hand else str(self.format.currentData())
        self._job = self.desk.ask(
            lambda job: LookAtFile(job=job, path=path, format=row_format, mapping=mapping),
            self._on_look,
            self._on_look_failed,
        )

    def _on_look(self, look: FileLook) -> None:
        self._job, self.look = 0, look
        self.say_problem("")
        self._show_facts(look)
        self._offer_columns(look)
        self.preview.show_rows(look.rows)
        self._show_problems(look)
        self.end_button.setEnabled(bool(look.rows))
        if not look.rows and not self._mapping.isVisibleTo(self):
            self.say_problem(tr("None of the first rows can be taken as they are."))

    def _on_look_failed(self, failed: Failed) -> None:
        self._job = 0
        self.facts.setText(Path(self.path).name)
        self.preview.show_rows([])
        self.end_button.setEnabled(False)
        self.say_failed(failed)

    def _show_facts(self, look: FileLook) -> None:
        found = format_text(look.format) if look.format else tr("columns of its own")
        facts = [Path(look.path).name, size_text(look.n_bytes), look.words or found]
        self.facts.setText(" · ".join(facts))

    def _show_problems(self, look: FileLook | None) -> None:
        problems = look.problems if look is not None else []
        for part in (self._problems.parentWidget(), self._problems_name):
            assert part is not None
            part.setVisible(bool(problems))
        words = count(
            len(problems),
            tr("{n} of the first rows cannot be taken; the others can."),
            tr("{n} of the first rows cannot be taken; the others can."),
        )
        self.problem_words.setText(words)
        self.problem_list.show_problems(problems)

    # ---- columns by hand ----

    @property
    def is_by_hand(self) -> bool:
        return bool(self.format.currentData() == BY_HAND)

    def mapping(self) -> dict[str, str]:
        """role -> column, where columns are mapped by hand."""
        if not self.is_by_hand:
            return {}
        chosen = {role: str(combo.currentData() or "") for role, combo in self.columns.items()}
        return {role: column for role, column in chosen.items() if column}

    def _offer_columns(self, look: FileLook) -> None:
        is_unknown = not look.format and bool(look.columns) and not self.mapping()
        if is_unknown and not self.is_by_hand:
            self.format.choose(BY_HAND)
        self._mapping.setVisible(self.is_by_hand)
        self.mapping_words.setText(
            tr("No format that is known. Say which column is what; one is enough for plain text.")
            if not look.format
            else tr("Say which column is what.")
        )
        for combo in self.columns.values():
            before = combo.currentData()
            combo.clear()
            combo.addItem(tr("none"), "")
            for column, example in look.columns.items():
                combo.addItem(f"{column}: {excerpt(example, 18)}", column)
            combo.choose(before)

    @Slot(int)
    def _on_format(self, _index: int) -> None:
        if self.look is not None:
            self._offer_columns(self.look)
        self._timer.start()

    @Slot(int)
    def _on_column(self, _index: int) -> None:
        self._timer.start()

    # ---- the end ----

    @Slot()
    def _on_end(self) -> None:
        mapping = self.mapping()
        row_format = "" if mapping or self.is_by_hand else str(self.format.currentData())
        self._take(self.path, row_format, mapping, self.new_name, self.dataset)

    def fit_fields(self) -> None:
        super().fit_fields()
        px = self.theme.px
        self.preview.setFixedHeight(px(PREVIEW_PX))
        self.problem_list.setFixedHeight(px(PROBLEMS_PX))
        for combo in (self.format, *self.columns.values()):
            combo.setFixedWidth(self.width_for(COMBO_PX))


def _role_names() -> dict[str, str]:
    return {
        "system": tr("System prompt"),
        "user": tr("Question"),
        "assistant": tr("Answer"),
        "text": tr("Text to go on with"),
    }
