"""The Tokens room: a text as a model sees it. Pages under one header, details beside them; parts
know one another only through here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QFocusEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.errors import AppError
from engine.process.messages import Failed
from gui.commands import Command
from gui.context import AppContext, Room
from gui.side_worker import SideWorker
from gui.tokens.arrivals import Arrivals
from gui.tokens.details_pane import DetailsPane
from gui.tokens.header import TokensHeader
from gui.tokens.lesson_host import TokensLessons
from gui.tokens.parts import Shortcut, TokensPage, TokensParts
from gui.tokens.state import STARTER, TokensState
from gui.tokens.surprise_switch import SurpriseSwitch
from gui.tokens.tokenizer_chooser import FOLLOW, TokenizerChooser
from gui.tokens.tokenizer_menu import BUILT_IN, source_name
from gui.tokens.words import tr
from gui.widgets.panes import Panes

if TYPE_CHECKING:
    from gui.lessons.lesson import Lesson
    from gui.tokens.text_page import TextPage

TEXT = "text"
SPLITTER = "tokens"
ROOMY_PX = 880  # a narrower room has no place for the details beside the text

PageFactory = Callable[[TokensParts, QWidget], TokensPage]


def page_factories() -> list[tuple[str, str, PageFactory]]:
    """The pages that exist, in the header's order: key, visible name, class."""
    return [
        ("text", tr("Text"), _text_page),
        ("chat", tr("Chat"), _chat_page),
        ("compare", tr("Compare"), _compare_page),
        ("vocabulary", tr("Vocabulary"), _vocabulary_page),
    ]


# Imported when looked at.


def _text_page(parts: TokensParts, parent: QWidget) -> TokensPage:
    from gui.tokens.text_page import TextPage

    return TextPage(parts, parent)


def _chat_page(parts: TokensParts, parent: QWidget) -> TokensPage:
    from gui.tokens.chat_page import ChatPage

    return ChatPage(parts, parent)


def _compare_page(parts: TokensParts, parent: QWidget) -> TokensPage:
    from gui.tokens.compare_page import ComparePage

    return ComparePage(parts, parent)


def _vocabulary_page(parts: TokensParts, parent: QWidget) -> TokensPage:
    from gui.tokens.vocabulary_page import VocabularyPage

    return VocabularyPage(parts, parent)


