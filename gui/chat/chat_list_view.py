"""The list itself: a view of the chats with the keys a list has beyond Qt's own, and what can be
done to its rows depending on which chats it shows.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from gui.chat.chat_list_delegate import ChatListDelegate
from gui.chat.chat_list_model import ChatListModel
from gui.theme import Theme

Triggers = QAbstractItemView.EditTrigger
DragDrop = QAbstractItemView.DragDropMode


class ChatListView(QListView):
    """Chats and headings."""

    delete_pressed = Signal()
    enter_pressed = Signal()

    def __init__(self, theme: Theme, model: ChatListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        delegate = ChatListDelegate(theme, self)
        self.setItemDelegate(delegate)
        model.is_held = self.is_editing
        # Behind the view's own closing, and behind what was typed.
        delegate.closeEditor.connect(model.refresh, Qt.ConnectionType.QueuedConnection)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.set_alive(True)

    def set_alive(self, is_alive: bool) -> None:
        """Whether its chats can be named and moved: not those in the trash."""
        triggers = Triggers.EditKeyPressed | Triggers.DoubleClicked
        self.setEditTriggers(triggers if is_alive else Triggers.NoEditTriggers)
        self.setDragDropMode(DragDrop.DragDrop if is_alive else DragDrop.NoDragDrop)

    def is_editing(self) -> bool:
        """A name is being typed in a row."""
        return self.state() == QAbstractItemView.State.EditingState

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.enter_pressed.emit()
            return
        if event.matches(QKeySequence.StandardKey.Delete):
            self.delete_pressed.emit()
            return
        super().keyPressEvent(event)
