"""What was learned, on what was not shown: the loss on the rows kept aside, the worst of them, and
the fixed prompts' answers of base and tuned side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from finetune.measure.results import AnswerPair, RunResult
from gui.staged.cards import Card
from gui.staged.progress_words import loss_text
from gui.theme import Theme
from gui.tune.rows_result import RowsResultTable
from gui.tune.words import tr
from gui.widgets.kinds import caps, label, set_kind


class HeldOutCard(Card):
    """Rows."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Rows that were kept aside"), parent)
        self.summary = label("", wrap=True)
        self.table = RowsResultTable(theme, self)
        self.column.addWidget(self.summary)
        self.column.addWidget(self.table)

    def set_result(self, result: RunResult | None) -> None:
        rows = result.rows if result is not None else []
        self.table.set_rows(rows)
        self.table.setVisible(bool(rows))
        self.note.setText(tr("{n} rows, worst first").format(n=len(rows)) if rows else "")
        before = result.validation_before if result is not None else None
        after = result.validation_after if result is not None else None
        if before is None or after is None:
            set_kind(self.summary, "dim")
            self.summary.setText(tr("No row was kept aside, or they are not measured yet."))
            return
        words = tr("Loss {before} → {after}: the right next token became {factor} times as likely.")
        ratio = 2.718281828 ** min(50.0, before - after)
        set_kind(self.summary, "good" if after < before else "bad")
        self.summary.setText(
            words.format(before=loss_text(before), after=loss_text(after), factor=f"{ratio:,.2g}")
        )


class AnswersCard(Card):
    """Questions with two answers each."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, title, parent)
        self._grid = QGridLayout()
        for column, name in enumerate((tr("Base"), tr("Tuned"))):
            self._grid.addWidget(caps(name), 0, column)
            self._grid.setColumnStretch(column, 1)
        self._grid.setHorizontalSpacing(theme.px(24))
        self._grid.setVerticalSpacing(theme.px(6))
        self.column.addLayout(self._grid)
        self.rows: list[tuple[QLabel, QLabel, QLabel]] = []

    def set_answers(self, answers: Sequence[AnswerPair]) -> None:
        while len(self.rows) < len(answers):
            self._add_row()
        for row, one in zip(self.rows, answers, strict=False):
            question, before, after = row
            question.setText(f"“{one.question}”")
            before.setText(one.before.strip() or tr("(no answer)"))
            after.setText(one.after.strip() or tr("(no answer)"))
            set_kind(after, "" if one.is_changed else "dim")
        for place, row in enumerate(self.rows):
            for part in row:
                part.setVisible(place < len(answers))
        self.setVisible(bool(answers))

    def _add_row(self) -> None:
        at = 1 + 2 * len(self.rows)
        question = label("", "dim", wrap=True)
        before, after = label("", wrap=True), label("", wrap=True)
        self._grid.addWidget(question, at, 0, 1, 2)
        for column, part in enumerate((before, after)):
            part.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            part.setMinimumWidth(1)
            self._grid.addWidget(part, at + 1, column, Qt.AlignmentFlag.AlignTop)
        self.rows.append((question, before, after))
