"""The chats as a Qt list model: rows of headings and titles, kept in order as chats change; chats
can be dragged onto a folder.

Draws nothing, stores nothing: a rename typed in place, a drop and a fold are wishes.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from gui.chat.chat_rows import (
    PINNED,
    ChatLike,
    ChatRow,
    FolderLike,
    HeadingRow,
    Row,
    age_of,
    rows_of,
)
from gui.chat.words import age_text, heading_text, tr
from gui.widgets.plain_tip import plain_tip

Index = QModelIndex | QPersistentModelIndex
CHAT_ID_ROLE = Qt.ItemDataRole.UserRole + 1
AGE_ROLE = Qt.ItemDataRole.UserRole + 2
ROW_ROLE = Qt.ItemDataRole.UserRole + 3
CHAT_MIME = "application/x-bathysphere-chat"
NO_INDEX = QModelIndex()


class ChatListModel(QAbstractListModel):
    """Rows of the chat list.

    Args:
        now: the clock; tests bring their own.
    """

    rename_requested = Signal(str, str)  # chat id, the new title
    folder_rename_requested = Signal(str, str)  # folder id, the new name
    move_requested = Signal(str, str)  # chat id, folder id ("" for none)
    pin_requested = Signal(str)  # chat id, dropped among the pinned

    def __init__(
        self, parent: QObject | None = None, now: Callable[[], datetime] = datetime.now
    ) -> None:
        super().__init__(parent)
        self._now = now
        self._chats: list[ChatLike] = []
        self._folders: list[FolderLike] = []
        self._rows: list[Row] = []
        self.closed: frozenset[str] = frozenset()
        # Whether a name is being typed in a row, which must stay where it is until that is over.
        self.is_held: Callable[[], bool] = lambda: False

    # ---- what the room tells ----

    def set_chats(self, chats: Iterable[ChatLike]) -> None:
        self._chats = list(chats)
        self.refresh()

    def set_folders(self, folders: Sequence[FolderLike]) -> None:
        self._folders = list(folders)
        self.refresh()

    def set_closed(self, closed: Iterable[str]) -> None:
        """Which folders are folded."""
        self.closed = frozenset(closed)
        self.refresh()

    def toggle(self, folder_id: str) -> None:
        """Fold a folder, or open it."""
        self.set_closed(self.closed ^ {folder_id})

    def refresh(self) -> None:
        """Group and age the rows anew; ages alone are a small change, other rows a reset."""
        if self.is_held():
            return
        rows = rows_of(self._chats, self._now(), self._folders, self.closed)
        if [_key(row) for row in rows] != [_key(row) for row in self._rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
        elif rows:
            self._rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    # ---- looking ----

    def row_at(self, index: Index) -> Row | None:
        return self._rows[index.row()] if index.isValid() else None

    def chat_id_at(self, index: Index) -> str:
        """The chat of a row, "" for a heading or no row."""
        row = self.row_at(index)
        return row.id if isinstance(row, ChatRow) else ""

    def folder_id_at(self, index: Index) -> str:
        """The folder whose heading a row is, "" for any other row."""
        row = self.row_at(index)
        return row.key if isinstance(row, HeadingRow) and row.folder else ""

    def folder_of(self, chat_id: str) -> str:
        """The folder that a chat is in, "" for none."""
        chat = next((one for one in self._chats if one.id == chat_id), None)
        return (chat.folder_id or "") if chat is not None else ""

    def index_of(self, chat_id: str) -> QModelIndex:
        """The row of a chat, an invalid index where it is not shown."""
        for number, row in enumerate(self._rows):
            if isinstance(row, ChatRow) and row.id == chat_id:
                return self.index(number)
        return QModelIndex()

    @property
    def chats(self) -> list[ChatLike]:
        return list(self._chats)

    @property
    def folders(self) -> list[FolderLike]:
        return list(self._folders)

    @property
    def n_chats(self) -> int:
        return len(self._chats)

    # ---- Qt's questions ----

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row_at(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if isinstance(row, HeadingRow):
            return _heading_data(row, role)
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
            return plain_tip(f"{row.title or tr('New chat')}\n{when}")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, text = self.row_at(index), " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or not text:
            return False
        if isinstance(row, ChatRow):
            if text != row.title:
                self._rows[index.row()] = replace(row, title=text)
                self.dataChanged.emit(index, index)
                self.rename_requested.emit(row.id, text)
            return True
        if row is None or not row.folder:
            return False
        if text != row.folder:
            self.folder_rename_requested.emit(row.key, text)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        row, flag = self.row_at(index), Qt.ItemFlag
        if row is None:
            return flag.NoItemFlags
        if isinstance(row, HeadingRow):
            # The keys step over a day's heading; chats are dropped onto the chats below it.
            folder = flag.ItemIsEnabled | flag.ItemIsDropEnabled | flag.ItemIsEditable
            return folder | flag.ItemNeverHasChildren if row.folder else flag.NoItemFlags
        shared = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled
        return shared | flag.ItemIsEditable | flag.ItemNeverHasChildren | flag.ItemIsDropEnabled

    # ---- dragging a chat ----

    def mimeTypes(self) -> list[str]:
        return [CHAT_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        data.setData(CHAT_MIME, self.chat_id_at(indexes[0]).encode())
        return data

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        return data.hasFormat(CHAT_MIME) and self._heading_above(row, parent) is not None

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        heading = self._heading_above(row, parent)
        if not data.hasFormat(CHAT_MIME) or heading is None:
            return False
        chat_id = bytes(data.data(CHAT_MIME).data()).decode()
        if heading.key == PINNED:
            self.pin_requested.emit(chat_id)
        else:
            self.move_requested.emit(chat_id, heading.key if heading.folder else "")
        return False  # the row moves when the store says so; Qt must not take it away

    def _heading_above(self, row: int, parent: Index) -> HeadingRow | None:
        """The heading under which something is dropped: onto a row, or between two."""
        at = parent.row() if parent.isValid() else min(row, len(self._rows)) - 1
        for one in reversed(self._rows[: at + 1]):
            if isinstance(one, HeadingRow):
                return one
        return None


def _heading_data(row: HeadingRow, role: int) -> Any:
    if role == Qt.ItemDataRole.DisplayRole:
        return row.folder or heading_text(row.key)
    if role == Qt.ItemDataRole.EditRole:
        return row.folder
    if role == Qt.ItemDataRole.AccessibleTextRole and row.folder:
        state = tr("open") if row.is_open else tr("closed")
        return tr("Folder {name}, {n} chats, {state}").format(name=row.folder, n=row.n, state=state)
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return heading_text(row.key)
    if role == Qt.ItemDataRole.ToolTipRole and row.folder:
        return tr("Click to fold or open; drag chats here; F2 renames")
    return None


def _key(row: Row) -> tuple[object, ...]:
    if isinstance(row, HeadingRow):
        return "", row.key, row.folder, row.is_open
    return row.id, row.title, row.pinned
