"""One token while it learns: the same place of a text at every evaluation, what the model takes for
likely there, and the slider through time below.
"""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from finetune.run.events import NextTokens
from gui.pretrain.moments import MomentSlider
from gui.pretrain.words import tr
from gui.run_record import RunRecord
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.candidate_list import CandidateLine, CandidateList
from gui.widgets.kinds import label
from gui.widgets.ramp import share_text, visible_piece

LONGEST_TEXT = 90
N_LINES = 8


class NextTokenCard(Card):
    """Shows a record at the moment of its slider."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("One token while it learns"), parent)
        self._record: RunRecord | None = None
        self.text = label("", "dim", wrap=True)
        self.bars = CandidateList(theme)
        self.bars.setToolTip(
            tr("What the model takes for likely next; the marked one is what really came")
        )
        self.moments = MomentSlider(theme)
        self.start = label("", "faint", wrap=True)
        self.empty = label(
            tr("What comes next? The model’s answers appear at the first evaluation."),
            "dim",
            wrap=True,
        )
        for part in (self.text, self.empty, self.bars, self.moments, self.start):
            self.column.addWidget(part)
        self.column.addStretch(1)
        self.moments.chosen.connect(self._show)

    def set_record(self, record: RunRecord, *, is_other: bool = False) -> None:
        """is_other: another run than before."""
        self._record = record
        self.moments.set_record(record, is_other=is_other)
        self._show()

    @property
    def place(self) -> NextTokens | None:
        """What was told at the moment looked at, or last before it."""
        told = self._record.next_tokens if self._record is not None else ()
        before = [one for one in told if one.step <= self.moments.step]
        return before[-1] if before else None

    def _show(self) -> None:
        place, record = self.place, self._record
        for part in (self.text, self.bars, self.start):
            part.setVisible(place is not None)
        self.empty.setVisible(place is None)
        self.note.setText("")
        if place is None or record is None:
            return
        self.text.setText(tr("{text} …").format(text=_end_of(place.text)))
        self.text.setAccessibleName(place.text)
        self.bars.set_lines(lines_of(place))
        self.note.setText(tr("right: {share}").format(share=share_text(place.target_probability)))
        self.note.setToolTip(
            tr("“{piece}” really came; the model has it in place {rank}").format(
                piece=place.target, rank=f"{place.target_rank:,}"
            )
        )
        n_vocab = record.raised.n_vocab if record.raised is not None else 0
        self.start.setVisible(bool(n_vocab))
        if n_vocab:
            share = f"{100.0 / n_vocab:.2g} %"
            self.start.setText(tr("at the start every token had {share}").format(share=share))


def lines_of(place: NextTokens) -> list[CandidateLine]:
    """The likeliest, and what really came where that is none of them; always as many lines, so that
    nothing jumps as the slider moves."""
    pairs = list(zip(place.pieces, place.probabilities, strict=False))[:N_LINES]
    if place.target not in place.pieces[: len(pairs)]:
        pairs = [*pairs[: N_LINES - 1], (place.target, place.target_probability)]
    return [
        CandidateLine(visible_piece(piece.encode()), share, is_chosen=piece == place.target)
        for piece, share in pairs
    ]


def _end_of(text: str) -> str:
    """The end of a text in a line."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TEXT else "…" + line[-LONGEST_TEXT:]
