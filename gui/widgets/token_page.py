"""The part of the token view that shows and scrolls: rows as far as they are looked at, marks,
painting. Knows nothing of mouse, keys and clipboard (token_view.py).
"""

import time
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from gui.theme import Theme
from gui.widgets.token_paint import Brushwork, Marks, RowPainter
from gui.widgets.token_rows import Band, Measures, Row, TokenRows
from gui.widgets.token_text import TokenText, token_text

MARGIN_PX = 16
SLICE_S = 0.006
REST_MS = 3


class TokenPage(QAbstractScrollArea):
    """The tokens of one text. `current` is the token that keys act on, -1 for none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tokens = token_text([], b"", [])
        self._bands: list[Band] = []
        self._marks = Marks()
        self._found = (-1, -1)
        self.current = -1
        self.n_paints = 0
        self._anchor = -1  # the token to bring to the upper edge when its row is there
        self._look = Brushwork(theme)
        self._rows = self._new_rows()
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._lay)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Tokens"))
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._on_theme_changed)

    # ---- what is shown ----

    @property
    def tokens(self) -> TokenText:
        return self._tokens

    @property
    def bands(self) -> list[Band]:
        return self._bands

    @property
    def marks(self) -> Marks:
        return self._marks

    @property
    def found(self) -> tuple[int, int]:
        """The tokens that are ringed; (-1, -1) where none are."""
        return self._found

    @property
    def n_laid(self) -> int:
        """How many tokens have been laid out so far."""
        return self._rows.n_laid

    def set_tokens(self, tokens: TokenText, bands: Sequence[Band] = ()) -> None:
        """Show another text from its beginning; without bands it is one."""
        self._tokens = tokens
        self._bands = list(bands) or [Band(0, len(tokens), "")]
        self._marks, self._found, self.current = Marks(), (-1, -1), -1
        self.setAccessibleDescription(" ".join(band.note for band in self._bands if band.note))
        self._relay(0)

    def set_marks(self, marks: Marks) -> None:
        self._marks = marks
        self.viewport().update()

    def set_found(self, first: int, end: int) -> None:
        """Ring tokens (a match of a search); first < 0: none."""
        self._found = (first, end)
        if first >= 0:
            self.show_token(first)
        self.viewport().update()

    def set_current(self, token: int) -> None:
        """Make a token the one that keys act on, and bring it into view."""
        self.current = min(max(token, 0), len(self._tokens) - 1)
        if self.current >= 0:
            self.show_token(self.current)
            self.tell_current()
        self.viewport().update()

    def show_token(self, token: int) -> None:
        """Scroll so that a token is in view, laying out what stands before it."""
        self._rows.lay(lambda: self._rows.n_laid > token)
        row = self._rows.row_of(token)
        if row < 0:
            return
        bar, height = self.verticalScrollBar(), self.viewport().height()
        top = self._rows.rows[row].y
        self._sync_bar()
        if not bar.value() <= top <= bar.value() + height - 2 * self._look.row_height:
            bar.setValue(round(top - height / 3))

    def go_to(self, token: int) -> None:
        """Bring a token's row to the upper edge; where it is not laid out yet, when it is."""
        self._anchor = token
        if self._rows.n_laid > token or self._rows.is_whole:
            self._sync_bar()
            self._go_to_anchor()
        elif self.isVisible():
            self._lay()

    def first_in_view(self) -> int:
        row = self._rows.row_at(float(self.verticalScrollBar().value()))
        return self._rows.rows[row].first if row >= 0 else 0

    def token_at(self, point: QPointF) -> int:
        """The token at a point of the viewport; -1 where there is none."""
        row = self._row_at(point)
        if row is None:
            return -1
        x = self._left()
        for token in range(row.first, row.end):
            width = self._rows.width_of(token)
            if x <= point.x() < x + width:
                return token
            x += width
        return -1

    def note_at(self, point: QPointF) -> str:
        """The note at a point of the viewport, whole; "" where there is none."""
        row = self._row_at(point)
        return self._bands[row.band].note if row is not None and row.is_note else ""

    def _row_at(self, point: QPointF) -> Row | None:
        y = point.y() + self.verticalScrollBar().value() - self._margin()
        index = self._rows.row_at(y)
        if index < 0 or y < 0 or y >= self._rows.rows[index].y + self._look.row_height:
            return None
        return self._rows.rows[index]

    def token_rect(self, token: int) -> QRectF:
        """Where a token stands in the viewport; empty where it is not laid out."""
        index = self._rows.row_of(token)
        if index < 0 or token >= self._rows.n_laid:
            return QRectF()
        row, x = self._rows.rows[index], self._left()
        for before in range(row.first, token):
            x += self._rows.width_of(before)
        y = row.y - self.verticalScrollBar().value() + self._margin()
        return QRectF(x, y, self._rows.width_of(token) - 1, self._look.chip_height)

    def tell_current(self) -> None:
        """Another token is current; told by the view."""
        raise NotImplementedError

    # ---- layout ----

    def _margin(self) -> float:
        return float(self._theme.px(MARGIN_PX))

    def _left(self) -> float:
        has_titles = any(band.title for band in self._bands[:1])
        return self._margin() + (self._look.gutter if has_titles else 0.0)

    def _new_rows(self) -> TokenRows:
        look = self._look
        width = max(60.0, self.viewport().width() - self._left() - self._margin())
        measures = Measures(width, look.row_height, look.band_gap, look.widths)
        return TokenRows(self._tokens, self._bands, measures)

    def _relay(self, anchor: int) -> None:
        """Break into rows anew and come back to the token that stood at the upper edge."""
        self._rows, self._anchor = self._new_rows(), anchor
        if self.isVisible():
            self._lay()
        self.viewport().update()

    @Slot()
    def _lay(self) -> None:
        """Make rows: those in view all at once, then for a short while those further down."""
        deadline = time.monotonic() + SLICE_S
        bar, rows = self.verticalScrollBar(), self._rows
        bottom = bar.value() + self.viewport().height() + self._margin()
        rows.lay(lambda: self._reaches(bottom))
        rows.lay(lambda: time.monotonic() > deadline)
        if self._anchor >= 0 and (rows.n_laid > self._anchor or rows.is_whole):
            self._sync_bar()
            self._go_to_anchor()
        self._sync_bar()
        if not rows.is_whole:
            self._rest.start()
        self.viewport().update()

    def _reaches(self, y: float) -> bool:
        rows = self._rows.rows
        return bool(rows) and rows[-1].y >= y

    def _go_to_anchor(self) -> None:
        index = self._rows.row_of(self._anchor)
        if index > 0:
            self.verticalScrollBar().setValue(round(self._rows.rows[index].y))
        elif self._anchor == 0:
            self.verticalScrollBar().setValue(0)
        self._anchor = -1

    def _sync_bar(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        total = self._rows.total + 2 * self._margin()
        bar.setRange(0, max(0, round(total) - height))
        bar.setPageStep(height)
        bar.setSingleStep(round(self._look.row_height))

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        bottom = value + self.viewport().height() + self._margin()
        if not self._rows.is_whole and not self._reaches(bottom):
            # Dragged beyond what is laid: only what is in view is waited for.
            self._rows.lay(lambda: self._reaches(bottom))
        self.viewport().update()

    @Slot()
    def _on_theme_changed(self) -> None:
        first = self.first_in_view()
        self._look = Brushwork(self._theme)
        self._relay(first)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._relay(self.first_in_view())
        else:
            self._sync_bar()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._lay()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._rest.stop()

    # ---- painting ----

    def paintEvent(self, event: QPaintEvent) -> None:
        self.n_paints += 1
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.palette.pane))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        brush = RowPainter(
            painter, self._look, self._tokens, self._marks, self._shown_current(), self._found
        )
        offset = self._margin() - self.verticalScrollBar().value()
        index = max(0, self._rows.row_at(event.rect().top() - offset))
        for row in self._rows.rows[index:]:
            if row.y + offset > event.rect().bottom():
                break
            self._paint_row(brush, row, row.y + offset)
        painter.end()

    def _paint_row(self, brush: RowPainter, row: Row, y: float) -> None:
        band, margin = self._bands[row.band], self._margin()
        if row.is_note:
            width = self.viewport().width() - 2 * margin - self._look.gutter
            brush.note(band, QPointF(margin, y), width)
            return
        if band.title:
            brush.band_head(band, QPointF(margin, y), self._look.row_height)
            if row.first == band.start:
                brush.band_title(band, QPointF(margin, y))
        brush.tokens(row, QPointF(self._left(), y), self._rows.width_of)

    def _shown_current(self) -> int:
        return self.current if self.hasFocus() else -1
