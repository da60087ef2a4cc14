"""A page of the Pretrain room without the room: real state and runs, workers that answer when
told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from finetune.run.events import AnyRunEvent
from finetune.run.folder import RunFolder
from gui.context import AppContext
from gui.pretrain.parts import PretrainParts
from gui.pretrain.state import PretrainState
from gui.shots import raised_maker, run_maker
from gui.side_worker import SideWorker
from tests.gui.tune.run_helpers import ScriptedWorker

CORPUS = "/corpora/stories"


class Room:
    """What a page is given, and what it asked for."""

    def __init__(self, context: AppContext) -> None:
        self.context = context
        self.state = PretrainState()
        self.worker, self.heavy = ScriptedWorker(), ScriptedWorker()
        self.pages: list[str] = []
        self.n_starts = 0
        self.actions: dict[str, Callable[[], object]] = {}
        self.opened: list[tuple[object, ...]] = []
        for name in ("chat", "tokens"):
            context.rooms[name] = lambda name=name: self.opened.append(("room", name))  # type: ignore[misc]
        for name in (
            *("chat.notebook", "chat.adapter", "chat.against"),
            *("tokens.text", "tokens.tokenizer"),
        ):
            context.openers[name] = lambda *what, name=name: self.opened.append((name, *what))
        self.parts = PretrainParts(
            context=context,
            worker=cast(SideWorker, self.worker),
            heavy=cast(SideWorker, self.heavy),
            state=self.state,
            add_action=self._add,
            show_page=self.pages.append,
            start=self._start,
        )

    def _add(self, text: str, do: Callable[[], object], _shortcut: object) -> QAction:
        self.actions[text.replace("&", "")] = do
        return QAction(text, self.state)

    def _start(self) -> None:
        self.n_starts += 1

    def choose(self, qtbot: QtBot, folder: RunFolder) -> None:
        """Look at a run, and wait until its record is read."""
        runs = self.context.runs
        runs.start()
        runs.refresh()
        path = str(folder.path)
        self.state.choose_run(folder)
        qtbot.waitUntil(lambda: runs.summary(path) is not None and runs.record(path).is_read)


def raised(runs: Path, step: int = 750, name: str = "tales-2m") -> RunFolder:
    """A run at a step of 1,830, alive; with all of them it is over."""
    return raised_maker.make_raised(runs, CORPUS, name, step)


def tell(folder: RunFolder, *events: AnyRunEvent) -> None:
    """What the run's process says next."""
    run_maker.write_events(folder, list(events))


def now_s() -> float:
    return time.time()
