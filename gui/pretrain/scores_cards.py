"""What a base answers about its story world: facts of the whole world, told or not (recall against
guess), and questions about stories by kind.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.process.pretrain_messages import QuestionScore
from gui.pretrain.score_words import (
    facts_of,
    kind_name,
    merged,
    questions_of,
    score_row,
    total,
)
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.kinds import button, caps, label
from gui.widgets.share_bars import ShareBars, ShareLegend

MOST_EXAMPLES = 6


def mark_legend() -> list[tuple[str, str]]:
    """What a bar is held against."""
    return [
        (tr("commonest answer"), tr("What always saying the commonest answer would come to")),
        (
            tr("nearest sentence"),
            tr("What the sentence of the training text that is nearest to the question says"),
        ),
    ]


class FactsCard(Card):
    """Facts that stories told beside facts that none did: what is known beside what is guessed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Recall or guess"), parent)
        self.words = label(
            tr(
                "Some facts hold in the whole world, and some of these no story ever told. What "
                "it says of those can only be a guess."
            ),
            "dim",
            wrap=True,
        )
        self.bars = ShareBars(theme, tr("Facts of the world that were right"))
        self.legend = ShareLegend(theme, [(tr("right"), tr("How many were right"))], mark_legend())
        for part in (self.words, self.legend, self.bars):
            self.column.addWidget(part)

    def show_scores(self, scores: Sequence[QuestionScore]) -> None:
        """scores: all of a bench; only facts are shown."""
        facts = facts_of(scores)
        seen = [one for one in facts if one.is_seen]
        unseen = [one for one in facts if not one.is_seen]
        rows = [score_row(tr("told in stories"), total(seen))] if seen else []
        rows += [score_row(tr("told nowhere"), total(unseen))] if unseen else []
        name = tr("{kind}, told")
        rows += [score_row(name.format(kind=kind_name(one.kind)), one) for one in seen]
        self.bars.set_rows(rows)
        self.setVisible(bool(facts))


class QuestionsCard(Card):
    """Questions about stories by kind, with what answers without understanding would come to."""

    stories_asked = Signal()  # choose a story world for the next model

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Questions about stories"), parent)
        self.words = label("", "dim", wrap=True)
        self.bars = ShareBars(theme, tr("Questions that were answered right, by kind"))
        self.legend = ShareLegend(theme, [(tr("right"), tr("How many were right"))], mark_legend())
        self.stories_button = button(
            tr("Choose stories"), "", tr("Take the story world as the text of the next model")
        )
        self.examples = ExampleTable(theme, [tr("question"), tr("right"), tr("said")], self)
        for part in (self.words, self.legend, self.bars, self.examples, self.stories_button):
            self.column.addWidget(part)
        self.column.setAlignment(self.stories_button, Qt.AlignmentFlag.AlignLeft)
        self.stories_button.clicked.connect(self.stories_asked)

    def show_scores(self, scores: Sequence[QuestionScore]) -> None:
        """scores: all of a bench; empty where the text is no story world."""
        asked = questions_of(scores)
        for part in (self.legend, self.bars, self.examples):
            part.setVisible(bool(asked))
        self.stories_button.setVisible(not scores)
        self.note.setText("")
        if not asked:
            self.words.setText(_why_none(bool(scores)))
            return
        self.words.setText(
            tr(
                "Asked few-shot: two stories with their questions answered, then one that it never "
                "saw. A base only goes on with the pattern."
            )
        )
        whole = total(asked)
        self.note.setText(tr("{n} of {all} right").format(n=whole.n_right, all=whole.n))
        self.bars.set_rows([score_row(kind_name(one.kind), one) for one in merged(asked)])
        first = [example for one in merged(asked) for example in one.examples[:1]]
        self.examples.show_rows(first[:MOST_EXAMPLES])


def _why_none(is_story_world: bool) -> str:
    if is_story_world:
        return tr(
            "No story with a question fits into its context. Raise one with a longer context, or "
            "with a tokenizer of kind bpe."
        )
    return tr(
        "Only in a story world is it known which answers are right: there people, places and "
        "reasons are made up by rules. Choose stories as the text of a model to have it asked."
    )


class ExampleTable(QWidget):
    """Rows of texts under headings."""

    def __init__(self, theme: Theme, headings: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._n = theme, len(headings)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.rows: list[list[QLabel]] = []
        for place, heading in enumerate(headings):
            self.grid.addWidget(caps(heading), 0, place)
            self.grid.setColumnStretch(place, 2 if place == 0 else 1)
        theme.changed.connect(self._dress)
        self._dress()

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        while len(self.rows) < len(rows):
            cells = [label("", "" if place else "dim", wrap=True) for place in range(self._n)]
            self.rows.append(cells)
            for place, cell in enumerate(cells):
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                top = Qt.AlignmentFlag.AlignTop
                self.grid.addWidget(cell, len(self.rows), place, top)
        for cells, texts in zip(self.rows, rows, strict=False):
            for cell, text in zip(cells, texts, strict=True):
                cell.setText(" ".join(text.split()) or "–")
        for place, cells in enumerate(self.rows):
            for cell in cells:
                cell.setVisible(place < len(rows))

    @Slot()
    def _dress(self) -> None:
        self.grid.setHorizontalSpacing(self._theme.px(14))
        self.grid.setVerticalSpacing(self._theme.px(6))
