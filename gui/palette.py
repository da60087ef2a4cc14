"""The command palette (Ctrl+K): type a few letters of anything the window can do, Enter does it.

Floats over the window; Esc or a click elsewhere closes it. What there is to do is commands.py's.
"""

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from gui.commands import Command, rank
from gui.theme import Theme
from gui.widgets.kinds import label

Index = QModelIndex | QPersistentModelIndex
WIDTH_PX = 560
ROWS = 10
NO_INDEX = QModelIndex()
COMMAND_ROLE = Qt.ItemDataRole.UserRole + 1
_LIST_KEYS = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})


class CommandModel(QAbstractListModel):
    """The commands that fit what was typed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Command] = []
        self.shown: list[Command] = []

    def set_commands(self, commands: list[Command]) -> None:
        self._all = commands
        self.set_query("")

    def set_query(self, query: str) -> None:
        self.beginResetModel()
        self.shown = rank(query, self._all)
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        command = self.shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return command.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (command.text, command.note, command.keys) if part)
        return command if role == COMMAND_ROLE else None


class CommandDelegate(QStyledItemDelegate):
    """Paints a command: its words, where it is found, its keys at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, QFontMetrics(self._theme.font("body")).height() + self._theme.px(14))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        palette, px = self._theme.palette, self._theme.px
        command: Command = index.data(COMMAND_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.accent_soft))
            painter.drawRoundedRect(option.rect, px(8), px(8))
        self._paint_words(painter, option.rect.adjusted(px(10), 0, -px(10), 0), command)
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRect, command: Command) -> None:
        palette, px = self._theme.palette, self._theme.px
        font = self._theme.font("body")
        metrics, middle = QFontMetrics(font), Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font)
        painter.setPen(QColor(palette.text_faint))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | middle, command.keys)
        room = rect.width() - metrics.horizontalAdvance(command.keys) - px(12)
        text = metrics.elidedText(command.text, Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(palette.text))
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | middle, text)
        left = metrics.horizontalAdvance(text) + px(10)
        note = metrics.elidedText(command.note, Qt.TextElideMode.ElideRight, max(0, room - left))
        painter.setPen(QColor(palette.text_faint))
        painter.drawText(rect.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | middle, note)


class CommandPalette(QFrame):
    """The palette of one window.

    Args:
        host: what it floats over, and whose size it follows.
        commands: asked each time it opens.
    """

    def __init__(self, theme: Theme, host: QWidget, commands: Callable[[], list[Command]]) -> None:
        super().__init__(host)
        self._theme, self._host, self._commands = theme, host, commands
        self._focus_before: QWidget | None = None
        self.model = CommandModel(self)
        self.edit = QLineEdit(self)
        self.view = QListView(self)
        self.nothing = label(self.tr("Nothing here is called that."), "faint")
        self._lay_out()
        self.edit.textChanged.connect(self._on_typed)
        self.edit.returnPressed.connect(self.do_current)
        self.view.clicked.connect(self.do_current)
        self.edit.installEventFilter(self)
        host.installEventFilter(self)
        theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    def open(self) -> None:
        """Show all that can be done now; closes it if it is open."""
        if self.isVisible():
            self.close_palette()
            return
        self._focus_before = self._host.focusWidget()
        self.model.set_commands(self._commands())
        self.edit.clear()
        self._on_typed("")
        self._place()
        self.show()
        self.raise_()
        self.edit.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_palette(self) -> None:
        """Close it; the keyboard goes back to where it was."""
        self.hide()
        before, self._focus_before = self._focus_before, None
        if before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    @Slot()
    def do_current(self) -> None:
        """Do the chosen line."""
        command = self.view.currentIndex().data(COMMAND_ROLE)
        if isinstance(command, Command):
            self.close_palette()
            command.do()

    # ---- making ----

    def _lay_out(self) -> None:
        self.setObjectName("palette")
        self.setAccessibleName(self.tr("Commands"))
        self.edit.setPlaceholderText(self.tr("What do you want to do?"))
        self.edit.setAccessibleName(self.tr("Search commands and chats"))
        self.view.setModel(self.model)
        self.view.setItemDelegate(CommandDelegate(self._theme, self.view))
        self.view.setFrameShape(QListView.Shape.NoFrame)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setAccessibleName(self.tr("Commands found"))
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.addWidget(self.edit)
        layout.addWidget(self.nothing)
        layout.addWidget(self.view)

    def _place(self) -> None:
        px, host = self._theme.px, self._host
        width = min(px(WIDTH_PX), host.width() - px(40))
        rows = min(max(1, self.model.rowCount()), ROWS)
        row_height = QFontMetrics(self._theme.font("body")).height() + px(14)
        most = max(row_height, host.height() - px(180))
        self.view.setFixedHeight(min(rows * row_height + px(4), most))
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((host.width() - width) // 2, px(64))

    # ---- slots ----

    @Slot(str)
    def _on_typed(self, query: str) -> None:
        self.model.set_query(query)
        has_some = self.model.rowCount() > 0
        self.nothing.setVisible(not has_some)
        self.view.setVisible(has_some)
        self.view.setCurrentIndex(self.model.index(0))
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self._host and kind == QEvent.Type.Resize and self.isVisible():
            self._place()
        elif watched is self.edit and kind == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        elif (
            watched is self.edit
            and kind in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
            and isinstance(event, QKeyEvent)
        ):
            return self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        """Arrows move in the list, Esc closes before it means anything to the room."""
        is_press = event.type() == QEvent.Type.KeyPress
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            if is_press:
                self.close_palette()
            return True
        if event.key() in _LIST_KEYS and is_press:
            self._step(event.key())
            return True
        return False

    def _step(self, key: int) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -ROWS}
        n_rows = self.model.rowCount()
        if n_rows:
            row = self.view.currentIndex().row() + steps.get(Qt.Key(key), ROWS)
            is_single = abs(steps.get(Qt.Key(key), ROWS)) == 1
            row = row % n_rows if is_single else min(max(0, row), n_rows - 1)
            self.view.setCurrentIndex(self.model.index(row))

    @Slot()
    def _dress(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self.setStyleSheet(
            f"#palette {{ background: {palette.pane}; border: 1px solid {palette.text_faint};"
            f" border-radius: {px(12)}px; }}"
            "#palette QListView { background: transparent; border: none; }"
        )
