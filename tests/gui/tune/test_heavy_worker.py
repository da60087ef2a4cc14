"""The worker of what is heavy: ended when nobody asks it any more, started again when it is asked;
and work done behind the window.
"""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import AppError
from engine.paths import Paths
from engine.process.messages import ListModels, ModelList
from gui.staged import heavy_worker
from gui.staged.behind import Behind
from gui.staged.heavy_worker import HeavyWorker
from tests.fakes.fake_bases import FakeBases


def ask(worker: HeavyWorker, found: list[Any]) -> int:
    return worker.ask(lambda job: ListModels(job=job, folders=[]), found.append)


@pytest.fixture
def quick_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy_worker, "IDLE_MS", 20)


def test_it_rests_when_nobody_asks_and_wakes_again(
    qtbot: QtBot, paths: Paths, quick_rest: None
) -> None:
    engine = FakeBases()
    engine.is_running = False
    worker = HeavyWorker(paths, engine)  # type: ignore[arg-type]  # what it uses of it
    found: list[Any] = []
    ask(worker, found)
    assert engine.is_running
    qtbot.wait(60)
    assert engine.is_running, "something is still to be answered"
    engine.done(engine.requests[0], ModelList(models=[]))
    qtbot.waitUntil(lambda: not engine.is_running)
    # Asked while it is on its way out: the next process gets it.
    assert ask(worker, found) == 0
    assert len(engine.requests) == 1
    engine.stopped.emit()
    assert len(engine.requests) == 2
    engine.done(engine.requests[1], ModelList(models=[]))
    assert len(found) == 2
    worker.close()


def test_work_behind_the_window_tells_its_end_here(qtbot: QtBot) -> None:
    behind = Behind()
    told: list[Any] = []
    behind.failed.connect(told.append)
    behind.do(lambda: 4, told.append)
    qtbot.waitUntil(lambda: told == [4])

    def refuse() -> None:
        raise AppError("The disk is full.")

    behind.do(refuse)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[1].message == "The disk is full."
    behind.do(refuse, on_failed=lambda error: told.append(error.hint))
    qtbot.waitUntil(lambda: len(told) == 3)
    behind.close()


def test_what_ends_after_the_close_is_not_told(qtbot: QtBot) -> None:
    behind = Behind()
    told: list[int] = []
    behind.do(lambda: 1, told.append)
    behind.close()
    qtbot.wait(10)
    assert told == []
