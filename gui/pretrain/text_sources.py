"""Where raw text can come from: doors, a place to drop files, and the texts that are there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.process.pretrain_messages import CorpusInfo
from gui.icons import icon
from gui.pretrain.text_desk import CorpusDesk
from gui.pretrain.text_words import corpus_facts
from gui.pretrain.words import tr
from gui.staged.kept_list import KeptList
from gui.theme import Theme
from gui.widgets.door import Door
from gui.widgets.doors import Doors
from gui.widgets.kinds import button, caps, label

WIDEST_PX, LIST_PX, COMPACT_PX = 820, 190, 620
STORIES, PYTHON, FILES, HUB = "stories", "python", "path", "hub"


class TextSources(QScrollArea):
    """The page while there is no text, or when another is wanted."""

    source_chosen = Signal(str)  # one of the keys above
    bare_asked = Signal(str)  # path of a text that is learned from as it is: look at it
    left = Signal()  # back to the text that is there

    def __init__(self, theme: Theme, desk: CorpusDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._desk = theme, desk
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.back = button(tr("Back to the text"), "quiet", tr("Leave the text as it is"))
        self.bare_words = label("", "warn", wrap=True)
        self.bare_button = button(
            tr("Clean it first"), "chip", tr("Look at this text, clean it, and keep that")
        )
        self.doors = {key: Door(theme, *words) for key, words in _doors().items()}
        self._doors = Doors(theme, list(self.doors.values()))
        self.drop_words = label(
            tr("Or drop files or a folder here: text, Markdown, HTML, JSONL, Parquet."),
            "faint",
            wrap=True,
        )
        self.list_title = caps(tr("Your texts"))
        tip = tr("Enter goes on with one, F2 renames it, Delete puts it into the bin")
        self.list = KeptList(theme, tr("Your texts"), tip, corpus_facts)
        self._lay_out()
        for key, door in self.doors.items():
            door.clicked.connect(lambda key=key: self.source_chosen.emit(key))
        self.back.clicked.connect(self.left)
        self.bare_button.clicked.connect(self._on_bare)
        self.list.open_asked.connect(self._on_open)
        self.list.rename_asked.connect(desk.rename)
        self.list.delete_asked.connect(desk.delete)
        desk.corpora_changed.connect(self.show_corpora)
        desk.parts.state.corpus_changed.connect(self.show_corpora)
        desk.parts.state.draft_changed.connect(self.show_corpora)
        theme.changed.connect(self._dress)
        self._dress()

    def _lay_out(self) -> None:
        body = QWidget()
        body.setProperty("kind", "page")
        self._inner = QWidget()
        self._inner.setProperty("kind", "page")
        self._column = QVBoxLayout(self._inner)
        self._column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(label(tr("What should it read?"), "title", wrap=True))
        words = tr(
            "A model begins with nothing: not a word, not a letter. All it will ever know is in "
            "the text that you give it here. The first two need no network."
        )
        self._column.addWidget(label(words, "dim", wrap=True))
        bare = QHBoxLayout()
        bare.addWidget(self.bare_words, 1)
        bare.addWidget(self.bare_button)
        self._column.addLayout(bare)
        self._column.addWidget(self._doors)
        self._column.addWidget(self.drop_words)
        self._column.addWidget(self.list_title)
        self._column.addWidget(self.list)
        self._column.addStretch(1)
        outer = QVBoxLayout(body)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._inner)
        self.setWidget(body)

    @Slot()
    def show_corpora(self) -> None:
        """The texts as they are now."""
        info = self._desk.info
        self.list.show_infos(self._desk.corpora, info.path if info is not None else "")
        bare = self._desk.bare_path
        self.bare_words.setText(tr("The model reads “{path}” as it is.").format(path=bare))
        self.bare_words.setVisible(bool(bare))
        self.bare_button.setVisible(bool(bare))
        has_some = bool(self._desk.corpora)
        self.list_title.setVisible(has_some)
        self.list.setVisible(has_some)
        self.back.setVisible(info is not None)

    @Slot()
    def _on_bare(self) -> None:
        self.bare_asked.emit(self._desk.bare_path)

    @Slot(object)
    def _on_open(self, info: CorpusInfo) -> None:
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
        self.list.setFixedHeight(px(LIST_PX))
        self.show_corpora()
        self._fit()


def _doors() -> dict[str, tuple[str, str, str, str]]:
    """key -> icon, title, words, time."""
    return {
        STORIES: (
            "pretrain",
            tr("Stories"),
            tr("Simple stories of a little world, made here; ends in an assistant that answers."),
            tr("10 minutes in all"),
        ),
        PYTHON: (
            "file",
            tr("Python’s reference"),
            tr("The language’s manual that this app carries; a writer of manuals."),
            tr("at once"),
        ),
        FILES: (
            "folder",
            tr("Your own text"),
            tr("Files or a folder; a writer in their style. A book or more is best."),
            tr("1 minute"),
        ),
        HUB: (
            "download",
            tr("The hub"),
            tr("TinyStories, FineWeb-Edu, Shakespeare; the only one that connects."),
            tr("a few minutes"),
        ),
    }
