"""How well a checkpoint foretells text it never saw, and where it does worst."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.process.pretrain_messages import BaseBench
from gui.chat.words import size_text
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.kinds import caps, label
from gui.widgets.plain_tip import plain_tip
from gui.widgets.ramp import visible_piece

MOST_SHOWN = 6
BYTE_BITS = 8.0


class BitsCard(Card):
    """Bits per byte, beside the curve's figure; the worst excerpts below."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("Held-out text"), parent)
        self.bits = label("", "title")
        self.words = label("", "dim", wrap=True)
        self.worst_heading = caps(tr("What surprises it most"))
        self.grid = QGridLayout()
        self.grid.setColumnStretch(1, 1)
        self.rows: list[tuple[QLabel, QLabel]] = []
        for part in (self.bits, self.words, self.worst_heading):
            self.column.addWidget(part)
        self.column.addLayout(self.grid)
        self.worst_heading.setToolTip(
            plain_tip(tr("Stretches of the held-out text with the most bits per byte"))
        )
        theme.changed.connect(self._dress)
        self._dress()

    def show_bench(self, bench: BaseBench, curve: float) -> None:
        """curve: bits per byte at this step as the training's curve has it; nan: not known."""
        self.bits.setText(tr("{bits} bits per byte").format(bits=f"{bench.bits_per_byte:.3f}"))
        shares = [
            tr("{n} times fewer than the {all} of a byte").format(
                n=f"{BYTE_BITS / max(1e-9, bench.bits_per_byte):.1f}", all=f"{BYTE_BITS:.0f}"
            ),
            tr("measured on {size}").format(size=size_text(bench.n_bytes)),
        ]
        if not math.isnan(curve):
            shares.append(tr("the training’s curve says {bits}").format(bits=f"{curve:.3f}"))
        self.words.setText(" · ".join(shares))
        self._show_worst(bench.worst[:MOST_SHOWN])

    def _show_worst(self, worst: list[tuple[str, float]]) -> None:
        while len(self.rows) < len(worst):
            bits, text = label("", "mono"), label("", "mono", wrap=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setMinimumWidth(1)
            number = len(self.rows)
            self.grid.addWidget(bits, number, 0, Qt.AlignmentFlag.AlignTop)
            self.grid.addWidget(text, number, 1)
            self.rows.append((bits, text))
        for row, (excerpt, per_byte) in zip(self.rows, worst, strict=False):
            row[0].setText(f"{per_byte:.2f}")
            row[1].setText(one_line(excerpt))
        for place, row in enumerate(self.rows):
            for part in row:
                part.setVisible(place < len(worst))
        self.worst_heading.setVisible(bool(worst))

    @Slot()
    def _dress(self) -> None:
        self.grid.setHorizontalSpacing(self.theme.px(14))
        self.grid.setVerticalSpacing(self.theme.px(6))


def one_line(text: str) -> str:
    """A text in a line of its own: its line breaks as signs."""
    seen = visible_piece(b"\n")
    return f" {seen} ".join(" ".join(line.split()) for line in text.strip().splitlines())
