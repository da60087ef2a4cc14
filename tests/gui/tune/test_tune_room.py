"""The Fine-tune room's shell: runs and steps, pages by their keys, the draft kept and undone, what
is there again after a restart.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from finetune.config import RunConfig, changed, read_draft
from gui.context import AppContext
from gui.settings_store import SettingsStore
from gui.staged.draft_history import change_words
from gui.tune.field_words import field_name
from gui.tune.room import DRAFT_FILE
from gui.window import room_entries
from tests.fakes.fake_bases import DATA, ODD, SMALL
from tests.gui.fitting import misfits
from tests.gui.tune.room_helpers import TuneBench, bench, finished_run

__all__ = ["bench"]  # a fixture


def test_the_rail_has_the_room_third() -> None:
    entries = room_entries()
    assert list(entries)[2] == "tune"
    assert entries["tune"].name == "Fine-tune" and entries["tune"].icon == "tune"


def test_the_first_look_is_at_the_base_of_a_new_run(bench: TuneBench) -> None:
    assert bench.room.page_key == "base"
    assert [line.name for line in bench.room.side.runs.lines] == ["New run"]
    assert bench.room.side.steps.key == "base"
    assert bench.room.header.title.whole == "New run"


def test_a_new_room_explains_itself_and_offers_the_first_step(bench: TuneBench) -> None:
    intro = bench.base.intro
    assert intro.isVisible() and intro.identity_button.isVisible()
    intro.data_button.click()
    assert bench.room.page_key == "data"
    bench.room.show_page("base")
    intro.identity_button.click()
    assert bench.room.page_key == "data"
    bench.room.state.change(data__path=DATA)
    bench.room.show_page("base")
    assert intro.isHidden(), "who has data knows the way"


def test_a_step_says_what_it_needs_and_opens_when_it_is_there(bench: TuneBench) -> None:
    how = next(line for line in bench.room.side.steps.lines if line.key == "how")
    assert not how.is_there and "Choose a base and data first" in how.tip and "Alt+4" in how.tip
    bench.room.show_page("how")
    assert bench.room.page_key == "base" and bench.told == "Choose a base and data first"
    bench.room.state.change(base__path=SMALL)
    bench.room.show_page("how")
    assert bench.room.page_key == "how"


def test_steps_are_reached_by_keys(bench: TuneBench) -> None:
    bench.plan()
    bench.room.side.steps.setFocus()
    QTest.keyClick(bench.room, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert bench.room.page_key == "how" and bench.room.side.steps.key == "how"
    QTest.keyClick(bench.room, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert bench.room.page_key == "base"
    QTest.keyClick(bench.room.side.steps, Qt.Key.Key_Down)
    assert bench.room.page_key != "base", "the arrows go through the steps too"


def test_steps_are_ticked_with_a_word(bench: TuneBench) -> None:
    bench.plan()
    lines = {line.key: line for line in bench.room.side.steps.lines}
    assert lines["base"].icon == "check" and lines["how"].icon == "check"
    assert lines["how"].note == "60 steps"
    bench.how.plans.choose("quick")
    assert {one.key: one for one in bench.room.side.steps.lines}["how"].note == "Quick"
    bench.room.state.change(base__path=ODD)
    bench.until(lambda: bench.steps()["base"][0] == "cannot be taught")


def test_runs_are_listed_with_their_day_and_found_by_name(bench: TuneBench) -> None:
    folder = finished_run(bench.context.paths)
    bench.until(lambda: len(bench.room.side.runs.lines) == 2)
    line = bench.room.side.runs.lines[1]
    assert line.name == "porter" and line.note == "2023-11-14" and "finished" in line.tip
    command = next(one for one in bench.room.commands() if one.text == "Run: porter")
    command.do()
    assert bench.room.state.run == folder
    assert bench.room.side.runs.key == str(folder.path)


def test_a_step_of_the_plan_leads_from_a_run_back_to_the_draft(bench: TuneBench) -> None:
    folder = finished_run(bench.context.paths)
    bench.until(lambda: bool(bench.room.runs))
    bench.room.state.choose_run(folder)
    bench.room.show_page("base")
    assert bench.room.state.run is None and bench.room.page_key == "base"
    bench.room.state.choose_run(folder)
    bench.action("&Plan a new run").trigger()
    assert bench.room.state.run is None


def test_changes_of_the_draft_are_undone_and_redone(bench: TuneBench) -> None:
    state, room = bench.room.state, bench.room
    state.change(lora__rank=8)
    state.change(train__steps=60, train__epochs=0.0)
    assert room.undo_words() == ("changing “Steps”", "")
    assert room.undo() and state.draft.train.steps == 0 and state.draft.lora.rank == 8
    assert room.undo_words() == ("changing “Rank”", "changing “Steps”")
    assert room.undo() and state.draft == RunConfig() and not room.undo()
    assert room.redo() and room.redo() and state.draft.train.steps == 60 and not room.redo()
    room.undo()
    state.change(lora__alpha=8.0)
    assert not room.redo(), "another change: there is nothing to do again"


def test_several_fields_at_once_are_one_step(bench: TuneBench) -> None:
    before = RunConfig()
    after = changed(before, train__steps=4, lora__rank=4)
    assert change_words(before, after, field_name) == "changing the plan"


def test_the_draft_is_there_again(bench: TuneBench, qtbot: QtBot, context: AppContext) -> None:
    bench.plan()
    bench.room.show_page("how")
    bench.until(lambda: (context.paths.home / DRAFT_FILE).exists())
    bench.room.state.change(out__name="late", out__notes="kept, with “quotes”\nand lines")
    bench.room.save_state()
    assert read_draft(context.paths.home / DRAFT_FILE) == bench.room.state.draft
    again = TuneBench(qtbot, context)
    try:
        assert again.room.state.draft == bench.room.state.draft
        assert again.room.page_key == "how"
        again.until(lambda: again.room.state.dataset is not None)
        assert not again.room.undo(), "what was read is no change"
    finally:
        again.close()


def test_the_run_looked_at_is_there_again(
    bench: TuneBench, qtbot: QtBot, context: AppContext
) -> None:
    folder = finished_run(context.paths)
    bench.until(lambda: bool(bench.room.runs))
    bench.room.state.choose_run(folder)
    bench.room.save_state()
    context.settings.flush()
    assert SettingsStore(context.paths.settings).value.tune_run == str(folder.path)
    again = TuneBench(qtbot, context)
    try:
        assert again.room.state.run == folder
    finally:
        again.close()


def test_a_draft_that_cannot_be_read_is_set_aside(qtbot: QtBot, context: AppContext) -> None:
    file = context.paths.home / DRAFT_FILE
    file.write_text("[train\nsteps = ", encoding="utf-8")
    one = TuneBench(qtbot, context)
    try:
        assert one.room.state.draft == RunConfig()
        assert one.banners == ["The plan of your next run cannot be read, so it begins anew."]
        assert (context.paths.home / f"{DRAFT_FILE}.damaged").exists()
    finally:
        one.close()


def test_a_draft_that_cannot_be_written_is_told(
    bench: TuneBench, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("finetune.run.folder.os.fsync", refuse)
    bench.room.state.change(lora__rank=4)
    bench.until(lambda: bool(bench.banners))
    assert bench.banners == [f"“{DRAFT_FILE}” could not be written."]


def test_start_makes_a_run_and_goes_to_it(bench: TuneBench) -> None:
    bench.plan()
    bench.room.show_page("how")
    bench.action("&Start the run").trigger()
    bench.until(lambda: bench.room.state.run is not None)
    (folder,) = bench.launched
    assert bench.room.state.run == folder and folder.path.parent == bench.context.paths.runs
    config = folder.config()
    assert config.base.path == SMALL and config.data.path == DATA and config.train.steps == 60
    assert config.out.name == "Night porter", "named as its data"
    assert config.out.dir == str(folder.path)
    assert bench.room.state.draft.out.dir == "", "the draft is left for the next run"


def test_everything_that_is_missing_is_told_before_the_start(bench: TuneBench) -> None:
    bench.room.state.change(lora__rank=0, train__batch=0)
    bench.action("&Start the run").trigger()
    (told,) = bench.banners
    for words in ("Base: name a model", "Data: name a dataset", "Rank: from 1", "Batch: from 1"):
        assert words in told
    assert not bench.launched and not list(bench.context.paths.runs.glob("*/run.toml"))


@pytest.mark.parametrize("font_px", [0, 20])
def test_it_fits_a_small_window(bench: TuneBench, font_px: int) -> None:
    bench.plan()
    for number in range(30):
        finished_run(bench.context.paths, f"a run with a rather long name {number}")
    bench.context.theme.set_font_px(font_px)
    bench.until(lambda: len(bench.room.runs) == 30)
    bench.room.resize(1024 - 74, 640)
    for key in ("base", "how"):
        bench.room.show_page(key)
        bench.qtbot.waitUntil(lambda key=key: bench.room.page_key == key)  # type: ignore[misc]
        assert not (wrong := misfits(bench.room)), "\n".join(wrong)


def test_the_draft_file_lies_in_the_user_folder(bench: TuneBench, user_folder: Path) -> None:
    assert bench.room.draft_file._path == user_folder / DRAFT_FILE
