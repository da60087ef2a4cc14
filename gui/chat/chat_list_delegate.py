"""How a row of the chat list looks: small capitals for a heading, a folder with its arrow and
count, a title with its age at the right, an editor in place.

Colours and fonts come from the theme at each paint, so a change of theme needs only a repaint.
"""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.chat.chat_list_model import AGE_ROLE, ROW_ROLE
from gui.chat.chat_rows import ChatRow, HeadingRow
from gui.icons import pixmap
from gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
CORNER = 8
PAD = 10
LEFT = Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignRight
MIDDLE = Qt.AlignmentFlag.AlignVCenter


class ChatListDelegate(QStyledItemDelegate):
    """Paints headings and chats; all rows are of one height, so that 2,000 chats cost no layout."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, QFontMetrics(self._theme.font("body")).height() + 16)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, ChatRow):
            self._paint_chat(painter, option, index, row)
        elif row.folder:
            self._paint_folder(painter, option, row)
        else:
            self._paint_heading(painter, option.rect, str(index.data()))
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, text: str) -> None:
        painter.setFont(self._theme.font("label"))
        painter.setPen(QColor(self._theme.palette.text_faint))
        inner = rect.adjusted(2, 0, -2, -6)
        painter.drawText(inner, LEFT | Qt.AlignmentFlag.AlignBottom, text)

    def _paint_folder(
        self, painter: QPainter, option: QStyleOptionViewItem, row: HeadingRow
    ) -> None:
        palette, px = self._theme.palette, self._theme.px
        hovered = option.state & QStyle.StateFlag.State_MouseOver
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(palette.accent))
            box = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5)
            painter.drawRoundedRect(box, CORNER, CORNER)
        self._picture(painter, option.rect, 0, "chevron-down" if row.is_open else "chevron-right")
        self._picture(painter, option.rect, px(16), "folder")
        inner = option.rect.adjusted(px(38), 0, -PAD, 0)
        font = self._theme.font("body")
        painter.setFont(font)
        painter.setPen(QColor(palette.text_faint))
        painter.drawText(inner, RIGHT | MIDDLE, f"{row.n:,}")
        room = inner.width() - px(32)
        name = QFontMetrics(font).elidedText(row.folder, Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(palette.text if hovered else palette.text_dim))
        painter.drawText(inner, LEFT | MIDDLE, name)

    def _paint_chat(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index, row: ChatRow
    ) -> None:
        palette = self._theme.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        box = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5)
        if selected or hovered:
            painter.setBrush(QColor(palette.accent_soft if selected else palette.rail))
            focused = selected and bool(option.state & QStyle.StateFlag.State_HasFocus)
            painter.setPen(QColor(palette.accent) if focused else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(box, CORNER, CORNER)
        indent = self._theme.px(16) if row.in_folder else 0
        rect = option.rect.adjusted(PAD + indent, 0, -PAD, 0)
        if row.kind == "notebook":
            self._picture(painter, rect, 0, "file")
            rect.setLeft(rect.left() + self._theme.px(20))
        self._paint_texts(painter, rect, index)

    def _paint_texts(self, painter: QPainter, rect: QRect, index: Index) -> None:
        palette, age = self._theme.palette, str(index.data(AGE_ROLE))
        small = self._theme.font("body")
        small.setPixelSize(self._theme.px(11))
        age_width = QFontMetrics(small).horizontalAdvance(age)
        painter.setFont(small)
        painter.setPen(QColor(palette.text_faint))
        painter.drawText(rect, RIGHT | MIDDLE, age)
        font = self._theme.font("body")
        title_width = rect.width() - age_width - PAD
        title = QFontMetrics(font).elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, title_width
        )
        painter.setFont(font)
        painter.setPen(QColor(palette.text))
        painter.drawText(rect, LEFT | MIDDLE, title)

    def _picture(self, painter: QPainter, rect: QRect, x: int, name: str) -> None:
        side = self._theme.px(14)
        ratio = painter.device().devicePixelRatioF()
        picture = pixmap(name, self._theme.palette.text_faint, side, ratio)
        painter.drawPixmap(rect.left() + x, rect.center().y() - side // 2, picture)

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QLineEdit:
        editor = QLineEdit(parent)
        is_chat = isinstance(index.data(ROW_ROLE), ChatRow)
        editor.setAccessibleName(self.tr("Chat title") if is_chat else self.tr("Folder name"))
        return editor
