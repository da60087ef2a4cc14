"""What is done with a run in the list: renamed, compared, its plan taken again, deleted and
brought back.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from finetune.run.folder import RunFolder
from gui.staged.run_keeper import KEPT_DAYS, TRASH
from tests.fakes.fake_bases import SMALL
from tests.gui.tune.room_helpers import TuneBench, bench, finished_run

__all__ = ["bench"]  # a fixture


@pytest.fixture
def run(bench: TuneBench) -> RunFolder:
    """A run that ended, looked at."""
    folder = finished_run(bench.context.paths)
    bench.until(lambda: bool(bench.room.runs))
    bench.room.state.choose_run(folder)
    return folder


def line(bench: TuneBench, folder: RunFolder, words: str) -> None:
    """Choose a line of the menu under the mouse."""
    summary = bench.context.runs.summary(str(folder.path))
    assert summary is not None
    menu = bench.room.run_menu.menu(summary)
    (action,) = [one for one in menu.actions() if one.text().replace("&", "") == words]
    assert action.isEnabled()
    action.trigger()
    menu.deleteLater()


def test_a_run_is_renamed_in_the_list_and_back(bench: TuneBench, run: RunFolder) -> None:
    bench.action("&Rename the run").trigger()
    (editor,) = bench.room.side.runs.viewport().findChildren(QLineEdit)
    assert editor.text() == "porter"
    editor.selectAll()
    QTest.keyClicks(editor, "concierge")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    bench.until(lambda: [one.name for one in bench.room.runs] == ["concierge"])
    assert run.config().out.name == "concierge" and run.config().base.path == SMALL
    assert bench.room.header.title.whole == "concierge"
    bench.until(lambda: "is called “concierge” now" in bench.told)
    bench.context.notices.undo()
    bench.until(lambda: [one.name for one in bench.room.runs] == ["porter"])


def test_a_deleted_run_lies_in_the_trash_and_comes_back(bench: TuneBench, run: RunFolder) -> None:
    line(bench, run, "Delete the run")
    bench.until(lambda: not bench.room.runs)
    assert bench.room.state.run is None and not run.path.exists()
    kept = bench.context.paths.runs / TRASH / run.path.name
    assert (kept / "product" / "adapter.gguf").read_bytes() == b"GGUF"
    bench.context.notices.undo()
    bench.until(lambda: len(bench.room.runs) == 1)
    assert run.adapter.read_bytes() == b"GGUF" and not kept.exists()


def test_a_run_that_is_running_is_not_deleted(bench: TuneBench, run: RunFolder) -> None:
    own = psutil.Process()
    note = {"pid": own.pid, "created_s": own.create_time()}
    run.runner.write_text(json.dumps(note), encoding="utf-8")
    bench.room.keeper.delete(str(run.path), "porter")
    bench.until(lambda: bool(bench.banners))
    assert bench.banners == ["This run is running."] and run.run_toml.exists()


def test_the_trash_is_emptied_of_what_is_old(bench: TuneBench) -> None:
    trash = bench.context.paths.runs / TRASH
    old, young = trash / "old", trash / "young"
    for one in (old, young):
        one.mkdir(parents=True)
    long_ago_s = time.time() - (KEPT_DAYS + 1) * 86_400
    os.utime(old, (long_ago_s, long_ago_s))
    bench.room.keeper.empty_old()
    bench.until(lambda: not old.exists())
    assert young.exists()


def test_the_same_settings_are_planned_for_other_data(bench: TuneBench, run: RunFolder) -> None:
    line(bench, run, "Same settings, other data")
    bench.until(lambda: bench.room.state.run is None)
    draft = bench.room.state.draft
    assert draft.base.path == SMALL and draft.train.steps == 4 and draft.data.path == ""
    assert draft.out.dir == "" and bench.room.page_key == "data"
    assert bench.room.undo(), "the draft before comes back"


def test_the_folder_is_opened(
    bench: TuneBench, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []

    def take(url: QUrl) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", take)
    line(bench, run, "Open the run’s folder")
    assert [Path(url.toLocalFile()) for url in opened] == [run.path]


def test_a_run_is_laid_over_the_one_looked_at(bench: TuneBench, run: RunFolder) -> None:
    other = finished_run(bench.context.paths, "other")
    bench.until(lambda: len(bench.room.runs) == 2)
    line(bench, other, "Compare the run with others")
    from gui.tune.run_page import RunPage

    page = bench.room.page_of("run")
    assert isinstance(page, RunPage) and page.overlay.chosen == [str(other.path)]
    assert bench.room.state.run == run and bench.room.page_key == "run"


def test_the_menu_comes_for_a_run_and_not_for_the_draft(bench: TuneBench, run: RunFolder) -> None:
    asked: list[str] = []
    bench.room.side.menu_asked.disconnect(bench.room.run_menu.show_at)
    bench.room.side.menu_asked.connect(lambda path, _place: asked.append(path))
    runs = bench.room.side.runs
    for row in (0, 1):
        place = runs.visualItemRect(runs.item(row)).center()
        runs.customContextMenuRequested.emit(place)
    runs.customContextMenuRequested.emit(QPoint(-1, -1))  # by its key: the chosen line
    assert asked == [str(run.path), str(run.path)]


def test_without_a_run_the_lines_of_the_menu_say_so(bench: TuneBench) -> None:
    bench.action("De&lete the run").trigger()
    assert bench.told == "Choose a run first"
