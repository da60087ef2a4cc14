"""Where rows can come from: doors, a place to drop a file, and the datasets that are there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.process.tune_messages import DatasetInfo
from gui.icons import icon
from gui.theme import Theme
from gui.tune.dataset_list import DatasetListView
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr
from gui.widgets.door import Door
from gui.widgets.doors import Doors
from gui.widgets.kinds import button, caps, label

WIDEST_PX, LIST_PX, COMPACT_PX = 820, 190, 620
FILE, IDENTITY, CHATS, TYPED, HUB = "file", "identity", "chats", "typed", "hub"


class SourcesView(QScrollArea):
    """The data page while there is no dataset, or when more is wanted."""

    source_chosen = Signal(str)  # one of the keys above
    file_asked = Signal(str)  # path of a file to look at
    left = Signal()  # back to the rows that are there

    def __init__(self, theme: Theme, desk: RowsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._desk = theme, desk
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.back = button(tr("Back to the rows"), "quiet", tr("Leave the rows as they are"))
        self.bare_words = label("", "warn", wrap=True)
        self.bare_button = button(
            tr("Look at its rows"), "chip", tr("See the file’s rows, and make a dataset of them")
        )
        self.doors = {key: Door(theme, *words) for key, words in _doors().items()}
        self._doors = Doors(theme, list(self.doors.values()))
        self.drop_words = label(
            tr("Or drop a file here: JSONL, JSON, CSV, Parquet or text."), "faint", wrap=True
        )
        self.datasets_title = caps(tr("Your datasets"))
        self.datasets = DatasetListView(theme)
        self._lay_out()
        for key, door in self.doors.items():
            door.clicked.connect(lambda key=key: self.source_chosen.emit(key))
        self.back.clicked.connect(self.left)
        self.bare_button.clicked.connect(self._on_bare)
        self.datasets.open_asked.connect(self._on_open)
        self.datasets.rename_asked.connect(desk.rename)
        self.datasets.delete_asked.connect(desk.delete_dataset)
        desk.datasets_changed.connect(self.show_datasets)
        desk.parts.state.dataset_changed.connect(self.show_datasets)
        theme.changed.connect(self._dress)
        self._dress()

    def _lay_out(self) -> None:
        body = QWidget()
        body.setProperty("kind", "page")
        self._inner = QWidget()
        self._inner.setProperty("kind", "page")
        self._column = QVBoxLayout(self._inner)
        self._column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(label(tr("What should it learn from?"), "title", wrap=True))
        words = tr(
            "A row is one conversation: a question and the answer you want. Twenty rows can teach "
            "a name, a few hundred a way of speaking."
        )
        self._column.addWidget(label(words, "dim", wrap=True))
        bare = QHBoxLayout()
        bare.addWidget(self.bare_words, 1)
        bare.addWidget(self.bare_button)
        self._column.addLayout(bare)
        self._column.addWidget(self._doors)
        self._column.addWidget(self.drop_words)
        self._column.addWidget(self.datasets_title)
        self._column.addWidget(self.datasets)
        self._column.addStretch(1)
        outer = QVBoxLayout(body)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._inner)
        self.setWidget(body)

    @Slot()
    def show_datasets(self) -> None:
        """The datasets as they are now."""
        info = self._desk.info
        self.datasets.show_infos(self._desk.datasets, info.path if info is not None else "")
        bare = self._desk.bare_file
        words = tr("This run learns from “{path}” as it is.").format(path=bare)
        self.bare_words.setText(words)
        self.bare_words.setVisible(bool(bare))
        self.bare_button.setVisible(bool(bare))
        has_some = bool(self._desk.datasets)
        self.datasets_title.setVisible(has_some)
        self.datasets.setVisible(has_some)
        self.back.setVisible(info is not None)

    @Slot()
    def _on_bare(self) -> None:
        self.file_asked.emit(self._desk.bare_file)

    @Slot(object)
    def _on_open(self, info: DatasetInfo) -> None:
        self._desk.use(info)
        self.left.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        px = self._theme.px
        width = min(self.viewport().width(), px(WIDEST_PX)) - 2 * px(24)
        self._doors.lay_out(width, is_compact=width < px(COMPACT_PX))

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.back.setIcon(icon("chevron-left", self._theme.palette.text_dim))
        self._inner.setMaximumWidth(px(WIDEST_PX))
        self._column.setContentsMargins(px(24), px(20), px(24), px(20))
        self._column.setSpacing(px(10))
        self.datasets.setFixedHeight(px(LIST_PX))
        self.show_datasets()
        self._fit()


def _doors() -> dict[str, tuple[str, str, str, str]]:
    """key -> icon, title, words, time."""
    return {
        IDENTITY: (
            "tag",
            tr("Who it is"),
            tr("Teach it a name, a maker and a manner from a short form."),
            tr("2 minutes"),
        ),
        FILE: (
            "file",
            tr("A file"),
            tr("JSONL, JSON, CSV, Parquet or text; you see its rows before they are taken."),
            tr("1 minute"),
        ),
        CHATS: (
            "chat",
            tr("Your chats"),
            tr("Replies that you rated or corrected, or whole chats."),
            tr("1 minute"),
        ),
        TYPED: (
            "edit",
            tr("Typed by hand"),
            tr("Questions and the answers you want, row by row."),
            tr("as you like"),
        ),
        HUB: (
            "download",
            tr("The hub"),
            tr("A public dataset by its name; the only one that connects."),
            tr("1 minute"),
        ),
    }
