"""The popup that lists the models on this machine: type to filter, Enter or a click chooses, a
button opens any file.

Knows what a worker told of the files; opens and loads nothing itself.
"""

from pathlib import Path

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

from engine.process.messages import ModelInfo, ModelList
from gui.chat.words import model_facts, tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.plain_tip import plain_tip

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
TALLEST_PX = 360
LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class ModelPicker(QFrame):
    """A popup under the model button."""

    model_chosen = Signal(str)  # path
    file_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self._current = ""
        self.search = QLineEdit(self)
        self.entries = QListWidget(self)
        self.state = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self.open_button = QPushButton(tr("Open a GGUF file…"), self)
        self._lay_out()
        self._name_parts()
        self.search.textChanged.connect(self._on_query_changed)
        self.search.installEventFilter(self)
        self.search.returnPressed.connect(self._on_return_pressed)
        self.entries.itemActivated.connect(self._on_item_chosen)
        self.entries.itemClicked.connect(self._on_item_chosen)
        self.open_button.clicked.connect(self._on_open_clicked)
        theme.changed.connect(self._dress)

    # ---- what the room tells ----

    def show_below(self, button: QWidget, current: str) -> None:
        """Open under a button, with the loaded model marked; the list arrives when the worker has
        it.
        """
        self._current = current
        self.search.clear()
        self.set_state(tr("Looking for models…") if self.entries.count() == 0 else "")
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

    def set_models(self, listing: ModelList) -> None:
        """Fill the list: models first, then the files that cannot be read, with their reason."""
        self.entries.clear()
        for model in listing.models:
            if model.kind == "model":
                self.entries.addItem(self._model_item(model))
        for path, reason in listing.unreadable.items():
            self.entries.addItem(_unreadable_item(path, reason))
        self.set_state("" if self.entries.count() else tr("No model files in these folders."))
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

    def _name_parts(self) -> None:
        self.search.setPlaceholderText(tr("Find a model"))
        self.search.setAccessibleName(tr("Find a model"))
        self.entries.setAccessibleName(tr("Models on this machine"))
        self.entries.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.entries.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.state.setProperty("kind", "faint")
        self.open_button.setToolTip(tr("Use a model file (GGUF) from anywhere on this machine"))

    def _model_item(self, model: ModelInfo) -> QListWidgetItem:
        item = QListWidgetItem(f"{model.name}\n{model_facts(model)}")
        item.setData(PATH_ROLE, model.path)
        item.setToolTip(plain_tip(model.path))
        return item

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
        """Icons and sizes of the theme in use, the loaded model marked."""
        palette = self._theme.palette
        self.setFixedWidth(self._theme.px(380))
        self.open_button.setIcon(icon("folder", palette.text))
        mark = icon("check", palette.accent)
        for row in range(self.entries.count()):
            item = self.entries.item(row)
            is_current = bool(self._current) and item.data(PATH_ROLE) == self._current
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
        path = item.data(PATH_ROLE)
        if path:
            self.hide()
            self.model_chosen.emit(path)

    @Slot()
    def _on_open_clicked(self) -> None:
        self.hide()
        self.file_requested.emit()


def _moves(event: QKeyEvent) -> bool:
    return event.type() == QEvent.Type.KeyPress and event.key() in LIST_KEYS


def _unreadable_item(path: str, reason: str) -> QListWidgetItem:
    item = QListWidgetItem(f"{Path(path).name}\n{reason}")
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    item.setToolTip(plain_tip(f"{path}\n{reason}"))
    return item
