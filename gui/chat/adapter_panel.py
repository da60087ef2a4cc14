"""The part of the details pane that holds a chat's adapters: a row each, and a button to add one.

Takes a dropped GGUF file. Shows what it is told and emits wishes.
"""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from engine.process.messages import ModelInfo
from gui.chat.adapter_row import AdapterRow, adapter_name
from gui.chat.chat_settings import ChatSettings
from gui.chat.words import model_facts, tr
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button
from gui.widgets.plain_tip import plain_tip

SUFFIX = ".gguf"


class AdapterPanel(QFrame):
    """Rows of adapters, Add and Compare."""

    add_asked = Signal(str)  # path
    file_asked = Signal()  # choose a file
    listing_asked = Signal()  # which adapters does the library have?
    compare_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: dict[str, AdapterRow] = {}
        self.add = button(
            tr("Add an adapter"),
            "link",
            tr("An adapter is a small file that changes how a model answers; or drop a file here."),
        )
        self.compare = button(
            tr("Compare strengths"),
            "link",
            tr("The last answer again at four strengths of an adapter, side by side."),
        )
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self._lay_out()
        self.setAcceptDrops(True)
        self.add.clicked.connect(self._on_add_clicked)
        self.compare.clicked.connect(self.compare_asked)

    def show_settings(self, settings: ChatSettings) -> list[AdapterRow]:
        """Show a chat's adapters.

        Returns:
            The rows that are new, for whoever listens to them.
        """
        wanted = [one.path for one in settings.adapters]
        for path in [path for path in self.rows if path not in wanted]:
            row = self.rows.pop(path)
            row.hide()
            row.deleteLater()
        made = [self._add_row(path) for path in wanted if path not in self.rows]
        for one in settings.adapters:
            off = settings.adapters_off.get(one.path)
            self.rows[one.path].show_adapter(one.scale, off)
        self.compare.setVisible(bool(wanted))
        return made

    def show_listing(self, adapters: list[ModelInfo] | None, problem: str = "") -> None:
        """What the library has, None while it is being looked at."""
        self.menu.clear()
        if adapters is None:
            self.menu.addAction(tr("Looking for adapters…")).setEnabled(False)
        elif problem or not adapters:
            words = problem or tr("No adapters in your folders of models")
            self.menu.addAction(words).setEnabled(False)
        for info in adapters or []:
            action = self.menu.addAction(adapter_name(info.path).replace("&", "&&"))
            action.setToolTip(plain_tip(f"{model_facts(info)}\n{info.path}"))
            action.setEnabled(info.path not in self.rows)
            action.triggered.connect(lambda _=False, path=info.path: self.add_asked.emit(path))
        self.menu.addSeparator()
        self.menu.addAction(tr("Choose a file…")).triggered.connect(lambda: self.file_asked.emit())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in _dropped(event):
            self.add_asked.emit(path)
        event.acceptProposedAction()

    def _add_row(self, path: str) -> AdapterRow:
        row = self.rows[path] = AdapterRow(self._theme, path)
        self._list.addWidget(row)
        return row

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        column.addLayout(self._list)
        buttons = FlowLayout()
        for one in (self.add, self.compare):
            buttons.addWidget(one)
        column.addLayout(buttons)

    @Slot()
    def _on_add_clicked(self) -> None:
        self.show_listing(None)
        self.listing_asked.emit()
        self.menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))


def _dropped(event: QDropEvent) -> list[str]:
    """The GGUF files that are being dropped."""
    paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.lower().endswith(SUFFIX)]
