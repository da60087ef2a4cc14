"""What a search found: titles and messages, each with the words around what was met. A list; draws
what it is given."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QTextCharFormat,
    QTextLayout,
)
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from engine.chats.records import Hit
from gui.chat.chat_rows import age_of
from gui.chat.words import age_text, tr
from gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
HIT_ROLE = Qt.ItemDataRole.UserRole + 1
NO_INDEX = QModelIndex()
PAD = 10
ELLIPSIS = "…"


class HitModel(QAbstractListModel):
    """The hits, the best first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hits: list[Hit] = []

    def set_hits(self, hits: Sequence[Hit]) -> None:
        self.beginResetModel()
        self._hits = list(hits)
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        hit = self._hits[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return hit.title or tr("New chat")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{hit.title}: {hit.snippet}"
        return hit if role == HIT_ROLE else None


class HitDelegate(QStyledItemDelegate):
    """Two lines: the chat's title with its age, and the words around what was met."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = QFontMetrics(self._theme.font("body")).height()
        return QSize(0, 2 * line + self._theme.px(16))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        palette, px = self._theme.palette, self._theme.px
        hit: Hit = index.data(HIT_ROLE)
        selected = option.state & QStyle.StateFlag.State_Selected
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.accent_soft if selected else palette.rail))
            painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), px(8), px(8))
        rect = option.rect.adjusted(PAD, px(6), -PAD, -px(6))
        self._paint_title(painter, rect, hit)
        self._paint_snippet(painter, rect, hit)
        painter.restore()

    def _paint_title(self, painter: QPainter, rect: QRect, hit: Hit) -> None:
        palette, font = self._theme.palette, self._theme.font("body")
        metrics, now = QFontMetrics(font), datetime.now()
        age = age_text(age_of(hit.created_s, now), now)
        painter.setFont(font)
        painter.setPen(QColor(palette.text_faint))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, age)
        room = rect.width() - metrics.horizontalAdvance(age) - PAD
        title = metrics.elidedText(hit.title or tr("New chat"), Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(palette.text))
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)

    def _paint_snippet(self, painter: QPainter, rect: QRect, hit: Hit) -> None:
        """One line of it, with the words that were met in the accent's colour."""
        palette, font = self._theme.palette, self._theme.font("body")
        text, marks = one_line(hit.snippet, hit.marks)
        met = QTextCharFormat()
        met.setForeground(QColor(palette.accent))
        met.setFontWeight(600)
        layout = fitted(text, marks, met, font, rect.width())
        painter.setPen(QColor(palette.text_dim))
        top = rect.bottom() - layout.lineAt(0).height() + 1
        layout.draw(painter, QPointF(rect.left(), top))


def fitted(
    text: str, marks: Sequence[tuple[int, int]], met: QTextCharFormat, font: QFont, width: int
) -> QTextLayout:
    """A text laid out on one line of so many pixels; one that is longer ends in dots."""
    layout = _laid(text, marks, met, font)
    if layout.maximumWidth() <= width:
        return layout
    room = width - QFontMetrics(font).horizontalAdvance(ELLIPSIS)
    units = text.encode("utf-16-le")[: 2 * layout.lineAt(0).xToCursor(room)]
    shown = units.decode("utf-16-le", "ignore").rstrip()
    layout = _laid(shown + ELLIPSIS, marks, met, font)
    # The nearest place between two letters may lie a little behind.
    while shown and layout.maximumWidth() > width:
        shown = shown[:-1].rstrip()
        layout = _laid(shown + ELLIPSIS, marks, met, font)
    return layout


def _laid(
    text: str, marks: Sequence[tuple[int, int]], met: QTextCharFormat, font: QFont
) -> QTextLayout:
    """A text on one line, however long, with what was met in a format of its own."""
    layout = QTextLayout(text, font)
    formats = []
    for start, end in marks:
        piece = QTextLayout.FormatRange()
        piece.start, piece.length, piece.format = start, end - start, met
        formats.append(piece)
    layout.setFormats(formats)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(1e6)
    layout.endLayout()
    return layout


def one_line(text: str, marks: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """A snippet on one line (every line's end is a space), its marks in UTF-16 units as Qt counts.
    What stands far before the first mark goes, so that the mark is seen in a narrow list."""
    start = max(0, marks[0][0] - 24) if marks else 0
    shown = "".join(" " if letter.isspace() else letter for letter in text[start:])
    lead = "…" if start else ""

    def unit(at: int) -> int:
        return len(lead) + len(shown[: at - start].encode("utf-16-le")) // 2

    return lead + shown, [(unit(a), unit(b)) for a, b in marks if b > a >= start]


class SearchResults(QListView):
    """The list of hits."""

    hit_chosen = Signal(str, str)  # chat id, message id ("" for a title)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hits = HitModel(self)
        self.setModel(self.hits)
        self.setItemDelegate(HitDelegate(theme, self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Found"))
        self.clicked.connect(self._on_chosen)
        self.activated.connect(self._on_chosen)
        theme.changed.connect(self._on_theme_changed)

    def set_hits(self, hits: Sequence[Hit]) -> None:
        self.hits.set_hits(hits)
        self.setCurrentIndex(self.hits.index(0))

    def step(self, by: int) -> None:
        """Move the choice, as from the search field."""
        n_rows = self.hits.rowCount()
        if n_rows:
            row = min(max(0, self.currentIndex().row() + by), n_rows - 1)
            self.setCurrentIndex(self.hits.index(row))

    def choose_current(self) -> None:
        self._on_chosen(self.currentIndex())

    @Slot(QModelIndex)
    def _on_chosen(self, index: QModelIndex) -> None:
        hit = index.data(HIT_ROLE)
        if isinstance(hit, Hit):
            self.hit_chosen.emit(hit.chat_id, hit.message_id or "")

    @Slot()
    def _on_theme_changed(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.viewport().update()
