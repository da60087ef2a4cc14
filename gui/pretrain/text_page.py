"""The text page: where raw text comes from, and the text that is there. A stack of views; which one
is on show, and what becomes of what they bring, is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TypeVar

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.pretrain_messages import CorpusInfo
from gui.chat.attach_drop import DropArea
from gui.pretrain.corpus_view import CorpusView
from gui.pretrain.files_form import FilesForm
from gui.pretrain.hub_text_form import HubTextForm
from gui.pretrain.making_view import MakingView
from gui.pretrain.parts import PretrainPage, PretrainParts
from gui.pretrain.stories_form import PythonForm, StoriesForm
from gui.pretrain.text_desk import desk_of
from gui.pretrain.text_details import TextDetails
from gui.pretrain.text_form import TextForm
from gui.pretrain.text_sources import FILES, HUB, PYTHON, STORIES, TextSources
from gui.pretrain.text_words import bytes_text, texts_text
from gui.pretrain.words import tr
from gui.widgets.kinds import button, frame

F = TypeVar("F", bound=TextForm)
SOURCES, MAKING, CORPUS = "sources", "making", "corpus"
FORMS = ("stories_form", "python_form", "files_form", "hub_form")


class TextPage(PretrainPage):
    """Page 1."""

    def __init__(self, parts: PretrainParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self._theme, self.desk = theme, desk_of(parts)
        self.stack = QStackedWidget(self)
        # Made when they are first looked at.
        self._views: dict[str, Callable[[], QWidget]] = {
            SOURCES: lambda: self.sources,
            MAKING: lambda: self.making,
            CORPUS: lambda: self.corpus,
            STORIES: lambda: self.stories_form,
            PYTHON: lambda: self.python_form,
            FILES: lambda: self.files_form,
            HUB: lambda: self.hub_form,
        }
        self.view_key = ""
        self._from = SOURCES  # the form whose text is being made
        self.next_button = button(
            tr("Next: tokenizer"), "primary", tr("Go on with this text (Alt+2)")
        )
        self.next_button.hide()
        self._details = TextDetails(theme, parts.state, self)
        work = frame("work", self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(work)
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.drop = DropArea(theme, self, self, tr("Drop to look at this text"))
        self._connect()
        self._show_corpus()

    def _connect(self) -> None:
        desk, parts = self.desk, self.parts
        self.next_button.clicked.connect(lambda: parts.show_page("tokenizer"))
        self.drop.files_dropped.connect(self.open_paths)
        parts.state.corpus_changed.connect(self._show_corpus)
        desk.making_changed.connect(self._on_making)
        desk.made.connect(self._on_made)
        desk.making_failed.connect(self._on_failed)
        parts.add_action(tr("&Open texts…"), self.ask_files, "Ctrl+O")
        parts.add_action(tr("Write s&tories…"), partial(self.open_source, STORIES), None)
        parts.add_action(tr("&Another text…"), partial(self.show_view, SOURCES), None)

    # ---- the views ----

    @cached_property
    def sources(self) -> TextSources:
        view = TextSources(self._theme, self.desk, self.stack)
        view.source_chosen.connect(self.open_source)
        view.bare_asked.connect(lambda path: self.open_paths([path]))
        view.left.connect(self.leave)
        return view

    @cached_property
    def making(self) -> MakingView:
        view = MakingView(self._theme, self.stack)
        view.stopped.connect(self._on_stopped)
        self.desk.told.connect(view.hear)
        return view

    @cached_property
    def corpus(self) -> CorpusView:
        view = CorpusView(self._theme, self.desk, self.stack)
        view.another_asked.connect(partial(self.show_view, SOURCES))
        return view

    @cached_property
    def stories_form(self) -> StoriesForm:
        return self._form(StoriesForm(self._theme, self.desk, self.stack))

    @cached_property
    def python_form(self) -> PythonForm:
        return self._form(PythonForm(self._theme, self.desk, self.stack))

    @cached_property
    def files_form(self) -> FilesForm:
        return self._form(FilesForm(self._theme, self.desk, self.stack))

    @cached_property
    def hub_form(self) -> HubTextForm:
        return self._form(HubTextForm(self._theme, self.desk, self.stack))

    def _form(self, form: F) -> F:
        form.left.connect(partial(self.show_view, SOURCES))
        return form

    # ---- which is on show ----

    @Slot(str)
    def show_view(self, key: str) -> None:
        """Go to a view."""
        self.view_key = key
        self.stack.setCurrentWidget(self._view(key))
        self.status_changed.emit()

    def _view(self, key: str) -> QWidget:
        """A view, made now if nobody looked at it yet."""
        view = self._views[key]()
        if self.stack.indexOf(view) < 0:
            self.stack.addWidget(view)
        return view

    @Slot()
    def leave(self) -> None:
        """Back to the text, or to where one can come from."""
        self.show_view(CORPUS if self.desk.info is not None else SOURCES)

    @Slot(str)
    def open_source(self, key: str) -> None:
        """A way to bring text was chosen."""
        if self.desk.making:
            self.show_view(MAKING)
            self.parts.context.notices.tell(tr("One text after another: this one is being made"))
            return
        self.show_view(key)
        form = self._views[key]()
        assert isinstance(form, TextForm), form
        form.begin()
        if isinstance(form, FilesForm) and not form.paths:
            form.add_files.setFocus()

    @Slot(list)
    def open_paths(self, paths: list[str]) -> None:
        """Look at files and folders before they are taken."""
        if self.desk.making:
            self.open_source(FILES)
            return
        if self.view_key != FILES:
            self.files_form.clear()
        self.open_source(FILES)
        self.files_form.add_paths(paths)

    def ask_files(self) -> None:
        """Ask which files to look at."""
        self.parts.show_page("text")
        self.open_source(FILES)
        if self.view_key == FILES:
            self.files_form.ask_files()

    # ---- making ----

    @Slot()
    def _on_making(self) -> None:
        name = self.desk.making
        if name:
            self._from = self.view_key
            self.making.begin(name)
            self.show_view(MAKING)
            # Made while there is time, for the moment when the text is ready.
            QTimer.singleShot(0, self, partial(self._view, CORPUS))
        else:
            self.making.strip.end()

    @Slot()
    def _on_stopped(self) -> None:
        self.desk.stop_making()
        self.show_view(self._from)
        self.parts.context.notices.tell(tr("Stopped; nothing of it was kept"))

    @Slot(object)
    def _on_made(self, info: CorpusInfo) -> None:
        self.show_view(CORPUS)
        words = tr("“{name}” is ready: {size}").format(
            name=info.name, size=bytes_text(info.n_bytes)
        )
        self.parts.context.notices.tell(words)

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        self.show_view(self._from)
        form = self._views[self._from]()
        if isinstance(form, TextForm):
            form.say_failed(failed)
        else:
            self.parts.context.notices.show_event(failed)

    # ---- what the room asks ----

    def on_shown(self) -> None:
        if not self.desk.is_listed:
            self.desk.list_corpora()

    @Slot()
    def _show_corpus(self) -> None:
        info = self.desk.info
        if info is not None or "corpus" in self.__dict__:
            self.corpus.show_corpus(info)
        self.next_button.setEnabled(info is not None)
        if info is None and self.view_key in ("", CORPUS):
            self.show_view(SOURCES)
        elif info is not None and self.view_key in ("", SOURCES):
            self.show_view(CORPUS)
        self.status_changed.emit()

    def save_state(self) -> None:
        for form in (self.__dict__.get(key) for key in FORMS):
            if isinstance(form, TextForm):
                form.look.forget()
        if "corpus" in self.__dict__:
            self.corpus.reader.model.stop()

    def details(self) -> QWidget:
        return self._details.panel

    def header_widget(self) -> QWidget:
        return self.next_button

    def header_words(self) -> str:
        info = self.desk.info
        if self.desk.making:
            return tr("making “{name}”").format(name=self.desk.making)
        if info is None:
            return ""
        return " · ".join([info.name, bytes_text(info.n_bytes), texts_text(info.n_documents)])
