"""The tokenizer of a run, as it is trained: the newest merges in a row."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.pretrain.pair_chips import PairChips
from gui.pretrain.words import tr
from gui.run_record import RunRecord
from gui.staged.cards import Card
from gui.theme import Theme

N_ROWS = 2


class MergesLine(Card):
    """Hidden where the run has no merges (characters, bytes, a tokenizer that was there before)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Tokenizer"), parent)
        self.chips = PairChips(theme, N_ROWS)
        self.column.addWidget(self.chips)
        self._shown: object = None
        self.hide()

    def set_record(self, record: RunRecord) -> None:
        told = record.merges
        if told is self._shown:
            return
        self._shown = told
        self.setVisible(told is not None)
        if told is not None:
            done, n_all = f"{told.n_done:,}", f"{told.n_merges:,}"
            self.note.setText(tr("merge {n} of {all}").format(n=done, all=n_all))
            self.chips.show_merges(told.merges, is_live=told.n_done < told.n_merges)
