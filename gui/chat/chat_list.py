"""The left pane of the chat room: search, New, the chats in their folders and days, and the way to
what was rated, archived or deleted.

Emits wishes; what a chat is and where it is kept is the room's business.
"""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QModelIndex,
    QPoint,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.chats.records import Folder, Hit, RatedEntry
from gui.chat.chat_list_foot import ListFoot, Scope
from gui.chat.chat_list_model import ChatListModel
from gui.chat.chat_list_note import EmptyNote, State
from gui.chat.chat_list_search import SearchField
from gui.chat.chat_list_view import ChatListView
from gui.chat.chat_rows import ChatLike
from gui.chat.rated_list import RatedList
from gui.chat.search_results import SearchResults
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.escape import claim_escape

AGES_MS = 30_000
IMPORTABLE = (".json", ".jsonl", ".md", ".markdown", ".txt", ".zip")


class ChatList(QWidget):
    """Search box, New button, list, and a foot with Rated replies, Archived and Trash."""

    chat_chosen = Signal(str)  # chat id
    new_chat_requested = Signal()
    rename_requested = Signal(str, str)  # chat id, new title
    delete_requested = Signal(str)  # chat id
    restore_requested = Signal(str)  # chat id, of the trash
    purge_requested = Signal(str)  # chat id, of the trash: for good
    query_changed = Signal(str)  # what is searched, "" for nothing
    hit_chosen = Signal(str, str)  # chat id, message id ("" for a title)
    scope_requested = Signal(str)  # a Scope
    chat_menu_requested = Signal(str, object)  # chat id, the QMenu to fill
    folder_menu_requested = Signal(str, object)  # folder id, the QMenu to fill
    new_menu_requested = Signal(object)  # the QMenu under New, to fill
    files_dropped = Signal(list)  # list[str]: paths of what may be chats
    empty_trash_requested = Signal()
    import_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._open_id = ""
        self._was_listed = False  # before that, an empty list says nothing
        self.scope: Scope = "chats"
        self.model = ChatListModel(self)
        self.search = SearchField(self)
        self.new_button = QToolButton(self)
        self.view = ChatListView(theme, self.model, self)
        self.results = SearchResults(theme, self)
        self.rated = RatedList(theme, self)
        self.pages = QStackedWidget(self)
        self.nothing = EmptyNote(theme, self)
        self.back_button = QPushButton(self)
        self.foot = ListFoot(theme, self)
        self.setAcceptDrops(True)
        self._lay_out()
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
        self._was_listed = True
        self.model.set_chats(chats)
        self._show_open()
        self._show_state()

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
        self._show_state()

    def set_rated(self, entries: Sequence[RatedEntry]) -> None:
        """The replies that are rated or corrected, newest first."""
        self.rated.set_entries(entries)
        self.foot.set_n_rated(len(entries))
        self._show_state()

    def set_scope(self, scope: Scope) -> None:
        """What is listed: the chats in use, the archived or the deleted ones, or rated replies."""
        self.scope = scope
        words = {
            "archived": self.tr("Archived chats"),
            "trash": self.tr("Deleted chats"),
            "rated": self.tr("Rated replies"),
        }
        self.back_button.setText(words.get(scope, ""))
        self.back_button.setVisible(scope != "chats")
        self.foot.set_scope(scope)
        self.view.set_alive(scope != "trash")
        self.search.clear()
        self._show_page()

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
        for page in (self.view, self.results, self.rated):
            self.pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.back_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.nothing)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.foot)

    def _connect(self) -> None:
        view = self.view
        view.customContextMenuRequested.connect(self._on_menu_requested)
        view.delete_pressed.connect(self._on_delete_pressed)
        view.clicked.connect(self._on_clicked)
        view.enter_pressed.connect(self._on_enter_pressed)
        view.doubleClicked.connect(self._on_double_clicked)
        view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.model.rename_requested.connect(self.rename_requested)
        self.search.textChanged.connect(self._on_query_changed)
        self.search.stepped.connect(self.results.step)
        self.search.accepted.connect(self.results.choose_current)
        self.results.hit_chosen.connect(self.hit_chosen)
        self.new_button.clicked.connect(self.new_chat_requested)
        self.back_button.clicked.connect(self._go_back)
        self.nothing.step_chosen.connect(self._on_step_chosen)
        self.rated.reply_chosen.connect(self.hit_chosen)
        self.rated.shown_changed.connect(self._show_state)
        self.foot.scope_chosen.connect(self._on_scope_chosen)
        self.foot.restore_pressed.connect(self._restore_current)
        self.foot.emptying_confirmed.connect(self.empty_trash_requested)

    def _name_parts(self) -> None:
        self.new_button.setAccessibleName(self.tr("New chat"))
        self.new_button.setToolTip(self.tr("Begin a new chat (Ctrl+N); the arrow offers more"))
        self.new_button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QMenu(self.new_button)
        menu.aboutToShow.connect(self._on_new_menu)
        self.new_button.setMenu(menu)
        self.new_button.setProperty("kind", "quiet")
        self.view.setAccessibleName(self.tr("Chats"))
        self.back_button.setProperty("kind", "quiet")
        self.back_button.setToolTip(self.tr("Back to the chats in use (Esc)"))

    # ---- pages ----

    @Slot()
    def _show_page(self) -> None:
        """What was found, rated replies, or chats."""
        listed = self.rated if self.scope == "rated" else self.view
        self.pages.setCurrentWidget(self.results if self.search.query else listed)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        """What is said in the place of an empty list, and what the foot can do."""
        self.nothing.set_state(self._state())
        is_chosen = bool(self.model.chat_id_at(self.view.currentIndex()))
        self.foot.set_trash(self.model.n_chats, is_chosen=is_chosen)

    def _state(self) -> State:
        if self.search.query:
            return "search" if self.results.hits.rowCount() == 0 else ""
        if self.scope == "rated":
            rated = self.rated.model
            if not rated.entries:
                return "rated"
            return "rated-filter" if rated.rowCount() == 0 else ""
        return self.scope if self._was_listed and self.model.n_chats == 0 else ""

    @Slot(str)
    def _on_step_chosen(self, step: str) -> None:
        {
            "new": self.new_chat_requested.emit,
            "import": self.import_requested.emit,
            "clear": self.search.clear,
            "back": self._go_back,
            "all": self.rated.show_all,
        }[step]()

    @Slot(str)
    def _on_scope_chosen(self, scope: str) -> None:
        self.scope_requested.emit(scope)
        self.focus_list()

    @Slot()
    def _go_back(self) -> None:
        self._on_scope_chosen("chats")

    def focus_list(self) -> None:
        """The keys are for what is listed."""
        (self.rated.view if self.scope == "rated" else self.view).setFocus()

    def event(self, event: QEvent) -> bool:
        if self.scope != "chats" and claim_escape(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.scope != "chats":
            self._go_back()
            return
        super().keyPressEvent(event)

    # ---- slots ----

    @Slot(str)
    def _on_query_changed(self, query: str) -> None:
        if not query.strip():
            self.results.set_hits([])
        self._show_page()
        self.query_changed.emit(query.strip())

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, selected: QItemSelection, _old: QItemSelection) -> None:
        indexes = selected.indexes()
        chat_id = self.model.chat_id_at(indexes[0]) if indexes else ""
        self._show_state()
        # A deleted chat cannot be opened, only brought back.
        if chat_id and chat_id != self._open_id and self.scope != "trash":
            self._open_id = chat_id
            self.chat_chosen.emit(chat_id)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        folder_id = self.model.folder_id_at(index)
        if folder_id:
            self.model.toggle(folder_id)
            self._show_open()

    @Slot()
    def _on_enter_pressed(self) -> None:
        if self.scope == "trash":
            self._restore_current()
        else:
            self._on_clicked(self.view.currentIndex())

    @Slot(QModelIndex)
    def _on_double_clicked(self, _index: QModelIndex) -> None:
        if self.scope == "trash":
            self._restore_current()

    @Slot()
    def _restore_current(self) -> None:
        chat_id = self.model.chat_id_at(self.view.currentIndex())
        if chat_id:
            self.restore_requested.emit(chat_id)

    @Slot()
    def _on_delete_pressed(self) -> None:
        chat_id = self.model.chat_id_at(self.view.currentIndex())
        if chat_id:
            wish = self.purge_requested if self.scope == "trash" else self.delete_requested
            wish.emit(chat_id)

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
        elif self.scope == "chats":
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
        else:
            event.ignore()

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


def _importable(event: QDropEvent) -> list[str]:
    """Paths of dropped files that may hold chats."""
    paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.lower().endswith(IMPORTABLE)]
