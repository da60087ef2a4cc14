"""The Tokens room as a person has it in front of them: shown, with the real worker or another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.paths import Paths
from gui.context import AppContext
from gui.process import EngineProcess
from gui.side_worker import SideWorker
from gui.tokens.first_text import FIRST_TEXT
from gui.tokens.room import TokensRoom
from gui.tokens.text_page import TextPage

SIZE_PX = (1300, 860)
SLOW_MS = 60_000  # a process is started, a file of the disk is read


class LentWorker(SideWorker):
    """A real worker that outlives the rooms it is lent to, one after another: what one of them
    still waits for ends with it."""

    def __init__(self, qtbot: QtBot, paths: Paths, engine: EngineProcess) -> None:
        super().__init__(paths, engine)
        self.engine.setParent(None)
        self._qtbot, self._jobs = qtbot, set[int]()

    def ask(self, *arguments: Any, **named: Any) -> int:
        job = super().ask(*arguments, **named)
        self._jobs.add(job)
        return job

    def close(self) -> None:
        session = self.engine._session
        assert session is not None, "the worker has died"
        for job in self._jobs:
            self.cancel(job)
        self._qtbot.waitUntil(lambda: not session.open_jobs, timeout=SLOW_MS)


class RoomBench:
    """A shown room. worker: None for a real one of its own."""

    def __init__(self, qtbot: QtBot, context: AppContext, worker: SideWorker | None = None) -> None:
        self.qtbot, self.context = qtbot, context
        self.room = TokensRoom(context, None, worker)
        self.room.resize(*SIZE_PX)
        with qtbot.waitExposed(self.room):
            self.room.show()
        self.until(lambda: self.room.state.info is not None)
        self.settle()

    @property
    def page(self) -> TextPage:
        return self.room.text_page

    @property
    def text(self) -> str:
        return self.page.editor.text()

    def until(self, condition: Callable[[], bool], timeout: int = SLOW_MS) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    def settle(self) -> None:
        """All tokens are known and everybody was told."""
        document = self.room.state.document
        self.until(lambda: not document.is_stale and not self.page.feeder.is_busy)
        self.until(lambda: not self.page._tell.isActive())

    def show_text(self, text: str) -> None:
        self.room.parts.show_text(text)
        self.settle()

    def action(self, text: str) -> QAction:
        (found,) = [one for one in self.room.actions() if one.text() == text]
        return found

    def click_token(self, index: int) -> None:
        """With the mouse, in its middle."""
        editor = self.page.editor
        editor.show_token(index)
        place = editor.token_rect(index).center()
        QTest.mouseClick(editor.viewport(), Qt.MouseButton.LeftButton, pos=place)

    @property
    def told(self) -> str:
        """What the strip says."""
        return self.context.notices.strip.text

    def close(self) -> None:
        self.room.save_state()
        self.context.settings.flush()
        self.context.notices.strip.hide()
        self.room.hide()
        self.room.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def banners(context: AppContext) -> list[str]:
    return [banner.message for banner in context.notices.banners.banners]


def clipboard() -> str:
    return QApplication.clipboard().text()


@pytest.fixture(scope="module")
def tokens_engine(
    qapp: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EngineProcess]:
    """A real worker for all rooms of a module: to start it and to read the starter's vocabulary
    takes longer than most of their tests."""
    home = tmp_path_factory.mktemp("tokens")
    engine = EngineProcess(Paths(home).ensure())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BATHYSPHERE_HOME", str(home))
        engine.start()
    yield engine
    engine.stop_and_wait()
    shiboken6.delete(engine)


@pytest.fixture
def real_room(
    qtbot: QtBot, context: AppContext, tokens_engine: EngineProcess
) -> Iterator[RoomBench]:
    """With a real worker and the starter's tokenizer."""
    bench = RoomBench(qtbot, context, LentWorker(qtbot, context.paths, tokens_engine))
    assert bench.text == FIRST_TEXT
    try:
        yield bench
    finally:
        bench.close()
