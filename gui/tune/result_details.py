"""Beside the result: what it is made of, and the runs that can follow."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.run_record import RunRecord
from gui.staged.cards import Fact, Facts
from gui.staged.progress_words import duration_text
from gui.theme import Theme
from gui.tune.run_facts import run_facts
from gui.tune.words import tr
from gui.widgets.kinds import button, caps, label


class ResultDetails(QWidget):
    """Shows a record; tells what is to follow."""

    further_asked = Signal()
    other_data_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.facts, self.made_of = Facts(theme), Facts(theme)
        self.notes = label("", "faint", wrap=True)
        self.further = button(
            tr("Train further from here"),
            "",
            tr("Merge this into a base of its own and plan the next run on it"),
        )
        self.other_data = button(
            tr("Same settings on other data"), "", tr("A new plan; only its data is to be chosen")
        )
        self._headings = [caps(tr("Made of")), caps(tr("Next"))]
        self._column = QVBoxLayout(self)
        for part in (
            *(caps(tr("The run")), self.facts, self._headings[0], self.made_of, self.notes),
            *(self._headings[1], self.further, self.other_data),
        ):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.further.clicked.connect(self.further_asked)
        self.other_data.clicked.connect(self.other_data_asked)
        theme.changed.connect(self._dress)
        self._dress()

    def set_record(self, record: RunRecord) -> None:
        self.facts.set_facts(run_facts(record))
        self.made_of.set_facts(_made_of(record))
        notes = record.result.notes if record.result is not None else []
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        self.further.setEnabled(record.end is not None and bool(record.end.product))
        self.other_data.setEnabled(record.config is not None)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(14), px(16), px(16))
        self._column.setSpacing(px(8))
        for heading in self._headings:
            heading.setContentsMargins(0, px(14), 0, 0)


def _made_of(record: RunRecord) -> list[Fact]:
    result = record.result
    found: list[Fact] = []
    if record.end is not None and record.end.product:
        product = str(Path(record.path) / record.end.product)
        found.append((tr("Adapter file"), Path(product).name, product))
    if result is None:
        return found
    found.append((tr("Of step"), f"{result.step:,}", tr("The best by validation loss")))
    if result.base_sha256:
        short = f"{result.base_sha256[:12]}…"
        found.append((tr("Base’s SHA-256"), short, result.base_sha256))
    found += [(name, version, tr("Version")) for name, version in result.versions.items()]
    if result.seconds:
        total = duration_text(sum(result.seconds.values()))
        each = "\n".join(f"{name}: {duration_text(s)}" for name, s in result.seconds.items())
        found.append((tr("Took"), total, each))
    return found
