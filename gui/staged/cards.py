"""Boxes of the run's and the result's pages: a card with a heading and a note, a list of facts.
No behaviour of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import label, set_kind
from gui.widgets.plain_tip import plain_tip

Fact = tuple[str, str, str]  # name, value, what it means


class Card(QFrame):
    """A heading, a note at its right, and `column` for what belongs to it."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setProperty("kind", "card")
        self.setAccessibleName(title)
        self.title = label(title, "heading")
        self.note = label("", "faint", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.head = QHBoxLayout()
        self.head.addWidget(self.title)
        self.head.addWidget(self.note, 1)
        self.column = QVBoxLayout(self)
        self.column.addLayout(self.head)
        theme.changed.connect(self._dress_card)
        self._dress_card()

    @Slot()
    def _dress_card(self) -> None:
        px = self.theme.px
        self.column.setContentsMargins(px(16), px(12), px(16), px(12))
        self.column.setSpacing(px(8))
        self.head.setSpacing(px(12))


class Facts(QWidget):
    """Names at the left, values at the right; the values can be marked and copied."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(0, 2)
        self._grid.setColumnStretch(1, 3)
        self._rows: list[tuple[QLabel, QLabel]] = []
        theme.changed.connect(self._dress)
        self._dress()

    def set_facts(self, facts: Sequence[Fact]) -> None:
        while len(self._rows) < len(facts):
            self._add_row()
        for (name, value), fact in zip(self._rows, facts, strict=False):
            name.setText(fact[0])
            value.setText(fact[1])
            value.setAccessibleName(f"{fact[0]}: {fact[1]}")
            for part in (name, value):
                part.setToolTip(plain_tip(fact[2]))
                part.show()
        for row in self._rows[len(facts) :]:
            for part in row:
                part.hide()

    def values(self) -> dict[str, str]:
        """What is shown."""
        return {name.text(): value.text() for name, value in self._rows if not name.isHidden()}

    def set_tone(self, row: int, kind: str) -> None:
        """A value's kind: good, warn, bad."""
        set_kind(self._rows[row][1], kind)

    def _add_row(self) -> None:
        name, value = label("", "dim", wrap=True), label("", wrap=True)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = len(self._rows)
        self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1)
        self._rows.append((name, value))

    @Slot()
    def _dress(self) -> None:
        self._grid.setHorizontalSpacing(self._theme.px(10))
        self._grid.setVerticalSpacing(self._theme.px(8))


class CardPage(QScrollArea):
    """Cards under one another, scrolled."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("What the page shows"))
        inner = QWidget(self)
        inner.setProperty("kind", "page")
        self.column = QVBoxLayout(inner)
        self.setWidget(inner)
        theme.changed.connect(self._dress)
        self._dress()

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.column.setContentsMargins(px(22), px(16), px(22), px(22))
        self.column.setSpacing(px(14))
        self.verticalScrollBar().setSingleStep(px(24))
