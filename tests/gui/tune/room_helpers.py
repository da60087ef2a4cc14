"""The Fine-tune room as a person has it in front of them, its workers a fake in the test's process;
and runs on the disk as their process would leave them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.paths import Paths
from finetune.config import RunConfig, changed
from finetune.run.folder import RunFolder, create_run
from gui.context import AppContext
from gui.side_worker import SideWorker
from gui.tune.base_page import BasePage
from gui.tune.how_page import HowPage
from gui.tune.room import TuneRoom
from tests.fakes.fake_bases import DATA, SMALL, FakeBases

SIZE_PX = (1300, 860)
SLOW_MS = 20_000


class TuneBench:
    """A shown room. The process of a run is never started: `launched` keeps what would be."""

    def __init__(self, qtbot: QtBot, context: AppContext, *, is_shown: bool = True) -> None:
        self.qtbot, self.context = qtbot, context
        self.engine, self.heavy = FakeBases(), FakeBases()
        self.launched: list[RunFolder] = []
        paths = context.paths
        worker = SideWorker(paths, self.engine)  # type: ignore[arg-type]  # what the room uses of it
        heavy = SideWorker(paths, self.heavy)  # type: ignore[arg-type]
        self.room = TuneRoom(context, None, worker, heavy, self.launched.append)
        self.room.resize(*SIZE_PX)
        context.notices.set_window(self.room, self.room)
        context.runs.start()
        self.until(lambda: context.runs.has_looked)
        if is_shown:
            self.show()

    def show(self) -> None:
        with self.qtbot.waitExposed(self.room):
            self.room.show()
        self.room.activateWindow()
        self.until(self.room.isActiveWindow)

    @property
    def base(self) -> BasePage:
        page = self.room.page_of("base")
        assert isinstance(page, BasePage)
        return page

    @property
    def how(self) -> HowPage:
        page = self.room.page_of("how")
        assert isinstance(page, HowPage)
        return page

    def until(self, condition: Callable[[], bool], timeout: int = SLOW_MS) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    def plan(self) -> None:
        """A draft that could be started."""
        state = self.room.state
        state.change(base__path=SMALL, data__path=DATA, train__steps=60)
        self.until(lambda: state.base is not None and state.dataset is not None)

    def action(self, text: str) -> QAction:
        (found,) = [one for one in self.room.actions() if one.text() == text]
        return found

    def steps(self) -> dict[str, tuple[str, bool]]:
        """Key -> note, can be chosen."""
        return {one.key: (one.note, one.is_there) for one in self.room.side.steps.lines}

    @property
    def told(self) -> str:
        return self.context.notices.strip.text

    @property
    def banners(self) -> list[str]:
        return [banner.message for banner in self.context.notices.banners.banners]

    def close(self) -> None:
        self.room.save_state()
        self.context.close_runs()
        self.context.settings.flush()
        self.context.notices.strip.hide()
        self.context.notices.strip.setParent(None)
        self.room.hide()
        self.room.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def bench(qtbot: QtBot, context: AppContext) -> Iterator[TuneBench]:
    context.theme.apply()
    one = TuneBench(qtbot, context)
    try:
        yield one
    finally:
        one.close()


def clipboard() -> str:
    return QApplication.clipboard().text()


def finished_run(paths: Paths, name: str = "porter", n_steps: int = 4) -> RunFolder:
    """A run that ended, with its product."""
    config = changed(
        RunConfig(), base__path=SMALL, data__path=DATA, train__steps=n_steps, out__name=name
    )
    folder = create_run(paths.runs, config)
    product = folder.product
    product.mkdir()
    folder.adapter.write_bytes(b"GGUF")
    lines = [
        {"event": "began", "step": 0, "pid": 1, "n_steps": n_steps},
        *({"event": "step", "step": step, **STEP} for step in range(1, n_steps + 1)),
        {"event": "ended", "step": n_steps, "how": "finished", "product": "product/adapter.gguf"},
    ]
    _write(folder.events, lines)
    return folder


STEP = {
    "loss": 1.0,
    "learning_rate": 1e-4,
    "grad_norm": 1.0,
    "n_tokens": 64,
    "tokens_per_s": 400.0,
    "memory_bytes": 1_000,
    "epoch": 0.1,
}


def _write(path: Path, lines: list[dict[str, object]]) -> None:
    whole = [{"attempt": 1, "time_s": 1_700_000_000.0 + n, **one} for n, one in enumerate(lines)]
    path.write_text("".join(json.dumps(line) + "\n" for line in whole), encoding="utf-8")
