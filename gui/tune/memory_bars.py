"""How much memory a training would take beside what is free: a bar for LoRA, one for training every
weight.
"""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.process.tune_messages import BaseInfo
from gui.chat.words import size_text
from gui.staged.fit import fit_kind, fit_of, fit_words
from gui.theme import Theme
from gui.tune.words import tr
from gui.widgets.kinds import label, set_kind

FULL = 1_000


class MemoryBar(QWidget):
    """One need against what is free."""

    def __init__(self, theme: Theme, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._name = theme, name
        self._colour = "accent"
        self.setToolTip(tip)
        self.name = label(name, "heading")
        self.need = label("", "faint", wrap=True)
        self.verdict = label("")
        self.bar = QProgressBar()
        self.bar.setRange(0, FULL)
        self.bar.setTextVisible(False)
        row = QHBoxLayout()
        row.addWidget(self.name)
        row.addStretch(1)
        row.addWidget(self.verdict)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(row)
        self._column.addWidget(self.bar)
        self._column.addWidget(self.need)
        theme.changed.connect(self._dress)
        self._dress()

    def show_need(self, need_bytes: int, free_bytes: int) -> None:
        """Both in bytes; 0 where they are not known."""
        fit = fit_of(need_bytes, free_bytes)
        share = min(1.0, need_bytes / free_bytes) if free_bytes else 0.0
        self.bar.setValue(round(FULL * share))
        words = (
            tr("about {need} of {free} free").format(
                need=size_text(need_bytes), free=size_text(free_bytes)
            )
            if fit
            else ""
        )
        self.need.setText(words + tr("; close other programs") if fit == "tight" else words)
        self.verdict.setText(fit_words(fit))
        set_kind(self.verdict, fit_kind(fit))
        self.bar.setAccessibleName(f"{self._name}: {words}, {fit_words(fit)}")
        self._colour = {"tight": "warn", "no": "bad"}.get(fit, "accent")
        self._dress()

    @Slot()
    def _dress(self) -> None:
        colour = getattr(self._theme.palette, self._colour)
        self._column.setSpacing(self._theme.px(4))
        self.bar.setStyleSheet(f"QProgressBar::chunk {{ background: {colour}; }}")


class MemoryBars(QWidget):
    """LoRA and full training of one base."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lora = MemoryBar(
            theme,
            tr("LoRA"),
            tr("Trains small matrices beside the weights: rank 16, 8 rows of 512 tokens at once"),
        )
        self.full = MemoryBar(
            theme,
            tr("Every weight"),
            tr("Full training keeps each weight, its gradient and two averages: far more memory"),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.px(6), 0, theme.px(6))
        column.setSpacing(theme.px(12))
        column.addWidget(self.lora)
        column.addWidget(self.full)

    def show_base(self, info: BaseInfo) -> None:
        self.lora.show_need(info.lora_bytes, info.free_bytes)
        self.full.show_need(info.full_bytes, info.free_bytes)
