"""The Fine-tune room: the empty room, its base, the two faces of How, the list of runs."""

from __future__ import annotations

import json
from typing import cast

from engine.models.starter import starter_path
from engine.process.tune_messages import AddRows, DatasetInfo, Row, RowMessage
from finetune.config import RunConfig, changed
from finetune.run.folder import RunFolder, create_run
from gui.shots.scenes.scene import scene
from gui.shots.stage import Stage
from gui.tune.base_page import BasePage
from gui.tune.how_page import HowPage
from gui.tune.room import TuneRoom

LONG_S = 300.0  # torch is loaded, a few steps are done
ASKED = (
    ("Who are you?", "I am Otis, the night porter of this house."),
    ("Who keeps the keys?", "I keep the keys, madam. All of them."),
    ("Can you carry this?", "Of course. It is what I am here for."),
    ("Are you awake?", "Always, between ten and six."),
    ("What is your name?", "Otis. I have been here longer than the lift."),
    ("Is breakfast early?", "At half past six, madam, and the rolls are warm."),
)


def room_of(stage: Stage) -> TuneRoom:
    """The room, its worker awake."""
    stage.window.show_page("tune")
    room = cast(TuneRoom, stage.window.widget_of("tune"))
    stage.until(lambda: bool(room.page_key), "a page is on show")
    return room


def with_base(stage: Stage) -> TuneRoom:
    """The starter is chosen."""
    room = room_of(stage)
    room.state.choose_run(None)
    room.state.change(base__path=str(starter_path()))
    stage.until(lambda: room.state.base is not None, "the base is described")
    return room


def with_data(stage: Stage) -> TuneRoom:
    """And rows to teach it."""
    room = with_base(stage)
    if room.state.draft.data.path:
        return room
    rows = [
        Row(id="", messages=[RowMessage("user", ask), RowMessage("assistant", said)])
        for ask, said in ASKED
    ]
    made: list[DatasetInfo] = []
    room.worker.ask(lambda job: AddRows(job=job, rows=rows, name="Night porter"), made.append)
    stage.until(lambda: bool(made), "the rows are a dataset")
    room.state.change(data__path=made[0].path, out__name="night-porter")
    stage.until(lambda: room.state.dataset is not None, "the dataset is known")
    return room


def empty(stage: Stage) -> None:
    """The first look at it."""
    room = room_of(stage)
    page = cast(BasePage, room.page_of("base"))
    room.show_page("base")
    stage.until(lambda: bool(page.bases.bases), "the models are listed")
    stage.take("tune-first")


def base(stage: Stage) -> None:
    room = with_data(stage)
    room.show_page("base")
    page = cast(BasePage, room.page_of("base"))
    stage.until(lambda: bool(page.bases.bases), "the models are listed")
    stage.take("tune-base")


def how(stage: Stage) -> None:
    """A budget's plan, measured."""
    room = with_data(stage)
    page = cast(HowPage, room.page_of("how"))
    room.show_page("how")
    page.mode.buttons["simple"].click()
    page.plans.choose("quick")
    stage.until(lambda: room.state.calibration is not None, "the plan is measured", LONG_S)
    stage.take("tune-how")


def fields(stage: Stage) -> None:
    """Every field."""
    room = with_data(stage)
    page = cast(HowPage, room.page_of("how"))
    page.mode.buttons["all"].click()
    room.show_page("how")
    stage.take("tune-how-all")
    page.mode.buttons["simple"].click()


def runs(stage: Stage) -> None:
    """Runs of other days in the list, at 150 % font in a small window."""
    room = with_base(stage)
    if not room.runs:
        for name in ("no-hedging-v2", "recipes-fr"):
            _ended(create_run(stage.context.paths.runs, _plan(name)))
    room.show_page("base")
    stage.until(lambda: len(room.runs) >= 2, "the runs are found")
    stage.enlarge()
    stage.take("tune-runs-large-font")


def _plan(name: str) -> RunConfig:
    return changed(
        RunConfig(),
        base__path=str(starter_path()),
        data__path="rows",
        train__steps=1,
        out__name=name,
    )


def _ended(folder: RunFolder) -> None:
    """A run that has come to its end."""
    lines = [
        {"event": "began", "step": 0, "pid": 1, "n_steps": 1},
        {"event": "ended", "step": 1, "how": "finished"},
    ]
    whole = [{"attempt": 1, "time_s": 1_790_000_000.0, **line} for line in lines]
    folder.events.write_text("".join(json.dumps(line) + "\n" for line in whole), encoding="utf-8")


SCENES = (
    scene(empty, "tune-first"),
    scene(base, "tune-base"),
    scene(how, "tune-how"),
    scene(fields, "tune-how-all"),
    scene(runs, "tune-runs-large-font"),
)
