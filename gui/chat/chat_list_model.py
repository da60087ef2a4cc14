"""The chats as a Qt list model: rows of headings and titles, filtered and kept in order as chats
change.

Draws nothing, stores nothing: a rename typed in place is a wish.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from gui.chat.chat_rows import ChatLike, ChatRow, HeadingRow, Row, age_of, rows_of
from gui.chat.words import age_text, group_text, tr

Index = QModelIndex | QPersistentModelIndex
CHAT_ID_ROLE = Qt.ItemDataRole.UserRole + 1
AGE_ROLE = Qt.ItemDataRole.UserRole + 2
NO_INDEX = QModelIndex()


class ChatListModel(QAbstractListModel):
    """Rows of the chat list.

    Args:
        now: the clock; tests bring their own.
    """

    rename_requested = Signal(str, str)  # chat id, the new title

    def __init__(
        self, parent: QObject | None = None, now: Callable[[], datetime] = datetime.now
    ) -> None:
        super().__init__(parent)
        self._now = now
        self._chats: list[ChatLike] = []
        self._rows: list[Row] = []
        self._query = ""

    # ---- what the room tells ----

    def set_chats(self, chats: Iterable[ChatLike]) -> None:
        self._chats = list(chats)
        self.refresh()

    def set_query(self, query: str) -> None:
        self._query = query
        self.refresh()

    def refresh(self) -> None:
        """Group and age the rows anew; ages alone are a small change, other rows a reset."""
        rows = rows_of(self._chats, self._query, self._now())
        if [_key(row) for row in rows] != [_key(row) for row in self._rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
        elif rows:
            self._rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    # ---- looking ----

    def chat_id_at(self, index: Index) -> str:
        """The chat of a row, "" for a heading or no row."""
        row = self._rows[index.row()] if index.isValid() else None
        return row.id if isinstance(row, ChatRow) else ""

    def index_of(self, chat_id: str) -> QModelIndex:
        """The row of a chat, an invalid index where it is not shown."""
        for number, row in enumerate(self._rows):
            if isinstance(row, ChatRow) and row.id == chat_id:
                return self.index(number)
        return QModelIndex()

    @property
    def n_chats(self) -> int:
        return len(self._chats)

    # ---- Qt's questions ----

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if isinstance(row, HeadingRow):
            is_text = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return group_text(row.group) if is_text else None
        return self._chat_data(row, role)

    def _chat_data(self, row: ChatRow, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title or tr("New chat")
        if role == Qt.ItemDataRole.EditRole:
            return row.title
        if role == CHAT_ID_ROLE:
            return row.id
        if role == AGE_ROLE:
            now = self._now()
            return age_text(age_of(row.updated_s, now), now)
        if role == Qt.ItemDataRole.ToolTipRole:
            when = datetime.fromtimestamp(row.updated_s).strftime("%Y-%m-%d %H:%M")
            return f"{row.title or tr('New chat')}\n{when}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self._rows[index.row()] if index.isValid() else None
        title = " ".join(str(value).split())
        if not isinstance(row, ChatRow) or role != Qt.ItemDataRole.EditRole or not title:
            return False
        if title != row.title:
            self._rows[index.row()] = ChatRow(row.id, title, row.updated_s)
            self.dataChanged.emit(index, index)
            self.rename_requested.emit(row.id, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or isinstance(self._rows[index.row()], HeadingRow):
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemNeverHasChildren


def _key(row: Row) -> tuple[str, str]:
    if isinstance(row, HeadingRow):
        return "", row.group
    return row.id, row.title
