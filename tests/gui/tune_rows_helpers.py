"""The pages of data and of what is learned as a person has them in front of them, with the real
worker or another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.process.tune_messages import Row, RowMessage
from gui.context import AppContext
from gui.side_worker import SideWorker
from gui.staged.heavy_worker import tune_process
from gui.tune.parts import Shortcut, TunePage, TuneParts
from gui.tune.rows_check import check_of
from gui.tune.rows_desk import desk_of
from gui.tune.state import TuneState
from tests.fakes.fake_tune import FakeDataset, FakeTune

SIZE_PX = (860, 680)
SLOW_MS = 60_000  # a process is started, a file of the disk is read
FAKE_MS = 10_000
P = TypeVar("P", bound=TunePage)


class PagesBench:
    """The room's parts without the room. engine: a fake; None for the real worker."""

    def __init__(self, qtbot: QtBot, context: AppContext, engine: Any = None) -> None:
        self.qtbot, self.context = qtbot, context
        context.theme.apply()
        process = engine if engine is not None else tune_process(context.paths)
        self.worker = SideWorker(context.paths, process)
        self.state = TuneState()
        self.actions: dict[str, QAction] = {}
        self.pages_shown: list[str] = []
        self.failures: list[Any] = []
        self.worker.failed.connect(self.failures.append)
        self.host = QWidget()
        self.host.resize(*SIZE_PX)
        self._pages: list[TunePage] = []
        self.parts = TuneParts(
            context=context,
            worker=self.worker,
            heavy=self.worker,
            state=self.state,
            add_action=self._add,
            show_page=self.pages_shown.append,
            start=lambda: None,
        )

    def _add(self, text: str, do: Callable[[], object], shortcut: Shortcut = None) -> QAction:
        action = QAction(text, self.host)
        action.triggered.connect(lambda: do())
        self.actions[text] = action
        return action

    def show(self, kind: type[P], size: tuple[int, int] = SIZE_PX) -> P:
        """Make a page and look at it."""
        page = kind(self.parts, self.host)
        self._pages.append(page)
        self.host.resize(*size)
        page.resize(*size)
        page.show()
        with self.qtbot.waitExposed(self.host):
            self.host.show()
        page.on_shown()
        return page

    def until(self, condition: Callable[[], bool], timeout: int = SLOW_MS) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    @property
    def told(self) -> str:
        """What the strip says."""
        return self.context.notices.strip.text

    @property
    def banners(self) -> list[str]:
        return [banner.message for banner in self.context.notices.banners.banners]

    def close(self) -> None:
        for page in self._pages:
            page.save_state()
        check_of(self.parts).close()
        self.worker.close()
        self.context.settings.flush()
        self.context.notices.strip.hide()
        self.host.hide()
        self.host.deleteLater()
        self.state.deleteLater()
        self.worker.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def row(question: str, answer: str, row_id: str = "") -> Row:
    return Row(row_id, [RowMessage("user", question), RowMessage("assistant", answer)])


def write_jsonl(path: Path, *pairs: tuple[str, str], more: str = "") -> Path:
    """A file of rows in the messages format. more: lines as they are."""
    lines = [
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": question},
                    {"role": "assistant", "content": answer},
                ]
            }
        )
        for question, answer in pairs
    ]
    path.write_text("\n".join(lines) + "\n" + more, encoding="utf-8")
    return path


class FakeBench(PagesBench):
    """With a worker in this process."""

    def __init__(self, qtbot: QtBot, context: AppContext) -> None:
        self.fake = FakeTune()
        super().__init__(qtbot, context, self.fake)

    def until(self, condition: Callable[[], bool], timeout: int = FAKE_MS) -> None:
        super().until(condition, timeout)

    def give(self, *rows: Row, name: str = "night-porter") -> FakeDataset:
        """A dataset that the draft learns from."""
        dataset = self.fake.new_dataset(name, list(rows))
        desk_of(self.parts).use(dataset.info)
        return dataset


@pytest.fixture
def pages(qtbot: QtBot, context: AppContext) -> Iterator[FakeBench]:
    bench = FakeBench(qtbot, context)
    try:
        yield bench
    finally:
        bench.close()
