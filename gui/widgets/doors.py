"""Doors set out for the room there is: side by side, two by two, or below one another."""

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from gui.theme import Theme
from gui.widgets.door import Door

GAP_PX = 14
# The least width of a door (at 13 px): tall ones side by side, lines in a row of two.
LEAST_TALL_PX, LEAST_COMPACT_PX, LEAST_BRIEF_PX = 130, 230, 130


class Doors(QWidget):
    """The doors that are shown, in their order."""

    def __init__(self, theme: Theme, doors: Sequence[Door], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._doors = theme, doors
        for door in doors:
            door.setParent(self)  # shown before it is set out, it is no window of its own
        self._shown: list[Door] = list(doors)
        self._set_out: tuple[tuple[Door, ...], int] = ((), 0)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)

    def show_doors(self, shown: Sequence[Door]) -> None:
        """Which doors there are now."""
        self._shown = list(shown)
        for door in self._doors:
            door.setVisible(door in self._shown)
        self.setVisible(bool(self._shown))

    def lay_out(self, width: int, *, is_compact: bool, is_brief: bool = False) -> None:
        """Set the doors out.

        Args:
            width: of the room they have, in pixels.
            is_compact: lines instead of tall cards; one door alone, or doors that would be too
                narrow for a card, are lines in any case.
            is_brief: lines of their titles alone.
        """
        gap, n_shown = self._theme.px(GAP_PX), len(self._shown)
        least = self._theme.px(LEAST_TALL_PX) + gap
        has_cards = not is_compact and n_shown > 1 and n_shown * least - gap <= width
        least_line = self._theme.px(LEAST_BRIEF_PX if is_brief else LEAST_COMPACT_PX)
        two = 2 if 2 * least_line + gap <= width else 1
        for door in self._doors:
            door.set_compact(not has_cards, is_brief=is_brief and not has_cards)
        self._grid.setSpacing(gap if has_cards else self._theme.px(8))
        self._place(max(1, n_shown if has_cards else min(two, n_shown)))

    def _place(self, n_columns: int) -> None:
        wanted = (tuple(self._shown), n_columns)
        if wanted == self._set_out:
            return
        self._set_out = wanted
        for door in self._doors:
            self._grid.removeWidget(door)
        for number, door in enumerate(self._shown):
            self._grid.addWidget(door, number // n_columns, number % n_columns)
        for column in range(len(self._doors)):
            self._grid.setColumnStretch(column, 1 if column < n_columns else 0)
