"""Names at the left, values at the right: what is known of a thing, in a narrow pane."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from gui.theme import Theme
from gui.widgets.kinds import caps, label, set_kind


class Fact(Struct, frozen=True):
    """tip: what the name means, in a sentence. kind: of the value's label (good, warn, bad)."""

    name: str
    value: str
    tip: str = ""
    kind: str = ""


class Facts(QWidget):
    """A heading (where there is one) and its facts; hidden while there are none."""

    def __init__(self, theme: Theme, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.shown: list[Fact] = []
        self._labels: list[tuple[QLabel, QLabel]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        if heading:
            self._column.addWidget(caps(heading))
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._column.addLayout(self._grid)
        theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these instead."""
        if list(facts) == self.shown:
            return
        self.shown = list(facts)
        while len(self._labels) < len(facts):
            self._add()
        for number, (name, value) in enumerate(self._labels):
            is_used = number < len(facts)
            name.setVisible(is_used)
            value.setVisible(is_used)
            if is_used:
                self._fill(name, value, facts[number])
        self.setVisible(bool(facts))

    def _add(self) -> None:
        row = len(self._labels)
        pair = (label("", "dim"), label("", "", wrap=True))
        pair[1].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        pair[1].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(pair[0], row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(pair[1], row, 1)
        self._labels.append(pair)

    def _fill(self, name: QLabel, value: QLabel, fact: Fact) -> None:
        name.setText(fact.name)
        value.setText(fact.value)
        value.setAccessibleName(f"{fact.name}: {fact.value}")
        for one in (name, value):
            one.setToolTip(fact.tip)
        if value.property("kind") != fact.kind:
            set_kind(value, fact.kind)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setSpacing(px(8))
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(6))


def details_panel(theme: Theme, sections: Sequence[QWidget], parent: QWidget) -> QWidget:
    """Sections under one another for the details pane; hidden until it stands there."""
    panel = QWidget(parent)
    panel.hide()
    px = theme.px
    column = QVBoxLayout(panel)
    column.setContentsMargins(px(14), px(14), px(14), px(14))
    column.setSpacing(px(18))
    for section in sections:
        column.addWidget(section)
    column.addStretch(1)
    return panel
