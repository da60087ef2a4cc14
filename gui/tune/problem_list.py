"""Rows that could not be taken: line, file where there are several, reason, how each begins; all of
them, and all can be copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Slot,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from engine.process.tune_messages import BadRow
from gui.theme import Theme
from gui.tune.row_words import excerpt
from gui.tune.words import tr

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
LINE, REASON, BEGINS, FILE = range(4)
LINE_PX, FILE_PX, ROW_PX = 64, 140, 26
Role = Qt.ItemDataRole


class ProblemModel(QAbstractTableModel):
    """Bad rows in the order of their lines. files: the names of those they are from."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.problems: list[BadRow] = []
        self.files: set[str] = set()

    def set_problems(self, problems: Sequence[BadRow]) -> None:
        self.beginResetModel()
        self.problems = list(problems)
        self.files = {one.file for one in problems}
        self.endResetModel()

    def add_problems(self, problems: Sequence[BadRow]) -> None:
        """Further ones at the end."""
        if problems:
            first = len(self.problems)
            self.beginInsertRows(NO_INDEX, first, first + len(problems) - 1)
            self.problems += problems
            self.files.update(one.file for one in problems)
            self.endInsertRows()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.problems)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else 4

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return (tr("Line"), tr("Reason"), tr("It begins"), tr("File"))[section]
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.problems):
            return None
        problem = self.problems[index.row()]
        if role == Role.DisplayRole:
            line, begins = f"{problem.line:,}", excerpt(problem.excerpt)
            return (line, problem.reason, begins, problem.file)[index.column()]
        if role in (Role.ToolTipRole, Role.AccessibleTextRole):
            return problem_text(problem)
        return None


def problem_text(problem: BadRow) -> str:
    """A bad row on one line, as it is copied."""
    words = tr("line {line} of {file}: {reason}") if problem.file else tr("line {line}: {reason}")
    words = words.format(line=problem.line, file=problem.file, reason=problem.reason)
    return f"{words}  {excerpt(problem.excerpt)}".rstrip()


class ProblemList(QTableView):
    """Shows them; Ctrl+C copies the chosen ones, or all where none is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.known = ProblemModel(self)
        self.setModel(self.known)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setAccessibleName(tr("Rows that could not be taken"))
        self.setToolTip(tr("Every row that could not be taken, by its line; Ctrl+C copies"))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.moveSection(FILE, REASON)  # beside the line, which it belongs to
        header.setSectionResizeMode(REASON, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(BEGINS, QHeaderView.ResizeMode.Stretch)
        self.known.modelReset.connect(self._show_files)
        self.known.rowsInserted.connect(self._show_files)
        theme.changed.connect(self._dress)
        self._show_files()
        self._dress()

    @Slot()
    def _show_files(self) -> None:
        """Their column says nothing where there is one."""
        self.setColumnHidden(FILE, len(self.known.files) < 2)

    def show_problems(self, problems: Sequence[BadRow]) -> None:
        self.known.set_problems(problems)

    def copy(self) -> None:
        """The chosen ones to the clipboard, all where none is chosen."""
        chosen = sorted(index.row() for index in self.selectionModel().selectedRows())
        problems = [self.known.problems[row] for row in chosen] or self.known.problems
        QGuiApplication.clipboard().setText("\n".join(map(problem_text, problems)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def _dress(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._theme.px(ROW_PX))
        self.horizontalHeader().resizeSection(LINE, self._theme.px(LINE_PX))
        self.horizontalHeader().resizeSection(FILE, self._theme.px(FILE_PX))
