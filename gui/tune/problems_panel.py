"""All rows of a dataset's files that could not be taken, each with its line and reason."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import ProblemPage, ReadProblems
from gui.theme import Theme
from gui.tune.problem_list import ProblemList
from gui.tune.row_words import count
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr
from gui.widgets.kinds import button, label

PAGE = 1_000


class ProblemsPanel(QWidget):
    """Reads them when it is shown, to the last."""

    def __init__(self, theme: Theme, desk: RowsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._desk = theme, desk
        self._dataset, self._n_wanted, self._round = "", -1, 0
        self.words = label("", "dim", wrap=True)
        self.list = ProblemList(theme)
        self.copy_button = button(
            tr("Copy all"), "chip", tr("Every line with its reason, to the clipboard")
        )
        self._row = QHBoxLayout()
        self._row.addWidget(self.words, 1)
        self._row.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._row)
        self._column.addWidget(self.list, 1)
        self.copy_button.clicked.connect(self._on_copy)
        desk.parts.state.dataset_changed.connect(self._on_rows_changed)
        theme.changed.connect(self._dress)
        self._dress()

    @Slot()
    def look(self) -> None:
        """Read them, where that was not done."""
        info = self._desk.info
        dataset, n_problems = (info.id, info.n_problems) if info is not None else ("", 0)
        if (dataset, n_problems) != (self._dataset, self._n_wanted):
            self._dataset, self._n_wanted = dataset, n_problems
            self._round += 1
            self.list.show_problems([])
            self._say(0, n_problems)
            if n_problems:
                self._ask(self._round, 0)

    def _ask(self, of_round: int, start: int) -> None:
        dataset = self._dataset

        def read(page: ProblemPage) -> None:
            if of_round != self._round:
                return
            self.list.known.add_problems(page.items)
            n_read = start + len(page.items)
            self._say(n_read, page.n_total)
            if page.items and n_read < page.n_total:
                self._ask(of_round, n_read)

        self._desk.ask(
            lambda job: ReadProblems(job=job, dataset=dataset, start=start, count=PAGE),
            read,
            self._on_failed,
        )

    def _on_failed(self, failed: Failed) -> None:
        self._n_wanted = -1
        self.words.setText(f"{failed.message} {failed.hint}".strip())

    def _say(self, n_read: int, n_all: int) -> None:
        words = tr("Every row of the file was taken.")
        if n_all:
            words = count(
                n_all,
                tr("{n} row could not be taken. Mend it in the file and take the file again."),
                tr("{n} rows could not be taken. Mend them in the file and take the file again."),
            )
        self.words.setText(words)
        self.list.setVisible(n_read > 0)
        self.copy_button.setVisible(n_read > 0)

    @Slot()
    def _on_copy(self) -> None:
        self.list.clearSelection()
        self.list.copy()
        n = len(self.list.known.problems)
        words = count(n, tr("{n} line copied"), tr("{n} lines copied"))
        self._desk.parts.context.notices.tell(words)

    @Slot()
    def _on_rows_changed(self) -> None:
        if self.isVisible():
            self.look()

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(10), px(16), px(12))
        self._column.setSpacing(px(8))
