"""The left pane of the chat room: search, New, the chats in their folders and days, and the way to
what was archived or deleted.

Emits wishes; what a chat is and where it is kept is the room's business.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QModelIndex,
    QObject,
    QPoint,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.chats.records import Folder, Hit
from gui.chat.chat_list_delegate import ChatListDelegate
from gui.chat.chat_list_model import ChatListModel
from gui.chat.chat_rows import ChatLike
from gui.chat.search_results import SearchResults
from gui.icons import icon
from gui.theme import Theme

AGES_MS = 30_000
Scope = Literal["chats", "archived", "trash"]
IMPORTABLE = (".json", ".jsonl", ".md", ".markdown", ".txt", ".zip")


class ChatListView(QListView):
    """The list itself, with the keys a list has beyond Qt's own."""

    delete_pressed = Signal()
    enter_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.enter_pressed.emit()
            return
        if event.matches(QKeySequence.StandardKey.Delete):
            self.delete_pressed.emit()
            return
        super().keyPressEvent(event)


class ChatList(QWidget):
    """Search box, New button, list, and a foot with Archived and Trash."""

    chat_chosen = Signal(str)  # chat id
    new_chat_requested = Signal()
    rename_requested = Signal(str, str)  # chat id, new title
    delete_requested = Signal(str)  # chat id
    query_changed = Signal(str)  # what is searched, "" for nothing
    hit_chosen = Signal(str, str)  # chat id, message id ("" for a title)
    scope_requested = Signal(str)  # a Scope
    chat_menu_requested = Signal(str, object)  # chat id, the QMenu to fill
    folder_menu_requested = Signal(str, object)  # folder id, the QMenu to fill
    new_menu_requested = Signal(object)  # the QMenu under New, to fill
    files_dropped = Signal(list)  # list[str]: paths of what may be chats
    empty_trash_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._open_id = ""
        self.scope: Scope = "chats"
        self.model = ChatListModel(self)
        self.search = QLineEdit(self)
        self.new_button = QToolButton(self)
        self.view = ChatListView(self)
        self.results = SearchResults(theme, self)
        self.pages = QStackedWidget(self)
        self.nothing = QLabel(self)
        self.back_button = QPushButton(self)
        self.empty_button = QPushButton(self.tr("Empty the trash"), self)
        self.archived_button = QPushButton(self.tr("Archived"), self)
        self.trash_button = QPushButton(self.tr("Trash"), self)
        self._lay_out()
        self._set_up_view()
        self._name_parts()
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._ages = QTimer(self, interval=AGES_MS)
        self._ages.timeout.connect(self.model.refresh)
        self.set_scope("chats")

    def showEvent(self, event: QShowEvent) -> None:
        self.model.refresh()
        self._ages.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._ages.stop()
        super().hideEvent(event)

    # ---- what the room tells ----

    def set_chats(self, chats: Iterable[ChatLike]) -> None:
        self.model.set_chats(chats)
        self._show_open()
        self._say_nothing()

    def set_folders(self, folders: Sequence[Folder]) -> None:
        self.model.set_folders(folders if self.scope == "chats" else [])
        self._show_open()

    def set_open(self, chat_id: str) -> None:
        """Mark the open chat, "" for none."""
        self._open_id = chat_id
        self._show_open()

    def set_hits(self, hits: Sequence[Hit]) -> None:
        """What the search found; shown while there is something in the field."""
        self.results.set_hits(hits)
        self._say_nothing()

    def set_scope(self, scope: Scope) -> None:
        """Which chats are listed: those in use, archived or deleted."""
        self.scope = scope
        words = {"archived": self.tr("Archived chats"), "trash": self.tr("Deleted chats")}
        self.back_button.setText(words.get(scope, ""))
        self.back_button.setVisible(scope != "chats")
        self.empty_button.setVisible(scope == "trash")
        self.archived_button.setVisible(scope == "chats")
        self.trash_button.setVisible(scope == "chats")
        self.search.clear()
        self._say_nothing()

    def edit_folder(self, folder_id: str) -> None:
        """Let a folder's name be typed."""
        for row in range(self.model.rowCount()):
            if self.model.folder_id_at(self.model.index(row)) == folder_id:
                self.view.edit(self.model.index(row))

    # ---- making ----

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        top.addWidget(self.new_button)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        for part in (self.archived_button, self.trash_button, self.empty_button):
            foot.addWidget(part)
        foot.addStretch(1)
        self.pages.addWidget(self.view)
        self.pages.addWidget(self.results)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.back_button)
        layout.addWidget(self.nothing)
        layout.addWidget(self.pages, 1)
        layout.addLayout(foot)

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setItemDelegate(ChatListDelegate(self._theme, view))
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setFrameShape(QListView.Shape.NoFrame)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        triggers = QAbstractItemView.EditTrigger
        view.setEditTriggers(triggers.EditKeyPressed | triggers.DoubleClicked)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        view.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setAcceptDrops(True)

    def _connect(self) -> None:
        view = self.view
        view.customContextMenuRequested.connect(self._on_menu_requested)
        view.delete_pressed.connect(self._on_delete_pressed)
        view.clicked.connect(self._on_clicked)
        view.enter_pressed.connect(lambda: self._on_clicked(view.currentIndex()))
        view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.model.rename_requested.connect(self.rename_requested)
        self.search.textChanged.connect(self._on_query_changed)
        self.search.installEventFilter(self)
        self.results.hit_chosen.connect(self.hit_chosen)
        self.new_button.clicked.connect(self.new_chat_requested)
        self.back_button.clicked.connect(self._scope_wish("chats"))
        self.archived_button.clicked.connect(self._scope_wish("archived"))
        self.trash_button.clicked.connect(self._scope_wish("trash"))
        self.empty_button.clicked.connect(self.empty_trash_requested)

    def _scope_wish(self, scope: Scope) -> "_ScopeWish":
        return _ScopeWish(self, scope)

    def _name_parts(self) -> None:
        self.search.setPlaceholderText(self.tr("Search chats and messages"))
        self.search.setAccessibleName(self.tr("Search chats and messages"))
        self.search.setToolTip(self.tr("Find words in titles and messages; Enter goes there"))
        self.search.setClearButtonEnabled(True)
        self.new_button.setAccessibleName(self.tr("New chat"))
        self.new_button.setToolTip(self.tr("Begin a new chat (Ctrl+N); the arrow offers more"))
        self.new_button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QMenu(self.new_button)
        menu.aboutToShow.connect(self._on_new_menu)
        self.new_button.setMenu(menu)
        self.new_button.setProperty("kind", "quiet")
        self.view.setAccessibleName(self.tr("Chats"))
        self.nothing.setProperty("kind", "faint")
        self.nothing.setWordWrap(True)
        self.nothing.hide()
        tips = {
            self.back_button: self.tr("Back to the chats in use"),
            self.archived_button: self.tr("Chats put aside; nothing of them is lost"),
            self.trash_button: self.tr("Deleted chats; they are kept for 30 days"),
            self.empty_button: self.tr("Remove these chats for good"),
        }
        for button, tip in tips.items():
            button.setProperty("kind", "quiet")
            button.setToolTip(tip)

    # ---- slots ----

    @Slot(str)
    def _on_query_changed(self, query: str) -> None:
        is_searching = bool(query.strip())
        self.pages.setCurrentWidget(self.results if is_searching else self.view)
        if not is_searching:
            self.results.set_hits([])
        self._say_nothing()
        self.query_changed.emit(query.strip())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The arrows go through what was found while one types on; Esc ends the search.
        if watched is self.search and isinstance(event, QKeyEvent) and self.search.text():
            is_press = event.type() == QEvent.Type.KeyPress
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                if is_press:
                    self.search.clear()
                return True
            if is_press and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.results.step(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if is_press and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.results.choose_current()
                return True
        return super().eventFilter(watched, event)

    def _say_nothing(self) -> None:
        """What is said in the place of an empty list."""
        text = ""
        if self.search.text().strip():
            is_empty = self.results.hits.rowCount() == 0
            text = self.tr("No chat and no message has these words.") if is_empty else ""
        elif self.model.n_chats == 0 and self.scope != "chats":
            texts = {
                "archived": self.tr("No chat is archived. The menu of a chat puts it here."),
                "trash": self.tr("The trash is empty."),
            }
            text = texts[self.scope]
        self.nothing.setText(text)
        self.nothing.setVisible(bool(text))

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, selected: QItemSelection, _old: QItemSelection) -> None:
        indexes = selected.indexes()
        chat_id = self.model.chat_id_at(indexes[0]) if indexes else ""
        if chat_id and chat_id != self._open_id:
            self._open_id = chat_id
            self.chat_chosen.emit(chat_id)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        folder_id = self.model.folder_id_at(index)
        if folder_id:
            self.model.toggle(folder_id)
            self._show_open()

    @Slot()
    def _on_delete_pressed(self) -> None:
        chat_id = self.model.chat_id_at(self.view.currentIndex())
        if chat_id:
            self.delete_requested.emit(chat_id)

    @Slot()
    def rename_current(self) -> None:
        self.view.edit(self.view.currentIndex())

    @Slot(QPoint)
    def _on_menu_requested(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        menu = QMenu(self.view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chat_id, folder_id = self.model.chat_id_at(index), self.model.folder_id_at(index)
        if chat_id:
            self.view.setCurrentIndex(index)
            self.chat_menu_requested.emit(chat_id, menu)
        elif folder_id:
            self.folder_menu_requested.emit(folder_id, menu)
        else:
            self.new_menu_requested.emit(menu)
        menu.popup(self.view.viewport().mapToGlobal(place))

    @Slot()
    def _on_new_menu(self) -> None:
        menu = self.new_button.menu()
        menu.clear()
        self.new_menu_requested.emit(menu)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _importable(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = _importable(event)
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)

    @Slot()
    def _on_theme_changed(self) -> None:
        palette = self._theme.palette
        self.new_button.setIcon(icon("plus", palette.text))
        self.back_button.setIcon(icon("chevron-left", palette.text_dim))
        self.archived_button.setIcon(icon("folder", palette.text_dim))
        self.trash_button.setIcon(icon("trash", palette.text_dim))
        # Qt lays uniform rows out once: a new font needs new heights.
        self.view.scheduleDelayedItemsLayout()
        self.view.viewport().update()

    def _show_open(self) -> None:
        index = self.model.index_of(self._open_id) if self._open_id else self.model.index(-1)
        selection = self.view.selectionModel()
        if not index.isValid():
            selection.clear()
        elif self.view.currentIndex() != index or not selection.isSelected(index):
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)


class _ScopeWish:
    """A slot that asks for one scope."""

    def __init__(self, chats: ChatList, scope: Scope) -> None:
        self._chats, self._scope = chats, scope

    def __call__(self) -> None:
        self._chats.scope_requested.emit(self._scope)


def _importable(event: QDropEvent) -> list[str]:
    """Paths of dropped files that may hold chats."""
    paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.lower().endswith(IMPORTABLE)]
