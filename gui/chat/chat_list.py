"""The left pane of the chat room: search, New chat, and the chats by day.

Emits wishes; what a chat is and where it is kept is the room's business.
"""

from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QHideEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.chat.chat_list_delegate import ChatListDelegate
from gui.chat.chat_list_model import ChatListModel
from gui.chat.chat_rows import ChatLike
from gui.icons import icon
from gui.theme import Theme

AGES_MS = 30_000


class ChatListView(QListView):
    """The list itself, with the keys a list has beyond Qt's own."""

    delete_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete):
            self.delete_pressed.emit()
            return
        super().keyPressEvent(event)


class ChatList(QWidget):
    """Search box, New chat button and list."""

    chat_chosen = Signal(str)  # chat id
    new_chat_requested = Signal()
    rename_requested = Signal(str, str)  # chat id, new title
    delete_requested = Signal(str)  # chat id

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._open_id = ""
        self.model = ChatListModel(self)
        self.search = QLineEdit(self)
        self.new_button = QPushButton(self)
        self.view = ChatListView(self)
        self.nothing = QLabel(self)
        self._lay_out()
        self._set_up_view()
        self._name_parts()
        self._make_actions()
        self.model.rename_requested.connect(self.rename_requested)
        self.search.textChanged.connect(self._on_query_changed)
        self.new_button.clicked.connect(self.new_chat_requested)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._ages = QTimer(self, interval=AGES_MS)
        self._ages.timeout.connect(self.model.refresh)

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

    def set_open(self, chat_id: str) -> None:
        """Mark the open chat, "" for none."""
        self._open_id = chat_id
        self._show_open()

    # ---- making ----

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        top.addWidget(self.new_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.nothing)
        layout.addWidget(self.view, 1)

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
        view.customContextMenuRequested.connect(self._on_menu_requested)
        view.delete_pressed.connect(self._on_delete_pressed)
        self._follow_selection()

    def _follow_selection(self) -> None:
        self.view.selectionModel().selectionChanged.connect(self._on_selection_changed)

    def _name_parts(self) -> None:
        self.search.setPlaceholderText(self.tr("Search chats"))
        self.search.setAccessibleName(self.tr("Search chats"))
        self.search.setToolTip(self.tr("Show the chats whose title holds these words"))
        self.search.setClearButtonEnabled(True)
        self.new_button.setAccessibleName(self.tr("New chat"))
        self.new_button.setToolTip(self.tr("Begin a new chat (Ctrl+N)"))
        self.new_button.setProperty("kind", "quiet")
        self.view.setAccessibleName(self.tr("Chats"))
        self.nothing.setText(self.tr("No chat has these words in its title."))
        self.nothing.setProperty("kind", "faint")
        self.nothing.setWordWrap(True)
        self.nothing.hide()

    def _make_actions(self) -> None:
        self.rename_action = QAction(self.tr("Rename"), self)
        self.rename_action.setShortcut(QKeySequence(Qt.Key.Key_F2))
        self.delete_action = QAction(self.tr("Delete"), self)
        self.delete_action.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        self.rename_action.triggered.connect(self._on_rename_triggered)
        self.delete_action.triggered.connect(self._on_delete_pressed)
        # The keys are the view's own; here they only stand beside the words in the menu.
        for action in (self.rename_action, self.delete_action):
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)

    # ---- slots ----

    @Slot(str)
    def _on_query_changed(self, query: str) -> None:
        self.model.set_query(query)
        self.nothing.setVisible(self.model.rowCount() == 0 and self.model.n_chats > 0)
        self._show_open()

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, selected: QItemSelection, _old: QItemSelection) -> None:
        indexes = selected.indexes()
        chat_id = self.model.chat_id_at(indexes[0]) if indexes else ""
        if chat_id and chat_id != self._open_id:
            self._open_id = chat_id
            self.chat_chosen.emit(chat_id)

    @Slot()
    def _on_delete_pressed(self) -> None:
        chat_id = self.model.chat_id_at(self.view.currentIndex())
        if chat_id:
            self.delete_requested.emit(chat_id)

    @Slot()
    def _on_rename_triggered(self) -> None:
        self.view.edit(self.view.currentIndex())

    @Slot(QPoint)
    def _on_menu_requested(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if not self.model.chat_id_at(index):
            return
        self.view.setCurrentIndex(index)
        menu = QMenu(self.view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.rename_action, self.delete_action])
        menu.popup(self.view.viewport().mapToGlobal(place))

    @Slot()
    def _on_theme_changed(self) -> None:
        self.new_button.setIcon(icon("plus", self._theme.palette.text))
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
