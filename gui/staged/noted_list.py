"""A list of lines, each with a name at the left and a note at the right: runs and their progress,
steps and their ticks. As tall as its lines where there is room for them. Knows nothing of what is
listed.
"""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.icons import pixmap
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.plain_tip import plain_tip

Index = QModelIndex | QPersistentModelIndex
_LINE = Qt.ItemDataRole.UserRole + 1
PAD = 10
CORNER = 8
LEAST_LINES = 2
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Line(Struct, frozen=True):
    """One line. note: at the right; icon: before the note, a file of resources/icons; tone: the
    note's colour, a field of the palette; is_there: it can be chosen."""

    key: str
    name: str
    note: str = ""
    tip: str = ""
    icon: str = ""
    tone: str = "text_faint"
    is_there: bool = True


class NotedList(QListWidget):
    """One line is chosen by a click, by the arrow keys, or by who owns the list."""

    chosen = Signal(str)  # the key of the line that a person chose
    renamed = Signal(str, str)  # key, and the name that a person typed

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.lines: list[Line] = []
        self.setAccessibleName(name)
        self.setItemDelegate(_Delegate(theme, self))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setEditTriggers(QListWidget.EditTrigger.NoEditTriggers)
        self.currentItemChanged.connect(self._on_current_changed)
        self.itemChanged.connect(self._on_item_changed)
        theme.changed.connect(self._on_theme_changed)

    @property
    def key(self) -> str:
        """Of the line that is chosen; "" for none."""
        row = self.currentRow()
        return self.lines[row].key if 0 <= row < len(self.lines) else ""

    def set_lines(self, lines: list[Line]) -> None:
        """Show these; the chosen one stays chosen where it is still there."""
        if lines == self.lines:
            return
        key = self.key
        self.lines = lines
        with QSignalBlocker(self):
            while self.count() > len(lines):
                self.takeItem(self.count() - 1)
            while self.count() < len(lines):
                self.addItem(QListWidgetItem())
            for row, line in enumerate(lines):
                _fill(self.item(row), line)
        self.choose(key)
        self.updateGeometry()

    def choose(self, key: str) -> None:
        """Mark a line without telling it as a person's choice; "" for none."""
        row = next((row for row, line in enumerate(self.lines) if line.key == key), -1)
        if row != self.currentRow():
            with QSignalBlocker(self):
                self.setCurrentRow(row)
            self.viewport().update()

    def edit_name(self, key: str) -> None:
        """Let a person type another name for a line."""
        item = next(one for one in map(self.item, range(self.count())) if _line(one).key == key)
        with QSignalBlocker(self):
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self.scrollToItem(item)
        self.editItem(item)

    @Slot(QListWidgetItem)
    def _on_item_changed(self, item: QListWidgetItem) -> None:
        """A name was typed; it is shown once it is told anew."""
        line, name = _line(item), item.text().strip()
        with QSignalBlocker(self):
            _fill(item, line)
        if name and name != line.name:
            self.renamed.emit(line.key, name)

    def line_at(self, place: QPoint) -> Line | None:
        """The line under a place of the viewport, else the chosen one (the key for menus has no
        place)."""
        row = self.indexAt(place).row()
        row = self.currentRow() if row < 0 else row
        return self.lines[row] if 0 <= row < len(self.lines) else None

    # ---- size ----

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(120), self._height(self.count()))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(80), self._height(min(LEAST_LINES, self.count())))

    def _height(self, n_lines: int) -> int:
        return n_lines * line_height(self._theme) + 2 * self.frameWidth()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.updateGeometry()

    @Slot(QListWidgetItem, QListWidgetItem)
    def _on_current_changed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(_line(item).key)


def line_height(theme: Theme) -> int:
    return QFontMetrics(theme.font("body")).height() + theme.px(14)


def _line(item: QListWidgetItem) -> Line:
    line = item.data(_LINE)
    assert isinstance(line, Line), line
    return line


def _fill(item: QListWidgetItem, line: Line) -> None:
    flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
    item.setText(line.name)
    item.setData(_LINE, line)
    item.setToolTip(plain_tip(line.tip))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, _said(line))))
    item.setFlags(flags if line.is_there else Qt.ItemFlag.NoItemFlags)


def _said(line: Line) -> tuple[str, str, str]:
    return line.name, line.note, "" if line.is_there else line.tip


class _Delegate(QStyledItemDelegate):
    """Colours and fonts come from the theme at each paint."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, line_height(self._theme))

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QLineEdit:
        editor = QLineEdit(parent)
        editor.setAccessibleName(tr("Name"))
        editor.setMinimumHeight(0)
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        editor.setGeometry(option.rect)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line = index.data(_LINE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_box(painter, option, line)
        inner = option.rect.adjusted(PAD, 0, -PAD, 0)
        taken = self._paint_note(painter, inner, line)
        font = self._theme.font("body")
        room = inner.width() - taken
        name = QFontMetrics(font).elidedText(line.name, Qt.TextElideMode.ElideRight, room)
        palette = self._theme.palette
        painter.setFont(font)
        painter.setPen(QColor(palette.text if line.is_there else palette.text_faint))
        painter.drawText(inner, LEFT, name)
        painter.restore()

    def _paint_box(self, painter: QPainter, option: QStyleOptionViewItem, line: Line) -> None:
        palette, state = self._theme.palette, QStyle.StateFlag
        is_selected = bool(option.state & state.State_Selected)
        is_hovered = bool(option.state & state.State_MouseOver) and line.is_there
        if is_selected or is_hovered:
            has_keys = is_selected and bool(option.state & state.State_HasFocus)
            painter.setBrush(QColor(palette.accent_soft if is_selected else palette.rail))
            painter.setPen(QColor(palette.accent) if has_keys else Qt.PenStyle.NoPen)
            box = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5)
            painter.drawRoundedRect(box, CORNER, CORNER)

    def _paint_note(self, painter: QPainter, inner: QRect, line: Line) -> int:
        """The note and its icon; how much width they take."""
        colour = str(getattr(self._theme.palette, line.tone))
        font = self._theme.font("body")
        font.setPixelSize(self._theme.px(12))
        metrics, gap = QFontMetrics(font), self._theme.px(4)
        # The name keeps the larger part.
        note = metrics.elidedText(line.note, Qt.TextElideMode.ElideRight, inner.width() // 2)
        width = metrics.horizontalAdvance(note)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(inner, RIGHT, note)
        if line.icon:
            side = self._theme.px(13)
            ratio = painter.device().devicePixelRatioF()
            left = inner.right() - width - (gap if note else 0) - side + 1
            picture = pixmap(line.icon, colour, side, ratio)
            painter.drawPixmap(left, inner.center().y() - side // 2, picture)
            width += side + (gap if note else 0)
        return width + gap * 2 if width else 0
