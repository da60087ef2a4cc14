"""The parts of a document as a table: a tick, the words it begins with or those that were looked
for, and its tokens.

Looks for words a slice at a time, so that typing stays quick in a book.
"""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, QTimer, Signal, Slot

from gui.chat.attach_words import part_name
from gui.chat.attachments import Attachment
from gui.chat.words import tr

NAME, WORDS, TOKENS = range(3)
SLICE_S = 0.006
_WORDS_CHARS = 160
_BEFORE_CHARS = 40
Index = QModelIndex
_NO_INDEX = QModelIndex()


class PartsModel(QAbstractTableModel):
    """The parts of one document that hold the words looked for."""

    chosen_changed = Signal(object)  # set[int]: the indices chosen now
    search_ended = Signal()  # all parts have been looked through

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._attachment: Attachment | None = None
        self._rows: list[int] = []
        self._query: list[str] = []
        self._next = 0
        self._slices = QTimer(self, interval=0)
        self._slices.timeout.connect(self._look_on)

    # ---- what the chooser tells ----

    def set_attachment(self, attachment: Attachment | None) -> None:
        """Another document, or another state of the same."""
        old, self._attachment = self._attachment, attachment
        if old is None or attachment is None or old.document is not attachment.document:
            self._begin()
        elif self._rows:
            last = self.index(len(self._rows) - 1, TOKENS)
            self.dataChanged.emit(self.index(0, 0), last)

    def set_query(self, text: str) -> None:
        """Show the parts that hold all these words; all parts without any."""
        words = text.casefold().split()
        if words != self._query:
            self._query = words
            self._begin()

    @property
    def words(self) -> list[str]:
        return self._query

    def stop(self) -> None:
        self._slices.stop()

    def part_at(self, row: int) -> int:
        """Which part a row shows, -1 for none."""
        return self._rows[row] if 0 <= row < len(self._rows) else -1

    def row_of(self, part: int) -> int:
        return self._rows.index(part) if part in self._rows else -1

    def shown(self) -> list[int]:
        """The parts that are shown."""
        return list(self._rows)

    def choose(self, parts: list[int], *, is_chosen: bool) -> None:
        """Tick parts, or take their ticks away; told once."""
        if self._attachment is None:
            return
        before = self._attachment.chosen
        after = before | set(parts) if is_chosen else before - set(parts)
        if after != before:
            self.chosen_changed.emit(set(after))

    # ---- looking ----

    def _begin(self) -> None:
        self.beginResetModel()
        self._rows = []
        self._next = 0
        n_parts = len(self._attachment.document.parts) if self._attachment else 0
        if not self._query:
            self._rows = list(range(n_parts))
            self._next = n_parts
        self.endResetModel()
        if self._next < n_parts:
            self._slices.start()
            self._look_on()
        else:
            self._slices.stop()
            self.search_ended.emit()

    @Slot()
    def _look_on(self) -> None:
        """Look through as many parts as a slice has time for."""
        if self._attachment is None:
            self._slices.stop()
            return
        parts, found = self._attachment.document.parts, []
        deadline_s = time.monotonic() + SLICE_S
        while self._next < len(parts) and time.monotonic() < deadline_s:
            text = parts[self._next].text.casefold()
            if all(word in text for word in self._query):
                found.append(self._next)
            self._next += 1
        if found:
            self.beginInsertRows(_NO_INDEX, len(self._rows), len(self._rows) + len(found) - 1)
            self._rows += found
            self.endInsertRows()
        if self._next >= len(parts):
            self._slices.stop()
            self.search_ended.emit()

    # ---- what Qt asks ----

    def rowCount(self, parent: Any = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Any = _NO_INDEX) -> int:
        return 0 if parent.isValid() else 3

    def flags(self, index: Any) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag(0)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == NAME else flags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return [tr("Part"), tr("Words"), tr("Tokens")][section]
        return None

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._attachment is None or not index.isValid():
            return None
        part, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(part, column)
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME:
            is_chosen = part in self._attachment.chosen
            return Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.TextAlignmentRole and column == TOKENS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(self._text(part, one) for one in (NAME, TOKENS, WORDS))
        return None

    def setData(self, index: Any, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != NAME:
            return False
        self.choose([self._rows[index.row()]], is_chosen=Qt.CheckState(value).value != 0)
        return True

    def _text(self, part: int, column: int) -> str:
        assert self._attachment is not None
        if column == NAME:
            return part_name(self._attachment.document, part)
        if column == WORDS:
            return self._words_of(part)
        n_tokens = self._attachment.part_tokens(part)
        is_counted = self._attachment.n_tokens[part] is not None
        return f"{n_tokens:,}" if is_counted else tr("about {n}").format(n=f"{n_tokens:,}")

    def _words_of(self, part: int) -> str:
        """How a part begins, or what stands around the first word that was looked for."""
        assert self._attachment is not None
        text = self._attachment.document.parts[part].text
        start = text.casefold().find(self._query[0]) - _BEFORE_CHARS if self._query else 0
        lead = "…" if start > 0 else ""
        return lead + " ".join(text[max(0, start) : max(0, start) + _WORDS_CHARS].split())
