"""How a row of the chat list looks: small capitals for a heading, a title with its age at the
right, an editor in place.

Colours and fonts come from the theme at each paint, so a change of theme needs only a repaint.
"""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.chat.chat_list_model import AGE_ROLE, CHAT_ID_ROLE
from gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
CORNER = 8
PAD = 10


class ChatListDelegate(QStyledItemDelegate):
    """Paints headings and chats; all rows are of one height, so that 2,000 chats cost no layout."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, QFontMetrics(self._theme.font("body")).height() + 16)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(CHAT_ID_ROLE):
            self._paint_chat(painter, option, index)
        else:
            self._paint_heading(painter, option.rect, str(index.data()))
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, text: str) -> None:
        painter.setFont(self._theme.font("label"))
        painter.setPen(QColor(self._theme.palette.text_faint))
        inner = rect.adjusted(2, 0, -2, -6)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)

    def _paint_chat(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        palette = self._theme.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        box = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5)
        if selected or hovered:
            painter.setBrush(QColor(palette.accent_soft if selected else palette.rail))
            focused = selected and bool(option.state & QStyle.StateFlag.State_HasFocus)
            painter.setPen(QColor(palette.accent) if focused else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(box, CORNER, CORNER)
        self._paint_texts(painter, option.rect.adjusted(PAD, 0, -PAD, 0), index)

    def _paint_texts(self, painter: QPainter, rect: QRect, index: Index) -> None:
        palette, age = self._theme.palette, str(index.data(AGE_ROLE))
        middle = Qt.AlignmentFlag.AlignVCenter
        small = self._theme.font("body")
        small.setPixelSize(self._theme.px(11))
        age_width = QFontMetrics(small).horizontalAdvance(age)
        painter.setFont(small)
        painter.setPen(QColor(palette.text_faint))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | middle, age)
        font = self._theme.font("body")
        title_width = rect.width() - age_width - PAD
        title = QFontMetrics(font).elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, title_width
        )
        painter.setFont(font)
        painter.setPen(QColor(palette.text))
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | middle, title)

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QLineEdit:
        editor = QLineEdit(parent)
        editor.setAccessibleName(self.tr("Chat title"))
        return editor
