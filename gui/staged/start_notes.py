"""What should be read before a run is started: what keeps it from starting, what the rows' check
warned of, what else is to be known. A card that is there only while there is something.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from PySide6.QtCore import QSize, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from engine.process.tune_messages import RowWarning
from gui import icons
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import label


class Note(Struct, frozen=True):
    """kind: bad (it cannot start), warn (it should not, as it is), dim (good to know)."""

    kind: str
    words: str
    remedy: str = ""


def row_notes(warnings: Iterable[RowWarning]) -> list[Note]:
    """The warnings of the rows' check, grave ones first."""
    ordered = sorted(warnings, key=lambda one: not one.is_grave)
    return [Note("warn" if one.is_grave else "dim", one.message, one.remedy) for one in ordered]


class StartNotes(QFrame):
    """A line each."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.notes: list[Note] = []
        self.setProperty("kind", "card")
        self.setAccessibleName(tr("Before you start"))
        self._grid = QGridLayout(self)
        self._grid.setColumnStretch(1, 1)
        self._signs: list[QLabel] = []
        theme.changed.connect(self._dress)
        self.hide()

    def show_notes(self, notes: Sequence[Note]) -> None:
        """Show these and no others."""
        if list(notes) == self.notes:
            return
        self.notes = list(notes)
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._signs = []
        for row, note in enumerate(self.notes):
            sign = label("")
            self._signs.append(sign)
            self._grid.addWidget(sign, row, 0)
            words = label(note.words, note.kind, wrap=True)
            if note.remedy:
                words.setText(f"{note.words} {note.remedy}")
            self._grid.addWidget(words, row, 1)
        self.setVisible(bool(self.notes))
        self._dress()

    @Slot()
    def _dress(self) -> None:
        px, palette = self._theme.px, self._theme.palette
        self._grid.setContentsMargins(px(16), px(10), px(16), px(10))
        self._grid.setHorizontalSpacing(px(10))
        self._grid.setVerticalSpacing(px(6))
        names = {"bad": ("error", palette.bad), "warn": ("warning", palette.warn)}
        ratio = self.devicePixelRatioF()
        for sign, note in zip(self._signs, self.notes, strict=True):
            name, colour = names.get(note.kind, ("info", palette.text_dim))
            sign.setPixmap(icons.pixmap(name, colour, px(15), ratio))
            sign.setFixedSize(QSize(px(16), px(16)))
