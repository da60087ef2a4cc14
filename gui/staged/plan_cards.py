"""Three cards, one for each time budget: how long, how many steps, which is chosen. Shows what it
is given; plans nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.kinds import label

LEAST_CARD_PX = 150
GAP_PX = 12


class Budget(Struct, frozen=True):
    """A card: its key, title, how long in words, what it is for, what it comes to here (""
    while that is not known)."""

    key: str
    title: str
    time: str
    words: str
    numbers: str = ""


class PlanCard(QPushButton):
    """A card that is chosen as a whole, by a click, Space or Enter."""

    def __init__(self, theme: Theme, budget: Budget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.key = budget.key
        self.setObjectName("plan_card")
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._title = label(budget.title, "heading", wrap=True)
        self._time = label(budget.time, "dim", wrap=True)
        self._words = label(budget.words, "faint", wrap=True)
        self.numbers: QLabel = label("", "", wrap=True)
        self._column = QVBoxLayout(self)
        for part in (self._title, self._time, self._words, self.numbers):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.setToolTip(budget.words)
        theme.changed.connect(self._dress)
        self.show_budget(budget)
        self._dress()

    def show_budget(self, budget: Budget) -> None:
        self.numbers.setText(budget.numbers)
        self.numbers.setVisible(bool(budget.numbers))
        said = (budget.title, budget.time, budget.words, budget.numbers)
        self.setAccessibleName(". ".join(filter(None, said)))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._column.totalHeightForWidth(width)

    def sizeHint(self) -> QSize:
        width = self._theme.px(LEAST_CARD_PX)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(LEAST_CARD_PX) // 2, 0)

    @Slot()
    def _dress(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self._column.setContentsMargins(px(14), px(12), px(14), px(12))
        self._column.setSpacing(px(4))
        around = f"border-radius: {px(12)}px; padding: 0px; text-align: left;"
        self.setStyleSheet(
            f"#plan_card {{ background: {palette.pane}; border: 1px solid {palette.line};"
            f" {around} }}"
            f"#plan_card:hover {{ border-color: {palette.text_faint}; }}"
            f"#plan_card:checked {{ background: {palette.accent_soft};"
            f" border: 1px solid {palette.accent}; }}"
            f"#plan_card:focus {{ border: 2px solid {palette.accent}; }}"
        )


class PlanCards(QWidget):
    """Side by side, or below one another where that would be too narrow."""

    chosen = Signal(str)  # key of the card that a person chose

    def __init__(
        self, theme: Theme, budgets: Sequence[Budget], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._fitted: tuple[bool, int, list[int]] = (False, 0, [])
        self.cards = {one.key: PlanCard(theme, one, self) for one in budgets}
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.setAccessibleName(tr("How long it may take"))
        for card in self.cards.values():
            self._box.addWidget(card, 1)
            card.clicked.connect(lambda _on=False, key=card.key: self.chosen.emit(key))
        theme.changed.connect(self._fit)

    def show_budgets(self, budgets: Sequence[Budget]) -> None:
        """The same cards with other numbers."""
        for one in budgets:
            self.cards[one.key].show_budget(one)
        self._fit()

    def choose(self, key: str) -> None:
        """Mark a card without telling; "" for none."""
        for card in self.cards.values():
            card.setAutoExclusive(False)
            card.setChecked(card.key == key)
            card.setAutoExclusive(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    @Slot()
    def _fit(self) -> None:
        gap, n = self._theme.px(GAP_PX), len(self.cards)
        is_wide = self.width() >= n * self._theme.px(LEAST_CARD_PX) + (n - 1) * gap
        width = (self.width() - (n - 1) * gap) // n if is_wide else self.width()
        own = [card.heightForWidth(max(1, width)) for card in self.cards.values()]
        heights = [max(own)] * n if is_wide else own
        if (is_wide, gap, heights) == self._fitted:
            return  # every change asks for a layout, and that comes back here
        self._fitted = (is_wide, gap, heights)
        directions = QBoxLayout.Direction
        self._box.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        self._box.setSpacing(gap)
        for card, height in zip(self.cards.values(), heights, strict=True):
            card.setMinimumHeight(height)
        self.setMinimumHeight(max(own) if is_wide else sum(own) + (n - 1) * gap)
