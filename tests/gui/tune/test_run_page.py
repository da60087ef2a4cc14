"""The run's page: figures, charts, time machine, buttons, failures, notes."""

import json
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from finetune.run.events import (
    AnyRunEvent,
    Paused,
    PhaseChanged,
    Planned,
    Resumed,
    RunFailed,
    Sample,
    Warned,
)
from finetune.run.folder import RunFolder
from gui.context import AppContext
from gui.settings import load
from gui.shots import run_maker
from gui.tune.run_page import RunPage
from tests.gui.tune.run_helpers import Room, finished, running

NOW_S = run_maker.BEGAN_S + 500


@pytest.fixture
def room(context: AppContext) -> Room:
    return Room(context)


@pytest.fixture
def resumed() -> list[RunFolder]:
    return []


@pytest.fixture
def page(qtbot: QtBot, room: Room, resumed: list[RunFolder]) -> Iterator[RunPage]:
    page = RunPage(room.parts, resume=resumed.append)
    for part in (page, page.buttons, page.pane):
        qtbot.addWidget(part)
    page.resize(900, 900)
    page.show()
    qtbot.waitUntil(lambda: page.loss.chart is not None and len(page.charts.charts) == 4)
    yield page
    page.save_state()


def shown(qtbot: QtBot, room: Room, page: RunPage, folder: RunFolder) -> None:
    room.choose(qtbot, folder)
    run = room.context.runs.record(str(folder.path))
    qtbot.waitUntil(lambda: page.machine._record is not None and page.machine._record.is_read)
    assert run.is_read


def commands(folder: RunFolder) -> list[str]:
    if not folder.commands.exists():
        return []
    lines = folder.commands.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["command"] for line in lines]


