"""The texts of a corpus to read: a list of their beginnings, and the one that is chosen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from gui.pretrain.text_desk import CorpusDesk
from gui.pretrain.text_words import bytes_text, texts_text
from gui.pretrain.texts_model import TextsModel
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.choice import Choice
from gui.widgets.kinds import label

KEPT, HELD_OUT = "kept", "held_out"
LIST_PX, TEXT_PX = 150, 190


class TextReader(QWidget):
    """Kept texts or held out ones."""

    def __init__(self, theme: Theme, desk: CorpusDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._corpus = ""
        self.part = Choice([(KEPT, tr("To learn from")), (HELD_OUT, tr("Held out"))])
        self.words = label("", "faint", wrap=True)
        self.model = TextsModel(desk, self)
        self.list = QListView()
        self.text = QPlainTextEdit()
        self._set_up()
        self._lay_out()
        self.part.changed.connect(self._on_part)
        self.model.page_read.connect(self._on_page)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        theme.changed.connect(self._dress)
        self._dress()

    def show_corpus(self, corpus: str) -> None:
        """Read a corpus, by its id; "" for none."""
        if corpus != self._corpus:
            self._corpus = corpus
            self.part.set_value(KEPT)
            self._on_part(KEPT)

    def _set_up(self) -> None:
        tips = {
            KEPT: tr("What the model is raised on"),
            HELD_OUT: tr("Kept aside: what was learned is measured on it, so it is never trained"),
        }
        for key, one in self.part.buttons.items():
            one.setToolTip(tips[key])
        self.part.set_value(KEPT)
        self.list.setModel(self.model)
        self.list.setProperty("kind", "boxed")
        self.list.setAccessibleName(tr("Texts"))
        self.list.setToolTip(tr("The beginning of each text; the arrow keys go through them"))
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(tr("The text"))
        self.text.setToolTip(tr("The chosen text as the model will see it"))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.part)
        head.addWidget(self.words, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(head)
        self._column.addWidget(self.list)
        self._column.addWidget(self.text)

    @Slot(str)
    def _on_part(self, part: str) -> None:
        self.text.clear()
        self.words.setText("")
        self.model.show_part(self._corpus, part)

    @Slot()
    def _on_page(self) -> None:
        self.words.setText(texts_text(self.model.n))
        if self.model.documents and not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self.model.index(0, 0))

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, now: QModelIndex) -> None:
        if not now.isValid():
            return
        document = self.model.documents[now.row()]
        self.text.setPlainText(document.text)
        of = tr("{n} of {texts}").format(n=f"{now.row() + 1:,}", texts=texts_text(self.model.n))
        self.words.setText(" · ".join([of, bytes_text(document.n_bytes), document.source]))

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.list.setFixedHeight(px(LIST_PX))
        self.text.setFixedHeight(px(TEXT_PX))
        self._column.setSpacing(px(8))
