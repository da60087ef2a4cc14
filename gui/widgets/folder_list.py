"""A list of folders that a person adds to and takes from. It keeps no files and reads none."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from gui.theme import Theme
from gui.widgets.kinds import button, label

MAX_SHOWN = 6


class FolderList(QWidget):
    """The folders, Add and Remove."""

    changed = Signal(list)  # the folders as they are now, list[str]

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.view = QListWidget()
        self.view.setProperty("kind", "boxed")
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setAccessibleName(self.tr("Folders"))
        self.empty_note = label(self.tr("No other folders yet."), "faint")
        self.add_button = button(self.tr("Add a folder…"))
        self.remove_button = button(self.tr("Remove"), "", self.tr("The folder itself stays"))
        self.add_button.clicked.connect(self._on_add_clicked)
        self.remove_button.clicked.connect(self._on_remove_clicked)
        self.view.itemSelectionChanged.connect(self._show_state)
        self._lay_out()
        self._dress()
        theme.changed.connect(self._dress)

    @property
    def folders(self) -> list[str]:
        return [self.view.item(row).text() for row in range(self.view.count())]

    def set_folders(self, folders: list[str]) -> None:
        """Show these, without telling them as a change."""
        if folders == self.folders:
            return
        self.view.clear()
        self.view.addItems(folders)
        self._dress()

    def add(self, folder: str) -> None:
        """Add one, as Add does; one that is there already is only selected."""
        if folder not in self.folders:
            self.view.addItem(folder)
            self._dress()
            self.changed.emit(self.folders)
        self.view.setCurrentRow(self.folders.index(folder))

    def _on_add_clicked(self) -> None:
        dialog = QFileDialog(self, self.tr("A folder with GGUF models"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_remove_clicked(self) -> None:
        for item in self.view.selectedItems():
            self.view.takeItem(self.view.row(item))
        self._dress()
        self.changed.emit(self.folders)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.addWidget(self.view)
        column.addWidget(self.empty_note)
        column.addLayout(buttons)

    def _dress(self) -> None:
        n_shown = min(MAX_SHOWN, self.view.count())
        around_px = 2 * self._theme.px(4) + 4  # the list's padding and frame in the style sheet
        self.view.setFixedHeight(max(0, self.view.sizeHintForRow(0)) * n_shown + around_px)
        self._show_state()

    def _show_state(self) -> None:
        self.view.setVisible(self.view.count() > 0)
        self.empty_note.setVisible(self.view.count() == 0)
        self.remove_button.setEnabled(bool(self.view.selectedItems()))
