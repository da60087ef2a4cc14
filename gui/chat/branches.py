"""The popup with the branches of the open chat: type to filter, Enter or a click goes there."""

from datetime import datetime

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.chat.branch_list import Branch, branches_of
from gui.chat.chat_rows import age_of
from gui.chat.features import ChatParts, Feature
from gui.chat.words import age_text, count, tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.kinds import label

LEAF_ROLE = Qt.ItemDataRole.UserRole + 1
TALLEST_PX = 360
MOST_SHOWN = 500
LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class BranchPopup(QFrame):
    """A list under the header."""

    branch_chosen = Signal(str)  # id of the branch's last message

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self.search = QLineEdit(self)
        self.entries = QListWidget(self)
        self.state = label("", "faint", wrap=True)
        self.setProperty("kind", "card")
        self.search.setPlaceholderText(tr("Find a branch"))
        self.search.setAccessibleName(tr("Find a branch"))
        self.entries.setAccessibleName(tr("Branches of this chat"))
        self.entries.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        for part in (self.search, self.entries, self.state):
            layout.addWidget(part)
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._on_query_changed)
        self.search.returnPressed.connect(self._on_return_pressed)
        self.entries.itemActivated.connect(self._on_chosen)
        self.entries.itemClicked.connect(self._on_chosen)

    def show_below(self, widget: QWidget, branches: list[Branch]) -> None:
        """Open under a widget, at its right edge, with the branch shown marked."""
        self._fill(branches[:MOST_SHOWN])
        self.setFixedWidth(self._theme.px(420))
        self._fit()
        corner = widget.mapToGlobal(QPoint(widget.width(), widget.height() + 4))
        screen = widget.screen().availableGeometry()
        self.move(max(screen.left(), corner.x() - self.width()), corner.y())
        self.search.clear()
        self.show()
        self.search.setFocus()

    def _fill(self, branches: list[Branch]) -> None:
        self.entries.clear()
        # Where no mark is, nothing stands in its place: the words begin at one edge.
        size_px = self._theme.px(16)
        self.entries.setIconSize(QSize(size_px, size_px))
        nothing = QPixmap(size_px, size_px)
        nothing.fill(Qt.GlobalColor.transparent)
        mark, blank = icon("check", self._theme.palette.accent), QIcon(nothing)
        now = datetime.now()
        for branch in branches:
            item = QListWidgetItem(f"{branch.words or tr('(empty)')}\n{_facts(branch, now)}")
            item.setIcon(mark if branch.is_shown else blank)
            item.setData(LEAF_ROLE, branch.leaf_id)
            item.setToolTip(tr("Show this branch; what you send next follows it"))
            self.entries.addItem(item)
            if branch.is_shown:
                self.entries.setCurrentItem(item)
        self.state.setText(_state(len(branches)))
        self.state.setVisible(bool(self.state.text()))

    def _fit(self) -> None:
        rows = sum(self.entries.sizeHintForRow(row) for row in range(self.entries.count()))
        height = min(rows + 2 * self.entries.frameWidth(), self._theme.px(TALLEST_PX))
        self.entries.setFixedHeight(height)
        self.entries.setVisible(self.entries.count() > 0)
        self.adjustSize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The arrows move in the list while one types in the field.
        if watched is self.search and isinstance(event, QKeyEvent) and _moves(event):
            self.entries.event(event)
            return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _on_query_changed(self, query: str) -> None:
        words = query.casefold().split()
        first: QListWidgetItem | None = None
        for row in range(self.entries.count()):
            item = self.entries.item(row)
            hidden = not all(word in item.text().casefold() for word in words)
            item.setHidden(hidden)
            first = first or (None if hidden else item)
        if first is not None and words:
            self.entries.setCurrentItem(first)

    @Slot()
    def _on_return_pressed(self) -> None:
        item = self.entries.currentItem()
        if self.entries.selectedItems() and not item.isHidden():
            self._on_chosen(item)

    @Slot(QListWidgetItem)
    def _on_chosen(self, item: QListWidgetItem) -> None:
        self.hide()
        self.branch_chosen.emit(item.data(LEAF_ROLE))


class BranchesFeature(Feature):
    """The key and the button that open the list; the button is there where there is a choice."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        theme = parts.context.theme
        self.button = QPushButton(parts.work.header)
        self.button.setProperty("kind", "chip")
        self.button.setToolTip(tr("The branches of this chat, by their first words (Ctrl+B)"))
        self.popup = BranchPopup(theme, parts.work.header)
        parts.work.header.add_tool(self.button)
        parts.add_action(tr("&Branches of this chat…"), self.show_list, "Ctrl+B")
        self.button.clicked.connect(self.show_list)
        self.popup.branch_chosen.connect(self._on_branch_chosen)
        parts.session.chat_opened.connect(self._show_count)
        parts.session.branch_changed.connect(self._show_count)
        theme.changed.connect(self._dress)
        self._dress()
        self._show_count()

    @Slot()
    def show_list(self) -> None:
        """Open the list."""
        work = self.parts.work
        below = self.button if self.button.isVisible() else work.header
        self.popup.show_below(below, branches_of(self.parts.session.conversation))

    @Slot(str)
    def _on_branch_chosen(self, leaf_id: str) -> None:
        if leaf_id in self.parts.session.conversation:
            self.parts.session.show_branch(leaf_id)
            self.parts.work.transcript.setFocus()

    @Slot()
    def _show_count(self) -> None:
        n_branches = self.parts.session.conversation.n_branches
        self.button.setVisible(n_branches > 1)
        self.button.setText(f"{n_branches:,}")
        words = count(n_branches, tr("{n} branch"), tr("{n} branches"))
        self.button.setAccessibleName(words)

    @Slot()
    def _dress(self) -> None:
        self.button.setIcon(icon("branch", self.parts.context.theme.palette.text_dim))


def _facts(branch: Branch, now: datetime) -> str:
    who = tr("You") if branch.role == "user" else tr("Model")
    messages = count(branch.n_messages, tr("{n} message"), tr("{n} messages"))
    return f"{who} · {messages} · {age_text(age_of(branch.at_s, now), now)}"


def _state(n_branches: int) -> str:
    if n_branches == 0:
        return tr("This chat has no message yet.")
    if n_branches == 1:
        return tr("One branch so far. Regenerate a reply or edit a message to make another.")
    return ""


def _moves(event: QKeyEvent) -> bool:
    return event.type() == QEvent.Type.KeyPress and event.key() in LIST_KEYS
