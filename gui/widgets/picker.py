"""A popup with a list: type to filter, Enter or a click chooses, a button at its foot asks for
something that is not in the list. Knows nothing of what is listed.
"""

from msgspec import Struct
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.icons import icon
from gui.theme import Theme
from gui.widgets.plain_tip import plain_tip

KEY_ROLE = Qt.ItemDataRole.UserRole + 1
TALLEST_PX = 360
WIDE_PX = 380
LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class PickerEntry(Struct, frozen=True):
    """A line to choose: its key, name, facts under it, tooltip. is_there: it can be chosen."""

    key: str
    name: str
    facts: str
    tip: str
    is_there: bool = True


class Picker(QFrame):
    """A popup under a button."""

    chosen = Signal(str)  # key of an entry
    other_requested = Signal()  # the button at the foot

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self._current = ""
        self.search = QLineEdit(self)
        self.entries = QListWidget(self)
        self.state = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self.open_button = QPushButton(self)
        self._lay_out()
        self.search.textChanged.connect(self._on_query_changed)
        self.search.installEventFilter(self)
        self.search.returnPressed.connect(self._on_return_pressed)
        self.entries.itemActivated.connect(self._on_item_chosen)
        self.entries.itemClicked.connect(self._on_item_chosen)
        self.open_button.clicked.connect(self._on_open_clicked)
        theme.changed.connect(self._dress)

    # ---- what it is told ----

    def set_names(self, find: str, listed: str, other: str, other_tip: str) -> None:
        """What the field, the list and the button are called."""
        self.search.setPlaceholderText(find)
        self.search.setAccessibleName(find)
        self.entries.setAccessibleName(listed)
        self.open_button.setText(other)
        self.open_button.setToolTip(other_tip)

    def show_at(self, button: QWidget, current: str, state: str = "") -> None:
        """Open under a button, with an entry marked; state: said while the list is empty."""
        self._current = current
        self.search.clear()
        self.set_state(state if self.entries.count() == 0 else "")
        self._dress()
        place = button.mapToGlobal(QPoint(0, button.height() + 4))
        # Qt does not keep a popup on the screen by itself.
        most_right = button.screen().availableGeometry().right() - self.width()
        self.move(min(place.x(), most_right), place.y())
        self.show()
        self.search.setFocus()

    def set_state(self, text: str) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))
        self.adjustSize()

    def set_entries(self, entries: list[PickerEntry], nothing: str) -> None:
        """Fill the list; nothing: said where there are none."""
        self.entries.clear()
        for one in entries:
            self.entries.addItem(_item(one))
        self.set_state("" if entries else nothing)
        self._dress()
        self._on_query_changed(self.search.text())

    # ---- making ----

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        for part in (self.search, self.state, self.entries, self.open_button):
            layout.addWidget(part)
        self.setProperty("kind", "card")
        self.state.setWordWrap(True)
        self.state.setProperty("kind", "faint")
        self.entries.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.entries.setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def _fit(self) -> None:
        """As tall as all entries, so that typing does not make the popup jump; not beyond a
        bound."""
        entries = self.entries
        rows = sum(entries.sizeHintForRow(row) for row in range(entries.count()))
        height = rows + 2 * entries.frameWidth()
        entries.setFixedHeight(min(height, self._theme.px(TALLEST_PX)))
        entries.setVisible(entries.count() > 0)
        self.adjustSize()

    # ---- slots ----

    @Slot()
    def _dress(self) -> None:
        """Icons and sizes of the theme in use, the current entry marked."""
        palette = self._theme.palette
        self.setFixedWidth(self._theme.px(WIDE_PX))
        self.open_button.setIcon(icon("folder", palette.text))
        mark = icon("check", palette.accent)
        for row in range(self.entries.count()):
            item = self.entries.item(row)
            is_current = bool(self._current) and item.data(KEY_ROLE) == self._current
            item.setIcon(mark if is_current else QIcon())
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The arrows move in the list while one types in the field.
        if watched is self.search and isinstance(event, QKeyEvent) and _moves(event):
            self.entries.event(event)
            return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _on_query_changed(self, query: str) -> None:
        words = query.casefold().split()
        first = None
        for row in range(self.entries.count()):
            item = self.entries.item(row)
            text = item.text().casefold()
            hidden = not all(word in text for word in words)
            item.setHidden(hidden)
            if first is None and not hidden and item.flags() & Qt.ItemFlag.ItemIsEnabled:
                first = item
        if first is not None:
            self.entries.setCurrentItem(first)

    @Slot()
    def _on_return_pressed(self) -> None:
        item = self.entries.currentItem()
        if self.entries.selectedItems() and not item.isHidden():
            self._on_item_chosen(item)

    @Slot(QListWidgetItem)
    def _on_item_chosen(self, item: QListWidgetItem) -> None:
        key = item.data(KEY_ROLE)
        if key:
            self.hide()
            self.chosen.emit(key)

    @Slot()
    def _on_open_clicked(self) -> None:
        self.hide()
        self.other_requested.emit()


def _moves(event: QKeyEvent) -> bool:
    return event.type() == QEvent.Type.KeyPress and event.key() in LIST_KEYS


def _item(entry: PickerEntry) -> QListWidgetItem:
    item = QListWidgetItem(f"{entry.name}\n{entry.facts}")
    item.setToolTip(plain_tip(entry.tip))
    if entry.is_there:
        item.setData(KEY_ROLE, entry.key)
    else:
        item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item
