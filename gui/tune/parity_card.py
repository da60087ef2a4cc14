"""The parity badge: is the GGUF that is chatted with the model that was trained?"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.process.tune_messages import Parity
from gui.staged.cards import Card
from gui.theme import Theme
from gui.tune.run_facts import form_name, kl_text, parity_tone, top1_text
from gui.tune.words import tr
from gui.widgets.kinds import label, set_kind
from gui.widgets.plain_tip import plain_tip

SIGNS = {"good": "✓", "warn": "!", "bad": "✗"}


class ParityCard(Card):
    """A row for each form: adapter, merged, quantised."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Parity of torch and llama.cpp"), parent)
        self.setToolTip(
            plain_tip(
                tr(
                    "Trained in torch, chatted with in llama.cpp: both read the rows that were "
                    "kept aside, and this is how often they have the same likeliest next token"
                )
            )
        )
        self._grid = QGridLayout()
        self._grid.setColumnStretch(2, 1)
        self.column.addLayout(self._grid)
        self.empty = label(tr("Not measured yet."), "dim", wrap=True)
        self.column.addWidget(self.empty)
        self.rows: list[tuple[QLabel, QLabel, QLabel, QLabel]] = []
        self._grid.setHorizontalSpacing(theme.px(16))

    def set_parity(self, parity: Sequence[Parity]) -> None:
        while len(self.rows) < len(parity):
            row = (label(""), label(""), label("", "dim"), label("", "faint", wrap=True))
            at = 2 * len(self.rows)
            for column, part in enumerate(row[:3]):
                self._grid.addWidget(part, at, column)
            self._grid.addWidget(row[3], at + 1, 0, 1, 3)
            self.rows.append(row)
        for row, one in zip(self.rows, parity, strict=False):
            form, top1, kl, cause = row
            tone = parity_tone(one)
            form.setText(form_name(one.form))
            top1.setText(f"{SIGNS[tone]} {top1_text(one.top1)}")
            set_kind(top1, tone)
            places = tr("Of {n} places").format(n=f"{one.n_positions:,}")
            top1.setToolTip(places)
            kl.setText(tr("mean KL {kl}").format(kl=kl_text(one.mean_kl)))
            cause.setText(one.cause)
        for place, row in enumerate(self.rows):
            for part in row:
                part.setVisible(place < len(parity) and bool(part.text()))
        self.empty.setVisible(not parity)
