"""The Pretrain room as a person has it in front of them, its workers a fake in the test's process;
and runs on the disk as their process would leave them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypedDict

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.paths import Paths
from finetune.pretraining.config import PretrainConfig
from finetune.run.events import (
    AnyRunEvent,
    Began,
    Ended,
    PretrainEvaluated,
    PretrainStep,
    RaisedFacts,
    to_line,
)
from finetune.run.folder import RunFolder, create_run
from finetune.run_toml import changed
from gui.context import AppContext
from gui.pretrain.room import PretrainRoom
from gui.pretrain.text_page import TextPage
from gui.pretrain.tokenizer_page import TokenizerPage
from gui.side_worker import SideWorker
from tests.fakes.fake_texts import STORIES_PATH, FakeTexts

SIZE_PX = (1300, 860)
SLOW_MS = 20_000


class PretrainBench:
    """A shown room. The process of a run is never started: `launched` keeps what would be.

    Args:
        is_real: with the real workers.
    """

    def __init__(
        self, qtbot: QtBot, context: AppContext, *, is_shown: bool = True, is_real: bool = False
    ) -> None:
        self.qtbot, self.context = qtbot, context
        self.engine, self.heavy = FakeTexts(), FakeTexts()
        self.launched: list[RunFolder] = []
        paths = context.paths
        worker = SideWorker(paths, self.engine)  # type: ignore[arg-type]  # what the room uses of it
        heavy = SideWorker(paths, self.heavy)  # type: ignore[arg-type]
        if is_real:
            self.room = PretrainRoom(context, launch_run=self.launched.append)
        else:
            self.room = PretrainRoom(context, None, worker, heavy, self.launched.append)
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
    def tokenizer(self) -> TokenizerPage:
        page = self.room.page_of("tokenizer")
        assert isinstance(page, TokenizerPage)
        return page

    @property
    def text(self) -> TextPage:
        page = self.room.page_of("text")
        assert isinstance(page, TextPage)
        return page

    def until(self, condition: Callable[[], bool], timeout: int = SLOW_MS) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    def plan(self) -> None:
        """A draft that could be started."""
        self.room.state.change(corpus__path=STORIES_PATH)
        self.until(lambda: self.room.state.corpus is not None)

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
def bench(qtbot: QtBot, context: AppContext) -> Iterator[PretrainBench]:
    context.theme.apply()
    one = PretrainBench(qtbot, context)
    try:
        yield one
    finally:
        one.close()


CONTROLS = (QAbstractButton, QAbstractSpinBox, QLineEdit, QComboBox, QPlainTextEdit, QSlider)


def unnamed(window: QWidget) -> list[str]:
    """Controls on show that say nothing of themselves to an eye or an ear."""
    found = []
    for one in window.findChildren(QWidget):
        is_part = isinstance(one.parentWidget(), QAbstractSpinBox | QComboBox | QLineEdit)
        if not isinstance(one, CONTROLS) or is_part or not one.isVisible():
            continue
        name = one.accessibleName() or (one.text() if isinstance(one, QAbstractButton) else "")
        if not name or not one.toolTip():
            found.append(f"{type(one).__name__} {name!r}: {one.toolTip()!r}")
    return found


def raised_run(paths: Paths, name: str = "tales", n_steps: int = 4) -> RunFolder:
    """A run that ended, with its product."""
    config = changed(
        PretrainConfig(), corpus__path=STORIES_PATH, train__steps=n_steps, out__name=name
    )
    folder = create_run(paths.runs, config)
    folder.product.mkdir()
    folder.model.write_bytes(b"GGUF")
    told: list[AnyRunEvent] = [
        Began(**_at(0), pid=1, n_steps=n_steps),
        RaisedFacts(**_at(0), **{**FACTS, "n_steps": n_steps}),  # type: ignore[arg-type]  # its fields
        *(PretrainStep(**_at(n), **STEP) for n in range(1, n_steps + 1)),  # type: ignore[arg-type]
        PretrainEvaluated(**_at(n_steps), loss=1.5, n_tokens=64),
        Ended(**_at(n_steps), how="finished", product="product/model.gguf"),
    ]
    folder.events.write_bytes(b"".join(map(to_line, told)))
    return folder


class At(TypedDict):
    attempt: int
    step: int
    time_s: float


def _at(step: int) -> At:
    return At(attempt=1, step=step, time_s=1_700_000_000.0 + step)


FACTS = {
    "n_train_tokens": 7_500_000,
    "n_validation_tokens": 400_000,
    "bytes_per_token": 3.0,
    "n_weights": 2_200_000,
    "n_vocab": 2048,
    "tokens_per_step": 2048,
    "n_planned_tokens": 7_500_000,
    "flops": 9.9e13,
    "precision": "fp32",
    "device": "cpu",
}
STEP = {
    "loss": 1.0,
    "learning_rate": 1e-4,
    "grad_norm": 1.0,
    "n_tokens": 64,
    "tokens_per_s": 400.0,
    "memory_bytes": 1_000,
    "epoch": 0.1,
}
