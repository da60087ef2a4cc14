"""The part of the transcript that shows and scrolls: places, slices of layout work, painting,
following the end.

Heights far from the view are estimates. Whenever one is corrected, the spot that the reader looks
at stays where it is; at the end of the chat, the end does. Knows nothing of mouse, keys and
clipboard (transcript.py).
"""

import time

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolButton, QWidget

from gui.icons import icon
from gui.theme import Theme
from gui.widgets.block_look import Look
from gui.widgets.maths import Maths
from gui.widgets.token_marks import TokenBook
from gui.widgets.transcript_column import MessageColumn, Place
from gui.widgets.transcript_paint import Scene, paint_message
from gui.widgets.transcript_row import tr
from gui.widgets.transcript_selection import Selection
from gui.widgets.transcript_target import Target

COLUMN_PX = 760
MARGIN_PX = 49
LEAST_COLUMN_PX = 80
# Layout work per pass; what is left goes on when the window has looked after its other events.
SLICE_S = 0.008
_MAX_PASSES = 12
FRAME_MS = 50  # 20 paints a second read as smooth; each takes time from the model on few cores
_REST_MS = 4


def column_width(theme: Theme, width: int) -> int:
    """The reading column's width in a view of this width; what stands below it keeps to it too."""
    margin = min(theme.px(MARGIN_PX), max(12, width // 16))
    return max(LEAST_COLUMN_PX, min(theme.px(COLUMN_PX), width - 2 * margin))


class TranscriptPage(QAbstractScrollArea):
    """A scrolling column of messages. `column` holds them; after changing it call `settle`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = MessageColumn()
        self.maths = Maths(self)
        self.maths.drawn.connect(self._on_maths_drawn)
        self.selection = Selection(self.column)
        self.n_paints = 0
        self._painted_at = self._worked_at = 0.0
        self._theme = theme
        self._place: Place | None = None
        self._follows = True
        self._joins_end = False
        self._is_settling = False
        self._is_settled = True
        self.hovered: Target | None = None
        self.hovered_message = -1
        self.current_message = -1
        self.focused_button = ""  # of the current message, where keys went to its row
        self._copied: Target | None = None
        self.token_book: TokenBook | None = None
        self.current_token = ("", -1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._rest_timer = QTimer(self, singleShot=True)
        self._rest_timer.timeout.connect(self._on_rest_due)
        self._unpainted = QRect()
        self._paint_timer = QTimer(self, singleShot=True)
        self._paint_timer.timeout.connect(self._on_paint_due)
        self.jump_button = self._make_jump_button()
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _make_jump_button(self) -> QToolButton:
        button = QToolButton(self.viewport())
        button.setText(tr("Jump to the end"))
        button.setToolTip(tr("Go to the newest words and follow them again"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.clicked.connect(self.scroll_to_end)
        button.hide()
        return button

    # ---- places ----

    @property
    def follows(self) -> bool:
        """Whether the view stays at the end as text comes."""
        return self._follows

    @property
    def is_settled(self) -> bool:
        """Whether all that is in view is laid out."""
        return self._is_settled

    @property
    def top(self) -> float:
        """What y of the column is at the view's upper edge."""
        return float(self.verticalScrollBar().value())

    @property
    def column_left(self) -> float:
        return (self.viewport().width() - self.column.width) / 2

    def column_point(self, point: QPointF) -> QPointF:
        """A point of the viewport in the column's coordinates."""
        return QPointF(point.x() - self.column_left, point.y() + self.top)

    def viewport_rect(self, rect: QRectF) -> QRectF:
        """A rectangle of the column in the viewport's coordinates."""
        return rect.translated(self.column_left, -self.top)

    def scroll_to_end(self) -> None:
        """Go to the end and follow it."""
        self._follows = True
        self.settle()

    def scroll_to_place(self, place: Place) -> None:
        """Put a place at the upper edge; it stays there while heights above it become known."""
        self._follows = False
        self._joins_end = False
        self._place = place
        self.settle()

    def hold_place(self, place: Place | None) -> None:
        """Keep a place where it is while what is around it changes; where that is the end, the end
        is followed again."""
        self._follows = False
        self._joins_end = True
        self._place = place
        self.settle()

    def set_current(self, index: int) -> None:
        """Another message is the one that keys act on; -1: none."""
        self.current_message = index
        self.focused_button = ""
        self.viewport().update()

    # ---- laying out what is in view ----

    @Slot()
    def settle(self) -> None:
        """Lay out what is in view and paint it."""
        self._lay_view()
        self.viewport().update()

    def settle_growth(self) -> None:
        """The same after text came; where nothing moved, only the end is painted."""
        top, changed = self.top, self.column.growing_top()
        self._lay_view()
        area = self.viewport().rect()
        if changed is not None and self.top == top and self._is_settled:
            area.setTop(max(0, int(changed - top) - 4))
        self._paint_soon(area)

    @Slot()
    def _on_rest_due(self) -> None:
        """Go on with what a pass left."""
        self._lay_view()
        self._paint_soon(self.viewport().rect())

    def _paint_soon(self, area: QRect) -> None:
        """Paint now, or when the last paint is a frame ago."""
        self._unpainted = self._unpainted.united(area)
        wait_s = self._painted_at + FRAME_MS / 1000 - time.monotonic()
        if wait_s <= 0:
            self._on_paint_due()
        elif not self._paint_timer.isActive():
            self._paint_timer.start(max(1, round(wait_s * 1000)))

    @Slot()
    def _on_paint_due(self) -> None:
        self.viewport().update(self._unpainted)
        self._unpainted = QRect()

    def _lay_view(self) -> None:
        """Work on the layout of what is in view, for a short while, and bring the scroll bar in
        line."""
        self._rest_timer.stop()
        now_s = time.monotonic()
        # Two passes in one event get the time of one.
        is_next = now_s - self._worked_at > _REST_MS / 2000
        slice_s = SLICE_S if is_next else SLICE_S / 8
        self._is_settled = False

        def is_out_of_time() -> bool:
            return time.monotonic() > now_s + slice_s

        # What came is read in half of the time, so that it is seen too however much it is.
        has_grown = self.column.grow(lambda: time.monotonic() > now_s + slice_s / 2)
        for _ in range(_MAX_PASSES):
            top = self._wanted_top()
            bottom = top + self.viewport().height()
            if self.column.lay_stretch(top, bottom, is_out_of_time):
                self._is_settled = has_grown and self._wanted_top() == top
            if self._is_settled or is_out_of_time():
                break
        self._sync_scroll_bar()
        self._worked_at = time.monotonic()
        if not self._is_settled:
            self._rest_timer.start(_REST_MS)

    def _wanted_top(self) -> float:
        last = self._last_top()
        if self._follows or self._place is None:
            return last
        return min(max(0.0, self.column.y_of(self._place)), last)

    def _last_top(self) -> float:
        return max(0.0, float(round(self.column.total)) - self.viewport().height())

    def _sync_scroll_bar(self) -> None:
        bar = self.verticalScrollBar()
        self._is_settling = True
        bar.setRange(0, round(self._last_top()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._theme.px(40))
        bar.setValue(round(self._wanted_top()))
        self._is_settling = False
        if self._joins_end and self._is_settled:
            self._joins_end = False
            self._follows = bar.value() >= bar.maximum()
        if self._follows or self._is_settled:
            self._place = self.column.place_at(float(bar.value()))
        self._show_jump_button()

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        if self._is_settling:
            return
        self._joins_end = False
        self._follows = value >= self.verticalScrollBar().maximum() - 2
        self._place = self.column.steady_place(value, value + self.viewport().height())
        self.settle()

    def _show_jump_button(self) -> None:
        button = self.jump_button
        button.setVisible(not self._follows and self.verticalScrollBar().maximum() > 0)
        size = button.sizeHint()
        area = self.viewport().rect()
        x = (area.width() - size.width()) // 2
        button.setGeometry(x, area.height() - size.height() - 12, size.width(), size.height())

    def toggle_thought(self, index: int, block: int) -> None:
        """Open or close reasoning; its line stays where it is."""
        bottom = self.top + self.viewport().height()
        place = self.column.steady_place(self.top, bottom)
        # Its blocks are counted anew, and a selection counts in blocks.
        self.selection.drop_message(self.column.items[index].view.id)
        self.column.items[index].toggle_thought(block)
        self.hold_place(place)

    # ---- events of Qt ----

    @Slot()
    def _on_maths_drawn(self) -> None:
        self.column.relay()
        self._lay_view()
        self._paint_soon(self.viewport().rect())

    @Slot()
    def _on_theme_changed(self) -> None:
        self.jump_button.setIcon(icon("arrow-down", self._theme.palette.text_dim))
        self._measure()

    def _measure(self) -> None:
        width = column_width(self._theme, self.viewport().width())
        self.maths.set_ink(self._theme.palette.text, self.devicePixelRatioF())
        self.column.measure(Look(self._theme, self.maths), float(width))
        self.settle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._measure()
        else:
            self.settle()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.maths.resume()
        self.settle()

    def hideEvent(self, event: QHideEvent) -> None:
        """Unseen, nothing is laid out; showing goes on with it."""
        super().hideEvent(event)
        self._rest_timer.stop()
        self._paint_timer.stop()
        self.maths.stop()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Nothing is moved on the screen: whoever moves the bar has it painted."""

    def paintEvent(self, event: QPaintEvent) -> None:
        self.n_paints += 1
        self._painted_at = time.monotonic()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.palette.pane))
        column, top = self.column, self.top
        view = QRectF(event.rect())
        index = column.index_at(top + view.top())
        while 0 <= index < len(column.items) and column.top(index) < top + view.bottom():
            at = QPointF(self.column_left, column.top(index) - top)
            paint_message(painter, column, index, at, view, self._scene())
            index += 1
        painter.end()

    def _scene(self) -> Scene:
        return Scene(
            self.selection,
            self.hovered,
            self.hovered_message,
            self.current_message if self.hasFocus() else -1,
            self._copied,
            self.focused_button,
            self.token_book,
            self.current_token,
        )
