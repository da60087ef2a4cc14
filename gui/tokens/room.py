"""The Tokens room: a text as a model sees it. Pages under one header, details beside them; parts
know one another only through here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.process.messages import Failed
from gui.context import AppContext, Room
from gui.tokens.arrivals import Arrivals
from gui.tokens.parts import Shortcut, TokensPage, TokensParts
from gui.tokens.state import STARTER, TokensState
from gui.tokens.words import tr
from gui.tokens.worker import TokenWorker
from gui.widgets.choice import Choice
from gui.widgets.kinds import frame

PageFactory = Callable[[TokensParts, QWidget], TokensPage]


def page_factories() -> list[tuple[str, str, PageFactory]]:
    """The pages that exist, in the header's order: key, visible name, class."""
    return [
        ("chat", tr("Chat"), _chat_page),
        ("compare", tr("Compare"), _compare_page),
        ("vocabulary", tr("Vocabulary"), _vocabulary_page),
    ]


# Imported when looked at.


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
        worker: TokenWorker | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self.worker = worker or TokenWorker(context.paths, parent=self)
        self.state = TokensState(self.worker, self)
        self._factories = page_factories()
        self._pages: dict[str, TokensPage] = {}
        self.header = frame("header", self)
        self.tabs = Choice([(key, name) for key, name, _ in self._factories], self.header)
        self.stack = QStackedWidget(self)
        self.parts = TokensParts(
            context=context,
            worker=self.worker,
            state=self.state,
            add_action=self._add,
            show_page=self.show_page,
            show_text=self._show_text,
            show_panel=self._show_panel,
            add_header_widget=self._add_header_widget,
        )
        self.arrivals = Arrivals(context, self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self.header)
        row.addWidget(self.tabs)
        row.addStretch(1)
        self._header_slot = QHBoxLayout()
        row.addLayout(self._header_slot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.arrivals.line)
        column.addWidget(self.stack, 1)

    def _connect(self) -> None:
        self.tabs.changed.connect(self.show_page)
        self.state.opening_failed.connect(self._on_failed)
        self.worker.failed.connect(self._on_failed)
        for n, (key, name, _) in enumerate(self._factories, 1):
            self._add(name, partial(self.show_page, key), f"Alt+{n}")

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
        if not self.state.source:
            self.state.open(STARTER)

    def _show_text(self, text: str) -> None:
        raise NotImplementedError

    def _show_panel(self, key: str) -> None:
        raise NotImplementedError

    def _add_header_widget(self, widget: QWidget) -> None:
        self._header_slot.addWidget(widget)

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
        self.worker.close()
