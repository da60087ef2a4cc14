"""What the tests of single pages of the Tokens room share: the parts that a page is given, over an
engine in the test's own process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.paths import Paths
from gui.context import AppContext
from gui.notices import Notices
from gui.settings_store import SettingsStore
from gui.side_worker import SideWorker
from gui.theme import Theme
from gui.tokens.parts import Shortcut, TokensPage, TokensParts
from gui.tokens.state import TokensState
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_tokens import FakeTokens

P = TypeVar("P", bound=TokensPage)


class PageBench:
    """One page on screen, and what a test does with it."""

    def __init__(self, qtbot: QtBot, context: AppContext) -> None:
        self.qtbot, self.context = qtbot, context
        self.engine = FakeTokens()
        engine: Any = self.engine
        self.worker = SideWorker(context.paths, engine)
        self.state = TokensState(self.worker)
        self.shown_texts: list[str] = []
        self.shown: list[QWidget] = []
        self.parts = TokensParts(
            context=context,
            worker=self.worker,
            state=self.state,
            add_action=self._add,
            show_page=lambda key: None,
            show_text=self.shown_texts.append,
            show_panel=lambda key: None,
            add_header_widget=lambda widget: None,
        )

    def _add(self, text: str, do: Callable[[], object], shortcut: Shortcut = None) -> QAction:
        action = QAction(text, self.state)
        action.triggered.connect(lambda: do())
        return action

    def use(self, source: str) -> None:
        """Wait until a tokenizer is in use."""
        self.state.open(source)
        self.until(lambda: self.state.source == source)

    def show(self, page: P) -> P:
        page.resize(1300, 800)
        self.shown.append(page)
        with self.qtbot.waitExposed(page):
            page.show()
        page.on_shown()
        return page

    def leave(self, page: TokensPage) -> None:
        """As the window does when it closes."""
        page.save_state()
        self.shown.remove(page)
        page.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def until(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=10_000)

    def close(self) -> None:
        for page in list(self.shown):
            assert isinstance(page, TokensPage)
            self.leave(page)
        self.worker.close()
        self.context.notices.strip.hide()
        self.context.notices.banners.hide()


def make_context(qapp: QApplication, paths: Paths) -> AppContext:
    theme = Theme(qapp)
    theme.set_mode("light")
    theme.apply()
    engine: Any = FakeEngine()
    return AppContext(paths, SettingsStore(paths.settings), theme, engine, Notices(theme))


@pytest.fixture
def page_bench(qtbot: QtBot, qapp: QApplication, paths: Paths) -> Iterator[PageBench]:
    context = make_context(qapp, paths)
    bench = PageBench(qtbot, context)
    yield bench
    bench.close()
    context.settings.flush()