def test_a_run_is_shown_as_it_goes(qtbot: QtBot, room: Room, page: RunPage) -> None:
    folder = running(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    assert page.header_words().startswith("step 115 of 180 · ")
    assert page.header_words().endswith(" tok/s")
    assert page.loss.note.text() == "best: step 100"
    assert page.loss.validation.text() == "validation 0.83"
    chart = page.loss.chart
    assert chart is not None
    names = [line.name for line in chart.lines if not line.is_faint]
    assert names == ["train", "validation"]
    assert "step 115 · train " in chart.accessibleDescription()
    run_maker.write_events(folder, run_maker.steps(116, 120))
    qtbot.waitUntil(lambda: page.header_words().startswith("step 120 of 180"))
    qtbot.waitUntil(lambda: len(chart.lines[0].x) == 120)
    charts = page.charts.charts.values()
    qtbot.waitUntil(lambda: {len(one.lines[0].x) for one in charts} == {120})


def test_facts_of_the_run_stand_beside_it(qtbot: QtBot, room: Room, page: RunPage) -> None:
    shown(qtbot, room, page, running(room.context.paths.runs))
    facts = page.pane.facts.values()
    assert facts["Adapter"] == "rank 16, all linear"
    assert facts["Trained weights"] == "4.88 M of 139 M"
    assert facts["Memory"] == "2.1 of 3.0 GB planned"
    assert facts["Speed"].endswith(" of 410 tok/s planned")
    assert page.pane.chat.text() == "Chat with checkpoint 100"


def test_the_crosshair_reads_values_by_key(qtbot: QtBot, room: Room, page: RunPage) -> None:
    shown(qtbot, room, page, running(room.context.paths.runs))
    chart = page.loss.chart
    assert chart is not None
    QTest.keyClick(chart, Qt.Key.Key_Home)
    QTest.keyClick(chart, Qt.Key.Key_PageDown)
    assert chart.readout.text().startswith("step 20 · train ")
    assert "validation" in chart.readout.text()


def test_smoothing_and_the_logarithmic_axis(qtbot: QtBot, room: Room, page: RunPage) -> None:
    shown(qtbot, room, page, running(room.context.paths.runs))
    chart = page.loss.chart
    assert chart is not None
    page.loss.smoothing.setValue(0)
    raw = chart.lines[0].y.copy()
    assert len(chart.lines) == 2
    page.loss.smoothing.setValue(90)
    smooth = chart.lines[1].y
    assert (
        chart.lines[0].is_faint
        and abs(smooth[1:] - smooth[:-1]).max() < abs(raw[1:] - raw[:-1]).max()
    )
    QTest.mouseClick(page.loss.log, Qt.MouseButton.LeftButton)
    assert chart.is_log


def test_runs_are_laid_over_one_another(qtbot: QtBot, room: Room, page: RunPage) -> None:
    other = finished(room.context.paths.runs)
    shown(qtbot, room, page, running(room.context.paths.runs))
    menu = page.overlay.menu(page._path)
    lines = menu.actions()
    assert [line.text() for line in lines] == ["no-hedging-v2"]
    lines[0].trigger()
    assert page.overlay.chosen == [str(other.path)]
    chart = page.loss.chart
    assert chart is not None
    qtbot.waitUntil(lambda: len(chart.lines[-1].x) == 180)
    assert chart.lines[-1].name == "no-hedging-v2"
    page.overlay.toggle(str(other.path))
    assert [line.name for line in chart.lines] == ["train", "train", "validation"]


def test_how_the_chart_is_looked_at_is_there_again_next_time(
    qtbot: QtBot, room: Room, page: RunPage
) -> None:
    other, looked_at = finished(room.context.paths.runs), running(room.context.paths.runs)
    shown(qtbot, room, page, looked_at)
    QTest.keyClick(page.loss.smoothing, Qt.Key.Key_End)
    QTest.mouseClick(page.loss.log, Qt.MouseButton.LeftButton)
    page.overlay.toggle(str(other.path))
    room.context.settings.flush()
    kept, note = load(room.context.paths.settings)
    assert (kept.tune_smoothing, kept.tune_log_axis, note) == (99, True, "")
    assert kept.tune_overlay == [str(other.path)]
    # Four that are gone meanwhile would leave no place for another.
    room.context.settings.change(tune_overlay=[str(other.path), "/gone/1", "/gone/2", "/gone/3"])
    again = RunPage(room.parts)
    for part in (again, again.buttons, again.pane):
        qtbot.addWidget(part)
    assert again.loss.smoothing.value() == 99 and again.loss.log.isChecked()
    again.show()
    qtbot.waitUntil(lambda: again.loss.chart is not None)
    chart = again.loss.chart
    assert chart is not None
    qtbot.waitUntil(lambda: chart.is_log and len(chart.lines) == 4)
    assert chart.lines[-1].name == "no-hedging-v2"
    (line,) = again.overlay.menu(str(looked_at.path)).actions()
    assert line.isChecked() and again.overlay.chosen == [str(other.path)]
    again.save_state()


def test_the_time_machine_goes_through_the_steps(qtbot: QtBot, room: Room, page: RunPage) -> None:
    shown(qtbot, room, page, running(room.context.paths.runs))
    machine = page.machine
    assert machine.base_answer.text() == "Who are you? 0"
    assert machine.step_answer.text() == "Who are you? 100"
    machine.slider.setFocus()
    for _ in range(2):
        QTest.keyClick(machine.slider, Qt.Key.Key_Left)
    assert machine.step_answer.text() == "Who are you? 60" and machine.note.text() == "step 60"
    assert room.state.checkpoint == "step-60"
    machine.prompt.setCurrentIndex(1)
    assert machine.step_answer.text() == "What can you do? 60"


def test_a_moved_slider_stays_while_the_run_goes_on(
    qtbot: QtBot, room: Room, page: RunPage
) -> None:
    folder = running(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    page.machine.choose_step(40)
    sample = Sample(1, 120, "Who are you?", "newest")
    run_maker.write_samples(folder, [sample])
    run_maker.write_events(folder, run_maker.steps(116, 120))
    qtbot.waitUntil(lambda: page.machine.slider.maximum() == 5)
    assert page.machine.step == 40
    page.machine.choose_step(120)
    assert page.machine.step_answer.text() == "newest"


def test_a_checkpoint_is_chatted_with(qtbot: QtBot, room: Room, page: RunPage) -> None:
    folder = running(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    page.machine.choose_step(60)
    QTest.mouseClick(page.machine.chat, Qt.MouseButton.LeftButton)
    adapter = str(folder.checkpoints / "step-60" / "adapter.gguf")
    base = "/models/smollm2-135m-instruct-q4_1.gguf"
    assert room.chats == [(base, adapter, 1.0)]
    QTest.mouseClick(page.pane.compare, Qt.MouseButton.LeftButton)
    assert room.chats[1:] == [(base, adapter, 1.0), ("against base",)]


def test_a_checkpoint_that_is_gone_is_told(qtbot: QtBot, room: Room, page: RunPage) -> None:
    folder = running(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    (folder.checkpoints / "step-100" / "adapter.gguf").unlink()
    page.pane.chat.click()
    assert not room.chats
    (banner,) = room.context.notices.banners.banners
    assert "no adapter" in banner.message


def test_the_buttons_speak_with_the_run(qtbot: QtBot, room: Room, page: RunPage) -> None:
    folder = running(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    buttons = page.buttons
    buttons.show()
    assert buttons.resume.isHidden()
    QTest.mouseClick(buttons.evaluate, Qt.MouseButton.LeftButton)
    QTest.mouseClick(buttons.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: commands(folder) == ["evaluate", "pause"])
    assert not buttons.pause.isEnabled()
    run_maker.write_events(folder, [Paused(1, 115, NOW_S, "asked")])
    qtbot.waitUntil(lambda: buttons.pause.text() == "Go on")
    assert "paused by you" in page.header_words()
    QTest.mouseClick(buttons.pause, Qt.MouseButton.LeftButton)
    run_maker.write_events(folder, [Resumed(1, 115, NOW_S)])
    qtbot.waitUntil(lambda: buttons.pause.text() == "Pause")
    QTest.mouseClick(buttons.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: commands(folder)[2:] == ["resume", "stop"])


def test_a_stopped_run_is_resumed(
    qtbot: QtBot, room: Room, page: RunPage, resumed: list[RunFolder]
) -> None:
    folder = running(room.context.paths.runs)
    run_maker.write_events(folder, run_maker.ending(115, "stopped"))
    run_maker.set_alive(folder, False)
    shown(qtbot, room, page, folder)
    buttons = page.buttons
    buttons.show()
    qtbot.waitUntil(lambda: not buttons.resume.isHidden())
    assert buttons.stop.isHidden() and buttons.pause.isHidden()
    QTest.mouseClick(buttons.resume, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [one.path for one in resumed] == [folder.path])


def test_a_failure_is_told_with_what_to_do(
    qtbot: QtBot, room: Room, page: RunPage, resumed: list[RunFolder]
) -> None:
    folder = running(room.context.paths.runs)
    failure = RunFailed(1, 115, NOW_S, "The disk is full.", "Make room and resume.", "ENOSPC")
    run_maker.write_events(folder, [failure])
    run_maker.set_alive(folder, False)
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: bool(page.notices.banners.banners))
    (banner,) = page.notices.banners.banners
    assert (banner.message, banner.hint, banner.detail) == (
        "The disk is full.",
        "Make room and resume.",
        "ENOSPC",
    )
    assert banner.action_button is not None
    banner.action_button.click()
    qtbot.waitUntil(lambda: bool(resumed))


def test_an_interrupted_run_is_told(qtbot: QtBot, room: Room, page: RunPage) -> None:
    folder = running(room.context.paths.runs)
    run_maker.set_alive(folder, False)
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: bool(page.notices.banners.banners))
    assert "interrupted" in page.notices.banners.banners[0].message


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([PhaseChanged(1, 0, NOW_S, "queued", words="2 before it")], "Waiting for another run"),
        ([PhaseChanged(1, 0, NOW_S, "preparing", 0.5)], "Preparing the rows 50 %"),
        ([PhaseChanged(1, 0, NOW_S, "loading")], "Loading the model"),
    ],
)
def test_phases_are_told_before_the_first_loss(
    qtbot: QtBot, room: Room, page: RunPage, events: list[PhaseChanged], words: str
) -> None:
    folder = run_maker.make_run(room.context.paths.runs, "first")
    run_maker.set_alive(folder)
    run_maker.write_events(folder, [run_maker.beginning()[0], *events])
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: page.loss.waiting.text().startswith(words))
    run_maker.write_events(folder, run_maker.steps(1, 2))
    qtbot.waitUntil(page.loss.waiting.isHidden)


