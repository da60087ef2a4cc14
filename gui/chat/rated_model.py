"""Rated replies as a Qt list model: those that a rating and a tag choose. Draws nothing."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.chats.records import EVERY, Chosen, RatedEntry
from gui.chat.words import tr

Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
NO_INDEX = QModelIndex()


class RatedModel(QAbstractListModel):
    """The rated replies, newest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[RatedEntry] = []
        self.chosen = EVERY
        self._shown: list[RatedEntry] = []

    def set_entries(self, entries: Sequence[RatedEntry]) -> None:
        self.entries = list(entries)
        self._show()

    def set_chosen(self, chosen: Chosen) -> None:
        """Show these of them."""
        self.chosen = chosen
        self._show()

    def _show(self) -> None:
        shown = [one for one in self.entries if self.chosen.has(one)]
        if shown != self._shown:
            self.beginResetModel()
            self._shown = shown
            self.endResetModel()

    # ---- looking ----

    @property
    def tags(self) -> list[str]:
        """All tags that are in use, sorted as a person would."""
        return sorted({tag for one in self.entries for tag in one.tags}, key=str.casefold)

    @property
    def n_teaching(self) -> int:
        """How many of the shown ones have an answer to learn."""
        return sum(one.can_teach for one in self._shown)

    def entry_at(self, index: Index) -> RatedEntry | None:
        return self._shown[index.row()] if index.isValid() else None

    def row_of(self, message_id: str) -> int:
        """The row of a reply, -1 where it is not shown."""
        ids = [one.message_id for one in self._shown]
        return ids.index(message_id) if message_id in ids else -1

    # ---- Qt's questions ----

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry_at(index)
        if entry is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.question or entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ". ".join(words_of(entry))
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(words_of(entry))
        return entry if role == ENTRY_ROLE else None


def words_of(entry: RatedEntry) -> list[str]:
    """A rated reply in words: what was asked, said, and made of it."""
    rating = {1: tr("rated good"), -1: tr("rated bad")}.get(entry.rating, "")
    parts = [
        tr("Question: {text}").format(text=entry.question) if entry.question else "",
        tr("Answer: {text}").format(text=entry.answer),
        tr("Correction: {text}").format(text=entry.correction) if entry.correction else "",
        rating,
        tr("tags: {names}").format(names=", ".join(entry.tags)) if entry.tags else "",
        tr("in “{title}”").format(title=entry.title) if entry.title else "",
    ]
    return [part for part in parts if part]
