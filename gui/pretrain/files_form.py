"""Text of a person's own: files and folders, each with a line on what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QWidget

from engine.process.pretrain_messages import CorpusSource
from gui.chat.saving import file_dialog
from gui.pretrain.text_desk import CorpusDesk, name_of
from gui.pretrain.text_form import TextForm
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button
from gui.widgets.plain_tip import plain_tip

FILE_KINDS = "*.txt *.md *.html *.htm *.jsonl *.json *.csv *.parquet *.gz"
LEAST_LINES, MOST_LINES = 2, 6


class PathList(QListWidget):
    """Files and folders; Delete takes one out."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.currentItem() is not None:
            self.takeItem(self.currentRow())
        else:
            super().keyPressEvent(event)


class FilesForm(TextForm):
    """Attributes: paths (what is chosen, in its order)."""

    def __init__(self, theme: Theme, desk: CorpusDesk, parent: QWidget | None = None) -> None:
        words = tr(
            "You get a writer in its style: a model that goes on with a text as these texts do, "
            "and answers no questions. Text, Markdown, HTML, JSONL, CSV and Parquet are read, "
            "alone or in folders."
        )
        empty = tr("Add files or a folder, or drop them here.")
        super().__init__(theme, desk, tr("Your own text"), words, parent, empty_words=empty)
        self.list = PathList()
        self.list.setProperty("kind", "boxed")
        self.list.setAccessibleName(tr("Files and folders"))
        self.list.setToolTip(tr("Delete takes one out of the list; the file itself stays"))
        self.add_files = button(tr("Add files…"), "", tr("Choose one or more files"))
        self.add_folder = button(tr("Add a folder…"), "", tr("All texts in it, and below it"))
        rows = self.add_section(tr("Files and folders"))
        rows.addSpacing(theme.px(8))
        rows.addWidget(self.list)
        pane = FlowPane()
        flow = FlowLayout(pane)
        flow.setSpacing(8)
        for one in (self.add_files, self.add_folder):
            flow.addWidget(one)
        rows.addSpacing(theme.px(6))
        rows.addWidget(pane)
        self.list.model().rowsInserted.connect(self._on_paths)
        self.list.model().rowsRemoved.connect(self._on_paths)
        self.add_files.clicked.connect(self.ask_files)
        self.add_folder.clicked.connect(self.ask_folder)
        self.add_end(tr("Take this text"), tr("Clean and keep it (Ctrl+Enter)"))

    @property
    def paths(self) -> list[str]:
        items = (self.list.item(n) for n in range(self.list.count()))
        return [str(item.data(Qt.ItemDataRole.UserRole)) for item in items]

    def add_paths(self, paths: Sequence[str]) -> None:
        """More files and folders; those that are there already stay once."""
        for path in dict.fromkeys(paths):
            if path not in self.paths:
                item = QListWidgetItem(Path(path).name or path)
                item.setData(Qt.ItemDataRole.UserRole, path)
                item.setToolTip(plain_tip(path))
                self.list.addItem(item)

    def clear(self) -> None:
        """Begin anew."""
        self.list.clear()
        self._is_named = False
        self.refresh()

    @Slot()
    def _on_paths(self) -> None:
        self._fit_list()
        self.refresh()

    @Slot()
    def ask_files(self) -> None:
        """Not modal."""
        dialog = file_dialog(self.window(), tr("Files of text"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([tr("Texts ({kinds})").format(kinds=FILE_KINDS), tr("All files (*)")])
        dialog.filesSelected.connect(self.add_paths)
        dialog.open()

    @Slot()
    def ask_folder(self) -> None:
        """Not modal."""
        dialog = file_dialog(self.window(), tr("A folder of texts"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.filesSelected.connect(self.add_paths)
        dialog.open()

    def sources(self) -> list[CorpusSource]:
        column = self.chosen_column
        return [CorpusSource("path", path=path, column=column) for path in self.paths]

    def first_name(self) -> str:
        return name_of(self.paths[0]) if self.paths else tr("My text")

    def fit_fields(self) -> None:
        super().fit_fields()
        self._fit_list()

    def _fit_list(self) -> None:
        n_lines = min(MOST_LINES, max(LEAST_LINES, self.list.count()))
        line = self.list.fontMetrics().height() + self.theme.px(14)
        self.list.setFixedHeight(n_lines * line + self.theme.px(8))
