"""A dataset's rows as a Qt table that reads only what is looked at, page by page. Draws nothing."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import Any

from msgspec import Struct
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)

from engine.process.messages import Failed
from engine.process.tune_messages import ReadRows, RowFilter, RowItem, RowOrder, RowPage
from gui.tune.row_words import (
    answer_of,
    asked_of,
    excerpt,
    loss_text,
    n_tokens_text,
    notes_of,
    whole_text,
)
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
ITEM_ROLE = Qt.ItemDataRole.UserRole + 1
NUMBER, ASKED, ANSWER, TOKENS, LOSS, SIDE, NOTES = range(7)
PAGE = 100
MOST_PAGES = 30
TIP_LETTERS = 600
Role = Qt.ItemDataRole
_ROLES = frozenset(
    map(int, (Role.DisplayRole, Role.ToolTipRole, Role.AccessibleTextRole, ITEM_ROLE))
)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ALIGNMENTS = [_RIGHT if column in (NUMBER, TOKENS, LOSS) else _LEFT for column in range(NOTES + 1)]


class RowQuery(Struct, frozen=True):
    """Which rows, and in which order; as ReadRows."""

    text: str = ""
    only: RowFilter = ""
    order: RowOrder = "file"


class RowsModel(QAbstractTableModel):
    """The rows of the desk's dataset that fit a query. A row that was not read yet is empty, and is
    read because it was asked for."""

    counted = Signal(int)  # how many rows fit, whenever it was read
    arrived = Signal(int, int)  # rows first up to end are there
    failed = Signal(object)  # Failed

    def __init__(self, desk: RowsDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.query = RowQuery()
        self._n_rows = 0
        self._dataset = ""
        self._round = 0  # answers to what was asked in an earlier one count no more
        self._pages: OrderedDict[int, list[RowItem]] = OrderedDict()
        self._fresh: set[int] = set()
        self._asked: dict[int, int] = {}
        self._wanted: list[int] = []
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask_wanted)

    # ---- what is shown ----

    def set_query(self, query: RowQuery) -> None:
        """Show other rows, from the first on."""
        if query != self.query:
            self.query = query
            self.reload()

    def reload(self) -> None:
        """Begin anew: another dataset, or another question."""
        self._begin_round()
        self.beginResetModel()
        self._pages.clear()
        self._n_rows = 0
        info = self._desk.info
        self._dataset = info.id if info is not None else ""
        self.endResetModel()
        self._want(0)

    @Slot()
    def refresh(self) -> None:
        """Rows may be others; what is on show stays until they are read anew."""
        info = self._desk.info
        if info is None or info.id != self._dataset:
            self.reload()
            return
        self._begin_round()
        self._want(0)
        if self._pages:
            self._want(next(reversed(self._pages)))

    def _begin_round(self) -> None:
        self._round += 1
        for job in self._asked.values():
            self._desk.parts.worker.cancel(job)
        self._asked.clear()
        self._fresh.clear()
        self._wanted.clear()

    def item(self, row: int) -> RowItem | None:
        """A row, None while it is not read."""
        page = self._pages.get(row // PAGE)
        at = row % PAGE
        return page[at] if page is not None and at < len(page) else None

    def row_of(self, row_id: str) -> int:
        """Where a row stands among those that were read; -1 where it is not among them."""
        for number, page in self._pages.items():
            for at, item in enumerate(page):
                if item.row.id == row_id:
                    return number * PAGE + at
        return -1

    def want(self, row: int) -> None:
        """Read a row (and its neighbours) where that was not done yet."""
        if row // PAGE not in self._fresh:
            self._want(row // PAGE)

    # ---- reading ----

    def _want(self, page: int) -> None:
        if page not in self._asked and page not in self._wanted:
            self._wanted.append(page)
            self._soon.start()

    @Slot()
    def _ask_wanted(self) -> None:
        # The last asked for is what is looked at now: further back nobody waits any more.
        wanted, self._wanted = self._wanted[-4:], []
        for page in wanted:
            self._ask(page)

    def _ask(self, page: int, begun: tuple[RowItem, ...] = ()) -> None:
        """Read a page, or go on with one: of huge rows fewer come at once."""
        info, query = self._desk.info, self.query
        validation = self._desk.parts.state.draft.data.validation
        if info is None:
            self.counted.emit(0)
            return
        dataset = info.id
        self._asked[page] = self._desk.ask(
            lambda job: ReadRows(
                job=job,
                dataset=dataset,
                start=page * PAGE + len(begun),
                count=PAGE - len(begun),
                text=query.text,
                only=query.only,
                order=query.order,
                validation=validation if isinstance(validation, float) else 0.0,
            ),
            partial(self._on_page, self._round, page, begun),
            partial(self._on_failed, self._round, page),
        )

    def _on_page(
        self, of_round: int, page: int, begun: tuple[RowItem, ...], found: RowPage
    ) -> None:
        if of_round != self._round:
            return
        self._asked.pop(page, None)
        self._set_n_rows(found.n_total)
        self._fresh.add(page)
        rows = self._pages[page] = [*begun, *found.rows]
        self._pages.move_to_end(page)
        while len(self._pages) > MOST_PAGES:
            gone, _ = self._pages.popitem(last=False)
            self._fresh.discard(gone)
        first, end = page * PAGE, page * PAGE + len(rows)
        if end > first:
            self.dataChanged.emit(self.index(first, 0), self.index(end - 1, NOTES))
        self.counted.emit(self._n_rows)
        self.arrived.emit(first, end)
        if found.rows and len(rows) < min(PAGE, self._n_rows - first):
            self._ask(page, tuple(rows))

    def _on_failed(self, of_round: int, page: int, failed: Failed) -> None:
        if of_round == self._round:
            self._asked.pop(page, None)
            self._fresh.add(page)  # or every paint would ask again
            self.failed.emit(failed)

    def _set_n_rows(self, n_rows: int) -> None:
        """Rows come and go at the end, so that a choice among the others holds."""
        before = self._n_rows
        if n_rows > before:
            self.beginInsertRows(NO_INDEX, before, n_rows - 1)
            self._n_rows = n_rows
            self.endInsertRows()
        elif n_rows < before:
            self.beginRemoveRows(NO_INDEX, n_rows, before - 1)
            self._n_rows = n_rows
            for page in [one for one in self._pages if one * PAGE >= n_rows]:
                del self._pages[page]
            self.endRemoveRows()

    # ---- Qt's questions ----

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else self._n_rows

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else NOTES + 1

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return _names()[section]
        if role == Role.ToolTipRole:
            return _tips()[section]
        return _ALIGNMENTS[section] if role == Role.TextAlignmentRole else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        # What a view asks for most often comes first: a repaint asks some thousand times.
        if role == Role.TextAlignmentRole:
            return _ALIGNMENTS[index.column()]
        if role not in _ROLES or not index.isValid() or index.row() >= self._n_rows:
            return None
        row, column = index.row(), index.column()
        if role == Role.DisplayRole:
            self.want(row)
        item = self.item(row)
        if item is None:
            return "…" if role == Role.DisplayRole and column == ASKED else None
        if role == Role.DisplayRole:
            return _words(item, column)
        if role == Role.ToolTipRole:
            return excerpt(whole_text(item.row), TIP_LETTERS)
        if role == Role.AccessibleTextRole:
            return f"{_names()[column]}: {_words(item, column)}"
        return item


def _words(item: RowItem, column: int) -> str:
    if column == NUMBER:
        return f"{item.number + 1:,}"
    if column == ASKED:
        return excerpt(asked_of(item.row))
    if column == ANSWER:
        return excerpt(answer_of(item.row))
    if column == TOKENS:
        return n_tokens_text(item.n_tokens)
    if column == LOSS:
        return loss_text(item.loss)
    if column == SIDE:
        return tr("kept aside") if item.is_validation else tr("learned")
    return notes_of(item)


def _names() -> tuple[str, ...]:
    return (
        tr("No."),
        tr("Asked"),
        tr("Answer"),
        tr("Tokens"),
        tr("Loss"),
        tr("Use"),
        tr("Notes"),
    )


def _tips() -> tuple[str, ...]:
    return (
        tr("The row’s place in the dataset"),
        tr("The last question of the conversation, or how the text begins"),
        tr("The last answer"),
        tr("How many tokens the row is after the model’s template; known once it was checked"),
        tr(
            "How surprised the model is by what it is to learn, in nats per token: high ones are "
            "hard or odd, low ones are known already"
        ),
        tr("Rows that are kept aside measure what was learned and are never learned from"),
        tr("What is to be said of the row: repeated, cut, empty"),
    )
