"""The texts of a corpus as an item model: read in pages, the next one when a view comes to the end
of what is there.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from engine.process.messages import Failed
from engine.process.pretrain_messages import CorpusDocument, CorpusPage, ReadCorpus
from gui.pretrain.text_desk import CorpusDesk
from gui.pretrain.text_words import bytes_text, excerpt

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
PAGE = 50
LISTED = 90


class TextsModel(QAbstractListModel):
    """Attributes: documents (those read so far), n (how many there are)."""

    page_read = Signal()

    def __init__(self, desk: CorpusDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.documents: list[CorpusDocument] = []
        self.n = 0
        self._corpus = self._part = ""
        self._job = self._run = 0

    def show_part(self, corpus: str, part: str) -> None:
        """Read a part of a corpus from its beginning; "" for nothing."""
        if (corpus, part) == (self._corpus, self._part) and (self.documents or self._job):
            return
        self.beginResetModel()
        self._corpus, self._part = corpus, part
        self.documents, self.n = [], 0
        self.endResetModel()
        self.stop()
        if corpus:
            self._ask()

    def stop(self) -> None:
        """What was asked for is not wanted any more."""
        self._run += 1
        self._desk.parts.worker.cancel(self._job)
        self._job = 0

    def _ask(self) -> None:
        corpus, part, start, run = self._corpus, self._part, len(self.documents), self._run

        def on_page(page: CorpusPage) -> None:
            if run == self._run:
                self._take(page)

        def on_failed(failed: Failed) -> None:
            if run == self._run:
                self._job = 0
                self._desk.parts.context.notices.show_event(failed)

        self._job = self._desk.ask(
            lambda job: ReadCorpus(job=job, corpus=corpus, part=part, start=start, count=PAGE),
            on_page,
            on_failed,
        )

    def _take(self, page: CorpusPage) -> None:
        self._job = 0
        self.n = page.n if page.documents else len(self.documents)
        if page.documents:
            first = len(self.documents)
            self.beginInsertRows(NO_INDEX, first, first + len(page.documents) - 1)
            self.documents += page.documents
            self.endInsertRows()
        self.page_read.emit()

    # ---- Qt's ----

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.documents)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._job and 0 < len(self.documents) < self.n

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._ask()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.documents):
            return None
        document = self.documents[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return excerpt(document.text, LISTED)
        if role == Qt.ItemDataRole.ToolTipRole:
            parts = [document.source, bytes_text(document.n_bytes), document.reason]
            return " · ".join(filter(None, parts))
        return None