class TokensRoom(Room):
    """header | page | details."""

    def __init__(
        self,
        context: AppContext,
        parent: QWidget | None = None,
        worker: SideWorker | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self.worker = worker or SideWorker(context.paths, parent=self)
        self.state = TokensState(self.worker, self)
        self._factories = page_factories()
        self._pages: dict[str, TokensPage] = {}
        self.panes = Panes(context.theme, self, has_list=False, roomy_px=ROOMY_PX)
        names = [(key, name) for key, name, _ in self._factories]
        self.header = TokensHeader(context.theme, names, self.panes.work)
        self.tabs, self.details_button = self.header.tabs, self.header.details_button
        self.stack = QStackedWidget(self.panes.work)
        self.parts = TokensParts(
            context=context,
            worker=self.worker,
            state=self.state,
            add_action=self._add,
            show_page=self.show_page,
            show_text=self._show_text,
            show_panel=self._show_panel,
            add_header_widget=self.header.add_widget,
        )
        self.arrivals = Arrivals(context, self)
        self.chooser = TokenizerChooser(self.parts, self)
        self.header.set_tokenizer_button(self.chooser.button)
        self.details = DetailsPane(self.parts, self.panes.side)
        self.lessons = TokensLessons(context, self)
        self._lay_out()
        self._connect()
        self._restore()

    def _lay_out(self) -> None:
        work = QWidget(self.panes.work)
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.arrivals.line)
        column.addWidget(self.stack, 1)
        self.panes.fill(None, work, self.details)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.panes)

    def _connect(self) -> None:
        self.tabs.changed.connect(self.show_page)
        self.state.opening_failed.connect(self._on_failed)
        self.worker.failed.connect(self._on_failed)
        for n, (key, name, _) in enumerate(self._factories, 1):
            self._add(name, partial(self.show_page, key), f"Alt+{n}")
        self._add(tr("Choose a &tokenizer…"), self.chooser.choose, "Ctrl+T")
        self._add(tr("Open a GGUF or to&kenizer.json…"), self.chooser.ask_for_file)
        self._add(tr("Show &details"), self.details_button.toggle, "Ctrl+D")
        self.details_button.toggled.connect(self._on_details_toggled)
        self.panes.details_wished.connect(self.details_button.setChecked)
        self.details.lesson.changed.connect(self._show_details)
        self.details.token.next_asked.connect(lambda: self.text_page.occurrences.next())
        self.details.token.previous_asked.connect(lambda: self.text_page.occurrences.previous())

    def _restore(self) -> None:
        kept = self._context.settings.value.splitters.get(SPLITTER, [])
        self.details_button.setChecked(self.panes.restore(kept))
        self.surprise_switch = SurpriseSwitch(self.parts, self.header)
        self.header.add_widget(self.surprise_switch)

    def _add(self, text: str, do: Callable[[], object], shortcut: Shortcut = None) -> QAction:
        action = QAction(text, self)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda: do())
        self.addAction(action)
        return action

    # ---- pages ----

    @Slot(str)
    def show_page(self, key: str) -> None:
        """Go to a page, made now if nobody looked at it yet."""
        page = self.page_of(key)
        self.stack.setCurrentWidget(page)
        self.tabs.set_value(key)
        self.arrivals.show_for(key)
        self.surprise_switch.setVisible(key == TEXT)
        self._show_details()
        page.on_shown()

    def page_of(self, key: str) -> TokensPage:
        if key not in self._pages:
            make = next(make for one, _, make in self._factories if one == key)
            self._pages[key] = make(self.parts, self.stack)
            self.stack.addWidget(self._pages[key])
        return self._pages[key]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._pages and self._factories:
            self.show_page(self._factories[0][0])
        self.chooser.begin()
        self.chooser.follow_now()

    @property
    def page_key(self) -> str:
        """The page on show."""
        shown = self.stack.currentWidget()
        return next((key for key, page in self._pages.items() if page is shown), "")

    @property
    def text_page(self) -> TextPage:
        from gui.tokens.text_page import TextPage

        page = self.page_of(TEXT)
        assert isinstance(page, TextPage), page
        return page

    def _show_text(self, text: str) -> None:
        self.show_page(TEXT)
        try:
            self.text_page.show_text(text)
        except AppError as error:
            self._context.notices.show_error(error)

    def _show_panel(self, key: str) -> None:
        self.show_page(TEXT)
        self.text_page.panels.show_panel(key)

    @Slot(bool)
    def _on_details_toggled(self, is_on: bool) -> None:
        """The details are of the text's tokens: other pages have the room for themselves, and for
        a lesson that is under way."""
        is_text = self.page_key in (TEXT, "")
        has_some = is_text or self.details.lesson.lesson is not None
        self.details.show_whole(is_text)
        self.details_button.setVisible(has_some)
        self.panes.show_details(is_on and has_some)

    @Slot()
    def _show_details(self) -> None:
        self._on_details_toggled(self.details_button.isChecked())

    def show_lesson(self, lesson: Lesson) -> None:
        """Begin a lesson beside the work."""
        self.details_button.setChecked(True)
        self.details.lesson.begin(lesson)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Not a focus proxy: Qt would stop at the room too when Tab comes past.
        super().focusInEvent(event)
        if self.page_key == TEXT:
            self.text_page.editor.setFocus()

    def commands(self) -> list[Command]:
        """Tokenizers by name."""
        known = self._context.settings.value.tokens_recent
        keys = [FOLLOW, STARTER, *BUILT_IN, *known]
        names = {FOLLOW: tr("The loaded model’s own")}
        return [
            Command(
                tr("Tokenizer: {name}").format(name=names.get(key) or source_name(key)),
                tr("Tokens"),
                partial(self.chooser.use, key),
            )
            for key in keys
        ]

    def _on_failed(self, failed: Failed) -> None:
        self._context.notices.show_failure(failed.message, failed.hint, failed.detail)

    # ---- undo ----

    def undo(self) -> bool:
        page = self.stack.currentWidget()
        return isinstance(page, TokensPage) and page.undo()

    def redo(self) -> bool:
        page = self.stack.currentWidget()
        return isinstance(page, TokensPage) and page.redo()

    def undo_words(self) -> tuple[str, str]:
        page = self.stack.currentWidget()
        return page.undo_words() if isinstance(page, TokensPage) else ("", "")

    def save_state(self) -> None:
        for page in self._pages.values():
            page.save_state()
        self.details.save_state()
        self.panes.show_details(self.details_button.isChecked())
        splitters = dict(self._context.settings.value.splitters)
        splitters[SPLITTER] = self.panes.widths()
        self._context.settings.change(splitters=splitters)
        self.worker.close()
