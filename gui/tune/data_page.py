"""The data page: where rows come from, and the rows that are there. A stack of views; which one is
on show, and what becomes of what they bring, is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from engine.process.tune_messages import DatasetInfo, RowItem
from gui.chat.attach_drop import DropArea
from gui.chat.saving import ask_save, file_dialog, file_name
from gui.staged.job_strip import JobStrip
from gui.tune.chats_form import ChatsForm
from gui.tune.data_header import DUPLICATES, PROBLEMS, ROWS, STATS, DataHeader
from gui.tune.duplicates_panel import DuplicatesPanel
from gui.tune.hub_form import HubForm
from gui.tune.identity_form import IdentityForm
from gui.tune.import_form import ImportForm
from gui.tune.imports import Imports
from gui.tune.parts import TunePage, TuneParts
from gui.tune.problems_panel import ProblemsPanel
from gui.tune.row_words import count, rows_text
from gui.tune.rows_check import check_of
from gui.tune.rows_desk import desk_of
from gui.tune.rows_view import RowsView
from gui.tune.source_form import SourceForm
from gui.tune.sources_view import CHATS, FILE, HUB, IDENTITY, TYPED, SourcesView
from gui.tune.stats_panel import StatsPanel
from gui.tune.typed_form import TypedForm
from gui.tune.words import tr
from gui.widgets.kinds import frame

F = TypeVar("F", bound=SourceForm)
SOURCES = "sources"
FILE_KINDS = "*.jsonl *.json *.csv *.tsv *.parquet *.txt *.md *.gz"


class DataPage(TunePage):
    """Wizard page 2."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self._theme, self.desk = theme, desk_of(parts)
        self.header = DataHeader(theme, self)
        self.strip = JobStrip(theme, self)
        self.imports = Imports(self.desk, self.strip, self)
        self.stack = QStackedWidget(self)
        # Made when they are first looked at.
        self._views: dict[str, Callable[[], QWidget]] = {
            SOURCES: lambda: self.sources,
            ROWS: lambda: self.rows,
            DUPLICATES: lambda: self.duplicates,
            PROBLEMS: lambda: self.problems,
            STATS: lambda: self.stats,
            FILE: lambda: self.file_form,
            IDENTITY: lambda: self.identity_form,
            CHATS: lambda: self.chats_form,
            TYPED: lambda: self.typed_form,
            HUB: lambda: self.hub_form,
        }
        self._lay_out()
        self._connect()
        self.view_key = ""
        self._show_dataset()

    def _lay_out(self) -> None:
        work = frame("work", self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(work)
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.strip)
        column.addWidget(self.stack, 1)
        self.drop = DropArea(self._theme, self, self, tr("Drop to look at its rows"))

    def _connect(self) -> None:
        self.header.view_chosen.connect(self.show_view)
        self.header.more_asked.connect(partial(self.show_view, SOURCES))
        self.header.new_row_asked.connect(self.new_row)
        self.header.export_asked.connect(self.ask_export)
        self.imports.taken.connect(self._on_imported)
        self.drop.files_dropped.connect(self._on_dropped)
        self.parts.state.dataset_changed.connect(self._show_dataset)
        self.desk.row_wished.connect(self._on_row_wished)
        self.desk.view_wished.connect(self.show_view)

    # ---- the views ----

    @cached_property
    def sources(self) -> SourcesView:
        view = SourcesView(self._theme, self.desk, self.stack)
        view.source_chosen.connect(self.open_source)
        view.file_asked.connect(self.open_file)
        view.left.connect(self.leave)
        return view

    @cached_property
    def rows(self) -> RowsView:
        return RowsView(self._theme, self.desk, self.stack)

    @cached_property
    def duplicates(self) -> DuplicatesPanel:
        view = DuplicatesPanel(self._theme, self.desk, self.stack)
        view.rows_asked.connect(self._on_show_repeated)
        return view

    @cached_property
    def problems(self) -> ProblemsPanel:
        return ProblemsPanel(self._theme, self.desk, self.stack)

    @cached_property
    def stats(self) -> StatsPanel:
        return StatsPanel(self._theme, self.parts, self.stack)

    @cached_property
    def file_form(self) -> ImportForm:
        return self._form(ImportForm(self._theme, self.desk, self.import_file, self.stack))

    @cached_property
    def identity_form(self) -> IdentityForm:
        return self._form(IdentityForm(self._theme, self.desk, self._on_taken, self.stack))

    @cached_property
    def chats_form(self) -> ChatsForm:
        return self._form(ChatsForm(self._theme, self.desk, self._on_taken, self.stack))

    @cached_property
    def typed_form(self) -> TypedForm:
        return self._form(TypedForm(self._theme, self.desk, self._on_typed, self.stack))

    @cached_property
    def hub_form(self) -> HubForm:
        return self._form(HubForm(self._theme, self.desk, self.import_hub, self.stack))

    def _form(self, form: F) -> F:
        form.left.connect(self.leave)
        return form

    # ---- what the list of steps says ----

    @property
    def status_words(self) -> str:
        info = self.desk.info
        return rows_text(info.n_rows) if info is not None else Path(self.desk.bare_file).name

    @property
    def is_done(self) -> bool:
        info = self.desk.info
        return bool(self.desk.bare_file) or (info is not None and info.n_rows > 0)

    def header_words(self) -> str:
        info = self.desk.info
        if info is None:
            return ""
        facts = [rows_text(info.n_rows)]
        facts += [tr("from {source}").format(source=info.source)] if info.source else []
        return " · ".join(facts)

    # ---- views ----

    def on_shown(self) -> None:
        if not self.desk.is_listed:
            self.desk.list_datasets()
        self._begin_view()

    @Slot(str)
    def show_view(self, key: str) -> None:
        """Go to a view; those of rows need a dataset."""
        if self.view_key == CHATS and key != CHATS:
            self.chats_form.close_reader()
        self.view_key = key
        view = self._views[key]()
        if self.stack.indexOf(view) < 0:
            self.stack.addWidget(view)
        self.stack.setCurrentWidget(view)
        self.header.show_view(key)
        self.header.setVisible(key in (ROWS, DUPLICATES, PROBLEMS, STATS))
        self._begin_view()

    def _begin_view(self) -> None:
        """What the view on show needs is read only when it is looked at."""
        if not self.isVisible():
            return
        if self.view_key == DUPLICATES:
            self.duplicates.look()
        elif self.view_key == PROBLEMS:
            self.problems.look()
        elif self.view_key == STATS:
            self.stats.look()

    @Slot()
    def leave(self) -> None:
        """Back to the rows, or to where they can come from."""
        self.show_view(ROWS if self.desk.info is not None else SOURCES)

    @Slot()
    def _show_dataset(self) -> None:
        info = self.desk.info
        self.header.show_dataset(info)
        if info is None and self.view_key in ("", ROWS, DUPLICATES, PROBLEMS, STATS):
            self.show_view(SOURCES)
        elif info is not None and self.view_key in ("", SOURCES):
            self.show_view(ROWS)
        self.status_changed.emit()

    @Slot(str)
    def open_source(self, key: str) -> None:
        """A way to bring rows was chosen."""
        if key == FILE:
            self.ask_file()
            return
        self.show_view(key)
        form = self._views[key]()
        if isinstance(form, IdentityForm | HubForm | TypedForm | ChatsForm):
            form.begin()

    # ---- a file ----

    def ask_file(self) -> None:
        """Ask which file to look at."""
        dialog = file_dialog(self.window(), tr("Open a file of rows"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [tr("Files of rows ({kinds})").format(kinds=FILE_KINDS), tr("All files (*)")]
        )
        dialog.fileSelected.connect(self.open_file)
        dialog.open()

    def open_file(self, path: str) -> None:
        """Look at a file before it is taken."""
        self.show_view(FILE)
        self.file_form.open(path)

    @Slot(list)
    def _on_dropped(self, paths: list[str]) -> None:
        self.open_file(paths[0])
        if len(paths) > 1:
            words = tr("One file after another: this is the first of {n}.").format(n=len(paths))
            self.parts.context.notices.tell(words)

    def import_file(
        self, path: str, row_format: str, mapping: dict[str, str], name: str, dataset: str
    ) -> None:
        """A whole file becomes rows."""
        self.imports.take_file(self.file_form, path, row_format, mapping, name, dataset)

    def import_hub(self, repository: str, file: str, name: str, n_rows: int) -> None:
        """A dataset of the hub becomes one of ours."""
        self.imports.take_hub(self.hub_form, repository, file, name, n_rows)

    @Slot(object)
    def _on_imported(self, info: DatasetInfo) -> None:
        self.rows.show_only("")
        self.show_view(ROWS)
        words = tr("{rows} taken").format(rows=rows_text(info.n_rows))
        if info.n_problems:
            bad = count(info.n_problems, tr("{n} could not be"), tr("{n} could not be"))
            words = f"{words}; {bad}"
        self.parts.context.notices.tell(words)

    # ---- rows that were brought otherwise ----

    def _on_taken(self, info: DatasetInfo) -> None:
        self.rows.show_only("")
        self.show_view(ROWS)
        self.parts.context.notices.tell(
            tr("{rows} in “{name}”").format(rows=rows_text(info.n_rows), name=info.name)
        )

    def _on_typed(self, info: DatasetInfo) -> None:
        self._on_taken(info)
        self.rows.new_row()

    @Slot()
    def new_row(self) -> None:
        """Write one more row."""
        if self.desk.info is None:
            self.open_source(TYPED)
        else:
            self.show_view(ROWS)
            self.rows.new_row()

    @Slot()
    def find_rows(self) -> None:
        """The keyboard to the search."""
        if self.desk.info is not None:
            self.show_view(ROWS)
            self.rows.filters.search.setFocus()
            self.rows.filters.search.selectAll()

    @Slot(object)
    def _on_row_wished(self, item: RowItem) -> None:
        if self.desk.info is not None:
            self.show_view(ROWS)
            self.rows.go_to(item.number)

    @Slot()
    def _on_show_repeated(self) -> None:
        self.show_view(ROWS)
        self.rows.show_only("duplicates")

    @Slot()
    def ask_export(self) -> None:
        """Ask where the rows are to be written."""
        info = self.desk.info
        if info is not None:
            ask_save(self.window(), f"{file_name(info.name)}.jsonl", "jsonl", self.desk.export)

    # ---- undo, the end ----

    def undo(self) -> bool:
        return self.view_key in (ROWS, DUPLICATES) and self.rows.undo()

    def redo(self) -> bool:
        return self.view_key in (ROWS, DUPLICATES) and self.rows.redo()

    def undo_words(self) -> tuple[str, str]:
        info = self.desk.info
        if info is None or self.view_key not in (ROWS, DUPLICATES):
            return "", ""
        return info.can_undo, info.can_redo

    def save_state(self) -> None:
        if "rows" in self.__dict__:
            self.rows.close_timers()
        if "chats_form" in self.__dict__:
            self.chats_form.close_reader()
        check_of(self.parts).close()
