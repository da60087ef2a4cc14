"""Things of the user folder in a list (datasets, texts, tokenizers): open, rename, delete. Draws
and tells; what happens is its owner's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.icons import icon
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.plain_tip import plain_tip

ELIDED = Qt.TextElideMode.ElideRight
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
INFO_ROLE, FACTS_ROLE = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2


class KeptList(QListWidget):
    """Enter or a double click opens, F2 renames in place, Delete deletes.

    Args:
        name, tip: of the list.
        facts: what is said of a thing in a line; things have a `name` and a `path`.
        can_rename: whether a thing can be called something else.
    """

    open_asked = Signal(object)  # the thing
    rename_asked = Signal(object, str)  # the thing, its new name
    delete_asked = Signal(object)  # the thing

    def __init__(
        self,
        theme: Theme,
        name: str,
        tip: str,
        facts: Callable[[Any], str],
        parent: QWidget | None = None,
        *,
        can_rename: bool = True,
    ) -> None:
        super().__init__(parent)
        self._theme, self._facts, self._can_rename = theme, facts, can_rename
        self.infos: list[Any] = []
        self.setProperty("kind", "boxed")
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setItemDelegate(_WithFacts(theme, self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemActivated.connect(self._on_activated)
        self.itemChanged.connect(self._on_changed)

    def show_infos(self, infos: Sequence[Any], used: str) -> None:
        """used: path of the one in use."""
        current = self.currentRow()
        self.infos = list(infos)
        with QSignalBlocker(self):
            self.clear()
            for info in infos:
                self._add(info, info.path == used)
            self.setCurrentRow(min(max(0, current), len(infos) - 1))

    def _add(self, info: Any, is_used: bool) -> None:
        item = QListWidgetItem(info.name, self)
        if self._can_rename:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        item.setData(INFO_ROLE, info)
        facts = self._facts(info)
        item.setData(FACTS_ROLE, facts)
        item.setToolTip(plain_tip(f"{info.name}\n{facts}\n{info.path}"))
        said = f"{info.name}, {facts}" + (tr(", in use") if is_used else "")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
        palette = self._theme.palette
        name, colour = ("check", palette.accent) if is_used else ("folder", palette.text_dim)
        item.setIcon(icon(name, colour))

    def info_of(self, item: QListWidgetItem | None) -> Any:
        """What a line stands for, None for no line."""
        return item.data(INFO_ROLE) if item is not None else None

    # ---- what a person does ----

    def keyPressEvent(self, event: QKeyEvent) -> None:
        info = self.info_of(self.currentItem())
        is_editing = self.state() == QAbstractItemView.State.EditingState
        if event.key() == Qt.Key.Key_Delete and info is not None and not is_editing:
            self.delete_asked.emit(info)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and info and not is_editing:
            self.open_asked.emit(info)
        else:
            super().keyPressEvent(event)

    @Slot(QListWidgetItem)
    def _on_activated(self, item: QListWidgetItem) -> None:
        info = self.info_of(item)
        if info is not None:
            self.open_asked.emit(info)

    @Slot(QListWidgetItem)
    def _on_changed(self, item: QListWidgetItem) -> None:
        info, name = self.info_of(item), " ".join(item.text().split())
        if info is None or name == info.name:
            return
        if name:
            self.rename_asked.emit(info, name)
        else:
            with QSignalBlocker(self):
                item.setText(info.name)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        item = self.currentItem() if by_key else self.itemAt(event.pos())
        if item is None:
            return
        menu = self.menu_for(item)
        place = self.visualItemRect(item).bottomLeft() if by_key else event.pos()
        menu.popup(self.viewport().mapToGlobal(place))

    def menu_for(self, item: QListWidgetItem) -> QMenu:
        """What can be done with one."""
        menu, colour = QMenu(self), self._theme.palette.text_dim
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        info = self.info_of(item)
        go = menu.addAction(icon("continue", colour), tr("Go on with it"))
        go.triggered.connect(partial(self._on_activated, item))
        if self._can_rename:
            rename = menu.addAction(icon("edit", colour), tr("Rename"))
            rename.triggered.connect(partial(self.editItem, item))
        delete = menu.addAction(icon("trash", colour), tr("Delete"))
        delete.triggered.connect(lambda: self.delete_asked.emit(info))
        return menu


class _WithFacts(QStyledItemDelegate):
    """The facts at the right, where the name leaves room for them."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        metrics, px = option.fontMetrics, self._theme.px
        taken = metrics.horizontalAdvance(str(index.data())) + px(56)
        room = option.rect.adjusted(taken, 0, -px(10), 0)
        if room.width() < px(60):
            return
        facts = metrics.elidedText(str(index.data(FACTS_ROLE)), ELIDED, room.width())
        painter.save()
        painter.setPen(QColor(self._theme.palette.text_faint))
        painter.drawText(room, RIGHT, facts)
        painter.restore()
