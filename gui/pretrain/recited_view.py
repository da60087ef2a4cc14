"""One passage of the memory test: how it begins, how it really goes on, what the model said; the
part that was recited word for word is marked.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QGridLayout, QTextEdit, QWidget

from engine.process.pretrain_messages import Recited
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.kinds import caps, label

TEXT_PX = 120


class RecitedView(QWidget):
    """The prompt above, truth and what was said beside one another."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.recited: Recited | None = None
        self.prompt = label("", "mono", wrap=True)
        self.prompt.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.prompt.setMinimumWidth(1)
        self.truth = _Text(tr("How it really goes on"), self)
        self.said = _Text(tr("What the model said"), self)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.addWidget(caps(tr("Prompt")), 0, 0, 1, 2)
        self.grid.addWidget(self.prompt, 1, 0, 1, 2)
        headings = (tr("Truth"), tr("Said"))
        for place, text in enumerate((self.truth, self.said)):
            self.grid.addWidget(caps(headings[place]), 2, place)
            self.grid.addWidget(text, 3, place)
            self.grid.setColumnStretch(place, 1)
        theme.changed.connect(self._dress)
        self._dress()

    def show_recited(self, one: Recited) -> None:
        self.recited = one
        self.prompt.setText(one.prompt)
        same = n_same(one.truth, one.said) if one.share > 0.0 else 0
        for text, words in ((self.truth, one.truth), (self.said, one.said)):
            text.show_words(words, same, self._theme)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.grid.setHorizontalSpacing(px(14))
        self.grid.setVerticalSpacing(px(6))
        for text in (self.truth, self.said):
            text.setFont(self._theme.font("mono"))
            text.setFixedHeight(px(TEXT_PX))
        if self.recited is not None:
            self.show_recited(self.recited)


def n_same(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


class _Text(QTextEdit):
    """A text to read and to copy from, its first characters marked."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.n_marked = 0
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)
        self.setToolTip(tr("On colour: the same, word for word"))

    def show_words(self, words: str, n_marked: int, theme: Theme) -> None:
        self.n_marked = n_marked
        self.setPlainText(words)
        cursor, look = QTextCursor(self.document()), QTextCharFormat()
        # Qt counts UTF-16 units.
        n_units = len(words[:n_marked].encode("utf-16-le")) // 2
        cursor.setPosition(n_units, QTextCursor.MoveMode.KeepAnchor)
        look.setBackground(QColor(theme.palette.accent_soft))
        cursor.mergeCharFormat(look)
        n = len(words)
        self.setAccessibleDescription(
            tr("{same} of {n} characters are the same").format(same=n_marked, n=n)
        )
