"""The report card: a base and the assistant that came of it on the same held-out questions."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.process.pretrain_messages import QuestionScore, ReportCard
from gui.pretrain.score_words import kind_name, merged, score_row, total
from gui.pretrain.scores_cards import MOST_EXAMPLES, ExampleTable, mark_legend
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.staged.job_strip import JobStrip
from gui.staged.progress_words import percent_text
from gui.theme import Theme
from gui.widgets.kinds import button, label
from gui.widgets.share_bars import ShareBars, ShareLegend, ShareRow


class ReportCardView(Card):
    """A row for all questions, those of seen and unseen pairings, and each kind."""

    make_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Report card"), parent)
        self.words = label("", "dim", wrap=True)
        bars = [
            (tr("base"), tr("Asked few-shot: it goes on with a pattern")),
            (tr("assistant"), tr("Asked in a chat, a question at a time")),
        ]
        self.legend = ShareLegend(theme, bars, mark_legend())
        self.bars = ShareBars(theme, tr("Held-out questions that were right, base and assistant"))
        headings = [tr("question"), tr("right"), tr("base"), tr("assistant")]
        self.examples = ExampleTable(theme, headings, self)
        self.make = button(
            tr("Make the report card"),
            "primary",
            tr("Ask both the same questions, which neither has seen; it takes a minute or so"),
        )
        self.strip = JobStrip(theme)
        for part in (self.words, self.legend, self.bars, self.examples, self.strip, self.make):
            self.column.addWidget(part)
        self.column.setAlignment(self.make, Qt.AlignmentFlag.AlignLeft)
        self.make.clicked.connect(self.make_asked)
        self.show_card(None)

    def show_card(self, card: ReportCard | None) -> None:
        for part in (self.legend, self.bars, self.examples):
            part.setVisible(card is not None)
        self.make.setText(tr("Make it again") if card is not None else tr("Make the report card"))
        if card is None:
            self.note.setText("")
            self.words.setText(
                tr("Not made yet: base and assistant are asked the same held-out questions.")
            )
            return
        after = total(card.assistant)
        self.note.setText(tr("{n} of {all} right").format(n=after.n_right, all=after.n))
        self.words.setText(_verdict(total(card.base), after))
        self.bars.set_rows(list(_rows(card)))
        self.examples.show_rows(list(_examples(card))[:MOST_EXAMPLES])


def _rows(card: ReportCard) -> Iterator[ShareRow]:
    yield score_row(tr("all"), total(card.assistant), total(card.base))
    for is_seen, name in ((True, tr("seen pairings")), (False, tr("new pairings"))):
        after = [one for one in card.assistant if one.is_seen == is_seen]
        before = [one for one in card.base if one.is_seen == is_seen]
        if after:
            yield score_row(name, total(after), total(before))
    bases = {one.kind: one for one in merged(card.base)}
    for one in merged(card.assistant):
        before_it = bases.get(one.kind, QuestionScore(one.kind, True, 0, 0, 0, 0))
        yield score_row(kind_name(one.kind), one, before_it)


def _examples(card: ReportCard) -> Iterator[tuple[str, str, str, str]]:
    """A question of each kind, with what both said."""
    said = {example[:2]: example[2] for one in card.base for example in one.examples}
    for one in merged(card.assistant):
        for question, answer, now in one.examples[:1]:
            yield question, answer, said.get((question, answer), ""), now


def _verdict(before: QuestionScore, after: QuestionScore) -> str:
    n = max(1, after.n)
    guess = percent_text(max(after.n_majority, after.n_nearest) / n)
    return tr(
        "The assistant answers {after} right, the base, asked few-shot, {before}; without "
        "understanding a story one gets {guess} at most."
    ).format(
        after=percent_text(after.n_right / n),
        before=percent_text(before.n_right / max(1, before.n)),
        guess=guess,
    )
