"""A page of settings: sections of rows, each a name and one line of explanation at the left,
the input at the right."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.theme import Theme
from gui.widgets.kinds import caps, frame, label


class FormPage(QScrollArea):
    """A scrolling column, as wide as reads well, that grows with the font."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.title = label(title, "title")
        self._body = QWidget()
        self._body.setProperty("kind", "page")
        self._inner = QWidget()
        self._inner.setProperty("kind", "page")
        self.column = QVBoxLayout(self._inner)
        self.column.addWidget(self.title)
        outer = QHBoxLayout(self._body)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch(1)
        outer.addWidget(self._inner, 1000)
        outer.addStretch(1)
        self.setWidget(self._body)
        self._dress()
        theme.changed.connect(self._dress)

    def add_section(self, name: str) -> QVBoxLayout:
        """A heading and a card under it; rows go into the card's layout."""
        px = self.theme.px
        self.column.addSpacing(px(14))
        self.column.addWidget(caps(name))
        card = frame("card")
        card.setAccessibleName(name)
        rows = QVBoxLayout(card)
        rows.setContentsMargins(px(16), px(8), px(16), px(8))
        rows.setSpacing(0)
        self.column.addWidget(card)
        return rows

    def add_row(self, rows: QVBoxLayout, name: str, words: str, field: QWidget) -> QLabel:
        """One setting. The name becomes the input's accessible name.

        Returns:
            The label of the words, for those that change.
        """
        px = self.theme.px
        if rows.count():
            rows.addWidget(frame("rule"))
        field.setAccessibleName(field.accessibleName() or name)
        explained = label(words, "faint", wrap=True)
        text = QVBoxLayout()
        text.setSpacing(px(2))
        text.addWidget(label(name))
        text.addWidget(explained)
        # Beside a tall input the words stay together.
        text.addStretch(1)
        row = QHBoxLayout()
        row.setContentsMargins(0, px(10), 0, px(10))
        row.setSpacing(px(16))
        row.addLayout(text, 1)
        row.addWidget(field, 0, Qt.AlignmentFlag.AlignVCenter)
        rows.addLayout(row)
        return explained

    def _dress(self) -> None:
        px = self.theme.px
        self._inner.setMaximumWidth(px(760))
        self.column.setContentsMargins(px(24), px(24), px(24), px(32))
        self.column.setSpacing(px(6))
        self.verticalScrollBar().setSingleStep(px(24))
