"""A run outside of its room: in the status bar, told at its end, opened in the Chat room."""

import math
from pathlib import Path
from typing import cast, get_args

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from finetune.run.events import Phase
from finetune.run.progress_line import PHASES
from finetune.run.state import RunSummary
from gui.chat.adapters import Adapters
from gui.chat.columns.columns import Columns
from gui.chat.room import ChatRoom
from gui.context import AppContext
from gui.notify import Notifier
from gui.run_line import RunLine
from gui.shots import run_maker
from gui.staged.progress_words import doing_words, duration_text, status_words
from gui.tune.to_chat import chat_with
from gui.window import MainWindow
from tests.gui.tune.run_helpers import running


def summary(**fields: object) -> RunSummary:
    told: dict[str, object] = {
        "path": "/runs/a",
        "name": "night-porter",
        "state": "running",
        "phase": "training",
        "step": 115,
        "n_steps": 180,
        "fraction": 0.64,
        "time_left_s": 130.0,
        "tokens_per_s": 438.0,
    }
    return RunSummary(**(told | fields))  # type: ignore[arg-type]


def test_the_status_bar_tells_name_share_and_time_left() -> None:
    assert status_words(summary()) == "night-porter 64 % · 2 min 10 s"
    assert status_words(summary(time_left_s=-1.0)) == "night-porter 64 %"
    assert status_words(summary(state="paused", why="asked")) == "night-porter 64 % · paused"
    words = status_words(summary(state="starting", phase="loading", step=0))
    assert words == "night-porter · loading the model"


@pytest.mark.parametrize("phase", get_args(Phase))
def test_every_phase_has_words_in_the_window_and_in_a_terminal(phase: Phase) -> None:
    words = doing_words(summary(phase=phase, step=0))
    assert words
    assert PHASES[phase] and set(PHASES) == set(get_args(Phase))


def test_durations_have_their_two_largest_units() -> None:
    told = [duration_text(one) for one in (0.4, 59, 130, 3_725, 90_000)]
    assert told == ["0 s", "59 s", "2 min 10 s", "1 h 2 min", "1 d 1 h"]


def test_a_click_on_the_line_leads_to_the_run(qtbot: QtBot, context: AppContext) -> None:
    shown: list[str] = []
    line = RunLine(context.theme, context.runs, shown.append)
    qtbot.addWidget(line)
    assert line.isHidden()
    folder = running(context.paths.runs)
    context.runs.start()
    qtbot.waitUntil(lambda: not line.isHidden())
    assert line.text().startswith("night-porter 64 % · ")
    waiting = run_maker.make_run(context.paths.runs, "later")
    run_maker.set_alive(waiting)
    run_maker.write_events(waiting, run_maker.beginning()[:2])
    context.runs.refresh()
    qtbot.waitUntil(lambda: line.text().endswith(" · 1 more"))
    QTest.mouseClick(line, Qt.MouseButton.LeftButton)
    assert shown == [str(folder.path)]
    for one in (folder, waiting):
        run_maker.set_alive(one, False)
    qtbot.waitUntil(line.isHidden)


def test_the_window_watches_runs_and_goes_to_one(qtbot: QtBot, context: AppContext) -> None:
    folder = running(context.paths.runs)
    window = MainWindow(context)
    qtbot.addWidget(window)
    window.watch_runs()
    line = window.status.findChild(RunLine)
    assert isinstance(line, RunLine)
    qtbot.waitUntil(lambda: not line.isHidden())
    line.click()
    assert window.page == "tune"
    assert context.openers["tune.run"] is not None
    room = window.widget_of("tune")
    assert room.state.run is not None and room.state.run.path == folder.path  # type: ignore[attr-defined]
    window.close()


@pytest.fixture
def posted() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def notifier(qtbot: QtBot, context: AppContext, posted: list[tuple[str, str]]) -> Notifier:
    window = QWidget()
    qtbot.addWidget(window)
    return Notifier(context.engine, context.settings, window, lambda *words: posted.append(words))


def test_the_end_of_a_run_is_told(
    notifier: Notifier, context: AppContext, posted: list[tuple[str, str]]
) -> None:
    notifier.tell_run_ended(summary(state="finished", best_loss=0.52, best_step=140))
    notifier.tell_run_ended(summary(state="failed", message="The disk is full."))
    notifier.tell_run_ended(summary(state="died", best_loss=math.nan))
    assert posted == [
        ("The training run has ended", "Lowest validation loss: 0.52, at step 140."),
        ("The training run failed", "The disk is full."),
        ("The training run was interrupted", "It can be resumed."),
    ]
    notifier.tell_run_ended(summary(state="stopped"))
    context.settings.change(notify=False)
    notifier.tell_run_ended(summary(state="finished"))
    assert len(posted) == 3


def test_a_run_is_opened_in_the_chat_room(qtbot: QtBot, context: AppContext) -> None:
    room = ChatRoom(context)
    qtbot.addWidget(room)
    shown: list[str] = []
    context.rooms["chat"] = lambda: shown.append("chat")
    base, adapter = "/models/base.gguf", "/runs/a/product/adapter.gguf"
    chat_with(context, base, adapter, 0.5)
    assert shown == ["chat"] and room.loader.wanted_path == str(Path(base))
    feature = next(one for one in room.features if isinstance(one, Adapters))
    assert list(feature.panel.rows) == [adapter]
    assert feature.panel.rows[adapter].spin.value() == 0.5
    assert [one.scale for one in room.session.settings.adapters] == [0.5]
    chat_with(context, base, adapter, is_beside_base=True)
    columns = next(one for one in room.features if isinstance(one, Columns))
    assert [one.own.has_adapters for one in columns.columns] == [False, True]
    columns.leave()
    chat_with(context, base)
    assert cast(list[object], room.session.settings.adapters) == []
    room.save_state()
