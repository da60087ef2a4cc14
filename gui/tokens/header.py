"""The strip above the pages: tabs, the tokenizer's button, what features put there, the details
switch. In a narrow room features show icons first, then the tokenizer's name is cut.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from gui.icons import icon
from gui.theme import Theme
from gui.tokens.words import tr
from gui.widgets.choice import Choice
from gui.widgets.kinds import icon_button
from gui.widgets.shy_button import ShyButton

BUTTON_PX = 150  # what the tokenizer's button keeps while features show words


class TokensHeader(QFrame):
    """Lays out what it is given."""

    def __init__(
        self, theme: Theme, pages: list[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tokenizer: QPushButton | None = None
        self.setProperty("kind", "header")
        self.tabs = Choice(pages, self)
        for n, (key, name) in enumerate(pages, 1):
            self.tabs.buttons[key].setToolTip(f"{name} (Alt+{n})")
        self.details_button: QToolButton = icon_button(tr("Details of the token (Ctrl+D)"))
        self.details_button.setCheckable(True)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row = QHBoxLayout()
        self._slot = QHBoxLayout()
        self._rows.addWidget(self.tabs)
        self._rows.addLayout(self._row, 1)
        self._row.addStretch(1)
        self._row.addLayout(self._slot)
        self._row.addWidget(self.details_button)
        theme.changed.connect(self._dress)
        self._dress()

    def set_tokenizer_button(self, one: QPushButton) -> None:
        """It stands left of what features add."""
        self._tokenizer = one
        self._row.insertWidget(1, one, 0, Qt.AlignmentFlag.AlignVCenter)

    def add_widget(self, widget: QWidget) -> None:
        """One more thing, left of the details switch."""
        self._slot.addWidget(widget)

    # ---- sharing the width ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        # A tool came or went, or one has other words.
        if event.type() == QEvent.Type.LayoutRequest:
            self._share()
        return done

    def _share(self) -> None:
        shy = [one for one in self.findChildren(ShyButton) if not one.isHidden()]
        more = sum(one.width_in_words - one.sizeHint().width() for one in shy)
        wanted = self._wanted_width()
        has_words = wanted + more <= self.width()
        direction = QBoxLayout.Direction
        is_narrow = wanted + self._least_less(shy) > self.width()
        towards = direction.TopToBottom if is_narrow else direction.LeftToRight
        if towards != self._rows.direction():
            self._rows.setDirection(towards)
        for one in shy:
            one.set_shy(not has_words)

    def _least_less(self, shy: list[ShyButton]) -> int:
        """How much less it takes with icons, and with the tokenizer's name cut to the least."""
        icons = sum(one.minimumSizeHint().width() - one.sizeHint().width() for one in shy)
        if self._tokenizer is None:
            return icons
        wanted = min(self._tokenizer.sizeHint().width(), self._theme.px(BUTTON_PX))
        return icons + min(0, self._tokenizer.minimumSizeHint().width() - wanted)

    def _wanted_width(self) -> int:
        """With the tokenizer's name cut as far as it should be at most."""
        margins, gap = self._rows.contentsMargins(), self._row.spacing()
        parts = [self.tabs.sizeHint().width(), self._slot.sizeHint().width()]
        if not self.details_button.isHidden():
            parts.append(self.details_button.sizeHint().width())
        if self._tokenizer is not None:
            parts.append(min(self._tokenizer.sizeHint().width(), self._theme.px(BUTTON_PX)))
        return sum(parts) + (len(parts) + 1) * gap + margins.left() + margins.right()

    @Slot()
    def _dress(self) -> None:
        px, palette = self._theme.px, self._theme.palette
        self._rows.setContentsMargins(px(16), px(8), px(12), px(8))
        self._rows.setSpacing(px(8))
        self._row.setSpacing(px(8))
        self.details_button.setIcon(icon("panel-right", palette.text_dim, palette.accent))