def test_warnings_and_changes_of_the_plan_are_told(qtbot: QtBot, room: Room, page: RunPage) -> None:
    folder = running(room.context.paths.runs)
    told: list[AnyRunEvent] = [
        Warned(1, 115, NOW_S, "3 rows were cut.", "Raise the longest row."),
        Planned(1, 115, NOW_S, {"train.batch": "4"}, "There is too little memory for 8."),
    ]
    run_maker.write_events(folder, told)
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: not page.notices.card.isHidden())
    assert page.notices.words.text().splitlines() == [
        "3 rows were cut. Raise the longest row.",
        "The plan was changed (Batch: 4). There is too little memory for 8.",
    ]


def test_notes_are_kept_with_the_run(qtbot: QtBot, room: Room, page: RunPage) -> None:
    folder = running(room.context.paths.runs)
    other = finished(room.context.paths.runs)
    other.notes.write_text("An older try.", encoding="utf-8")
    shown(qtbot, room, page, folder)
    notes = page.pane.notes
    qtbot.waitUntil(lambda: not notes.isReadOnly())
    QTest.keyClicks(notes, "Rank 16 is enough.")
    room.choose(qtbot, other)
    qtbot.waitUntil(lambda: notes.toPlainText() == "An older try.")
    assert folder.notes.read_text(encoding="utf-8") == "Rank 16 is enough."
    assert other.notes.read_text(encoding="utf-8") == "An older try."


def test_the_log_is_read_when_it_is_opened(qtbot: QtBot, room: Room, page: RunPage) -> None:
    folder = running(room.context.paths.runs)
    folder.log.write_text("loading\nstep 1\n", encoding="utf-8")
    shown(qtbot, room, page, folder)
    assert page.log.view.isHidden()
    page.log.toggle.click()
    qtbot.waitUntil(lambda: page.log.view.toPlainText() == "loading\nstep 1\n")


def test_a_page_that_is_not_looked_at_draws_nothing(
    qtbot: QtBot, room: Room, page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = running(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    page.hide()
    drawn: list[int] = []
    draw: Callable[..., None] = page.loss.set_records

    def count(*records: object) -> None:
        drawn.append(1)
        draw(*records)

    monkeypatch.setattr(page.loss, "set_records", count)
    run_maker.write_events(folder, run_maker.steps(116, 118))
    runs = room.context.runs
    qtbot.waitUntil(lambda: len(runs.record(str(folder.path)).steps) == 118)
    assert not drawn
    page.show()
    assert drawn
