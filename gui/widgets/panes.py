"""The three panes of a room side by side, and which of them steps aside where the room is narrow:
first the details, by themselves; and while a person has them open there, the list. A room may be
without a list.

Widths that a person chose are kept in lengths of the drawings, so panes grow with the font and come
back as wide as they were, however narrow the window was meanwhile.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QWidget

from gui.theme import BASE_FONT_PX, Theme
from gui.widgets.kinds import frame

# All lengths at 13 px.
LIST_PX, WORK_PX, DETAILS_PX = 236, 780, 284
LEAST_LIST_PX = 190
LEAST_DETAILS_PX = 250
LEAST_WORK_PX = 330
# Below this width of the room the details would leave the work area too little and step aside.
ROOMY_PX = 1120


class Panes(QSplitter):
    """list | work | details.

    Args:
        has_list: whether there is a list at all.
        roomy_px: the width below which the details step aside.
    """

    details_wished = Signal(bool)  # whether the details should be shown, as the room's width wants

    def __init__(
        self, theme: Theme, parent: QWidget, *, has_list: bool = True, roomy_px: int = ROOMY_PX
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._may_list, self._roomy_px = has_list, roomy_px
        self._list_px = float(LIST_PX if has_list else 0)
        self._details_px = float(DETAILS_PX)
        self._are_details_shown = True
        self._stepped_aside = False
        # A tree of widgets that gets its parent later is styled all over again: so the panes come
        # first, and what stands in each is made with it.
        self.left = _pane("side", self)
        self.left.setVisible(has_list)
        self.work = _pane("", self)
        self.side = _pane("side", self)
        self.setStretchFactor(1, 1)
        self.setCollapsible(1, False)
        self.setHandleWidth(1)
        self.splitterMoved.connect(self._on_moved)
        theme.changed.connect(self._on_theme_changed)

    def fill(self, chats: QWidget | None, work: QWidget, details: QWidget) -> None:
        """Put in what was made for `left`, `work` and `side`."""
        for pane, inner in ((self.left, chats), (self.work, work), (self.side, details)):
            if inner is None:
                continue
            layout = pane.layout()
            assert layout is not None, pane
            layout.addWidget(inner)

    # ---- what the room asks ----

    def restore(self, sizes: Sequence[int]) -> bool:
        """Take the widths of last time (pixels); [] for those of the drawings.

        Returns:
            Whether the details were shown then.
        """
        if len(sizes) == 3:
            self._list_px = self._drawn(sizes[0]) if self._may_list else 0.0
            self._details_px = self._drawn(sizes[2]) or float(DETAILS_PX)
        return len(sizes) != 3 or sizes[2] > 0

    def widths(self) -> list[int]:
        """The widths to come back to next time, in pixels. Put aside by a narrow room is not put
        away: it comes back with the next wide one."""
        is_wanted = self._are_details_shown or self._stepped_aside
        details = self._px(self._details_px) if is_wanted else 0
        return [self._px(self._list_px), self.work.width(), details]

    @property
    def has_list(self) -> bool:
        """Whether the list is in view now."""
        return not self.left.isHidden() and self._list_px > 0

    @Slot(bool)
    def show_details(self, are_shown: bool) -> None:
        """Show or hide the details; where there is no place for both, the list makes room."""
        self._are_details_shown = are_shown
        self.side.setVisible(are_shown)
        self._share()

    def bring_list(self) -> None:
        """The list is wanted: the details give it its place back."""
        self._list_px = self._list_px or float(LIST_PX)
        if self.left.isHidden():
            self.details_wished.emit(False)
        self._share()

    # ---- widths ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        # A pane needs more or less than before.
        if event.type() == QEvent.Type.LayoutRequest:
            self._share()
        return done

    def _make_room(self) -> None:
        """Put the details aside where the room is narrow, and back when it is wide again."""
        is_narrow = self.width() < self._theme.px(self._roomy_px)
        if is_narrow and self._are_details_shown and not self._stepped_aside:
            self._stepped_aside = True
            self.details_wished.emit(False)
        elif not is_narrow and self._stepped_aside:
            self._stepped_aside = False
            self.details_wished.emit(True)
        self._share()

    def _share(self) -> None:
        """Give each pane its width: as wished where there is room, never too little to be used."""
        n_handles = 2 if self._may_list else int(self._are_details_shown)
        px, total = self._theme.px, self.width() - n_handles * self.handleWidth()
        least_list = max(px(LEAST_LIST_PX), self.left.minimumSizeHint().width())
        least_side, least_work = px(LEAST_DETAILS_PX), px(LEAST_WORK_PX)
        self.left.setMinimumWidth(least_list)
        self.side.setMinimumWidth(least_side)
        is_dragged_away = not self._list_px
        has_both = is_dragged_away or total - least_list - least_side >= least_work
        self.left.setVisible(self._may_list and (has_both or not self._are_details_shown))
        left = max(self._px(self._list_px), least_list) if self.has_list else 0
        right = max(self._px(self._details_px), least_side) if self._are_details_shown else 0
        right -= _taken(right - least_side, left + right + least_work - total)
        left -= _taken(left - least_list, left + right + least_work - total)
        sizes = [left, max(0, total - left - right), right]
        if sizes != self.sizes():
            self.setSizes(sizes)

    def _px(self, drawn: float) -> int:
        return self._theme.px(drawn) if drawn else 0

    def _drawn(self, size_px: int) -> float:
        return size_px * BASE_FONT_PX / self._theme.font_px

    # ---- slots ----

    @Slot()
    def _on_theme_changed(self) -> None:
        self._make_room()

    @Slot(int, int)
    def _on_moved(self, _place: int, index: int) -> None:
        """Only what a person drags is a wish; a narrow room squeezes panes too."""
        left, _, right = self.sizes()
        if index == 1:
            self._list_px = self._drawn(left)
        elif right:
            self._details_px = self._drawn(right)
        else:
            self.details_wished.emit(False)


def _taken(spare: int, wanted: int) -> int:
    """How much of what is wanted can be taken of what is to spare."""
    return max(0, min(spare, wanted))


def _pane(kind: str, panes: QSplitter) -> QFrame:
    pane = frame(kind, panes)
    layout = QHBoxLayout(pane)
    layout.setContentsMargins(0, 0, 0, 0)
    return pane
