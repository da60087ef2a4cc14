"""How a rated reply looks in the list: the question with its age, the answer with its thumb, the
correction, the tags; a line each, as many as there are.
"""

from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.chats.records import RatedEntry
from gui.chat.chat_rows import age_of
from gui.chat.rated_model import ENTRY_ROLE
from gui.chat.words import age_text, tr
from gui.icons import pixmap
from gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
PAD, CORNER = 10, 8
LEFT = Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignRight
MIDDLE = Qt.AlignmentFlag.AlignVCenter


class RatedDelegate(QStyledItemDelegate):
    """Two to four lines."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _n_lines(index.data(ENTRY_ROLE)) * self._line_px() + self._theme.px(14))

    def _line_px(self) -> int:
        return QFontMetrics(self._theme.font("body")).height() + self._theme.px(2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: RatedEntry = index.data(ENTRY_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        line = option.rect.adjusted(PAD, self._theme.px(7), -PAD, 0)
        line.setHeight(self._line_px())
        self._paint_question(painter, line, entry)
        palette = self._theme.palette
        thumb = {1: "thumb-up", -1: "thumb-down"}.get(entry.rating, "")
        colour = {1: palette.good, -1: palette.bad}.get(entry.rating, palette.text_dim)
        self._paint_line(painter, line, thumb, colour, entry.answer, palette.text_dim)
        if entry.correction:
            accent = palette.accent
            self._paint_line(painter, line, "edit", accent, entry.correction, palette.text)
        if entry.tags:
            faint, tags = palette.text_faint, ", ".join(entry.tags)
            self._paint_line(painter, line, "tag", faint, tags, faint)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        palette = self._theme.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if not selected and not option.state & QStyle.StateFlag.State_MouseOver:
            return
        focused = selected and bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setBrush(QColor(palette.accent_soft if selected else palette.rail))
        painter.setPen(QColor(palette.accent) if focused else Qt.PenStyle.NoPen)
        box = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5)
        painter.drawRoundedRect(box, CORNER, CORNER)

    def _paint_question(self, painter: QPainter, line: QRect, entry: RatedEntry) -> None:
        palette, now = self._theme.palette, datetime.now()
        small = self._theme.font("body")
        small.setPixelSize(self._theme.px(11))
        age = age_text(age_of(entry.created_s, now), now)
        painter.setFont(small)
        painter.setPen(QColor(palette.text_faint))
        painter.drawText(line, RIGHT | MIDDLE, age)
        room = line.adjusted(0, 0, -QFontMetrics(small).horizontalAdvance(age) - PAD, 0)
        self._paint_text(painter, room, entry.question or tr("No question"), palette.text)

    def _paint_line(
        self, painter: QPainter, line: QRect, picture: str, tint: str, text: str, colour: str
    ) -> None:
        """The next line: a picture and a text."""
        line.translate(0, line.height())
        px = self._theme.px
        if picture:
            ratio = painter.device().devicePixelRatioF()
            side = px(13)
            drawn = pixmap(picture, tint, side, ratio)
            painter.drawPixmap(line.left(), line.center().y() - side // 2, drawn)
        self._paint_text(painter, line.adjusted(px(19), 0, 0, 0), text, colour)

    def _paint_text(self, painter: QPainter, rect: QRect, text: str, colour: str) -> None:
        font = self._theme.font("body")
        shown = QFontMetrics(font).elidedText(
            " ".join(text.split()), Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(rect, LEFT | MIDDLE, shown)


def _n_lines(entry: RatedEntry) -> int:
    return 2 + bool(entry.correction) + bool(entry.tags)
