"""The Fine-tune room: a run as it goes, one that failed, runs over one another, and what came of
one. Runs are made, not trained (gui/shots/run_maker.py).
"""

import shutil
import time
from typing import cast

from finetune.run.events import RunFailed
from finetune.run.folder import RunFolder
from gui.shots import run_maker, run_result
from gui.shots.scenes.scene import scene
from gui.shots.stage import SMALL_PX, Stage
from gui.tune.result_page import ResultPage
from gui.tune.room import TuneRoom
from gui.tune.run_page import RunPage

NOW = 115
N_STEPS = 180
DAY_S = 86_400.0
PORTER, HEDGING, RECIPES = "night-porter", "no-hedging-v2", "recipes-fr"


def running(stage: Stage) -> None:
    page = _run(stage, PORTER)
    page.machine.choose_step(60)
    stage.take("tune-run")
    page.page.verticalScrollBar().setValue(page.page.verticalScrollBar().maximum())
    stage.take("tune-run-below")
    page.page.verticalScrollBar().setValue(0)
    stage.window.resize(*SMALL_PX)
    stage.take("tune-run-small")


def finished(stage: Stage) -> None:
    page = _run(stage, HEDGING)
    page.overlay.chosen = []
    page.overlay.toggle(_path(stage, PORTER))
    chart = page.loss.chart
    assert chart is not None
    stage.until(lambda: chart.lines[-1].name == PORTER, "the other run is read")
    stage.take("tune-run-overlay")
    page.overlay.toggle(_path(stage, PORTER))


def failed(stage: Stage) -> None:
    page = _run(stage, RECIPES)
    stage.until(lambda: bool(page.notices.banners.banners), "the failure is told")
    stage.take("tune-run-failed")


def result(stage: Stage) -> None:
    page = _result(stage)
    stage.take("tune-result")
    bar = page.page.verticalScrollBar()
    page.page.ensureWidgetVisible(page.forgetting)
    bar.setValue(page.held_out.y() - 20)
    stage.take("tune-result-below")
    bar.setValue(0)


SCENES = (
    scene(running, "tune-run", "tune-run-below", "tune-run-small"),
    scene(finished, "tune-run-overlay"),
    scene(failed, "tune-run-failed"),
    scene(result, "tune-result", "tune-result-below"),
)


# ---- the runs ----


def _room(stage: Stage) -> TuneRoom:
    """The room, with three runs in its folder."""
    runs = stage.context.paths.runs
    if not any(PORTER in path.name for path in runs.iterdir()):
        for left in list(runs.iterdir()):  # another scene's runs
            shutil.rmtree(left)
        _make_running(stage)
        _make_finished(stage)
        _make_failed(stage)
    stage.context.runs.start()
    stage.context.runs.refresh()
    stage.window.show_page("tune")
    stage.until(lambda: len(stage.context.runs.summaries) == 3, "the runs are read")
    return cast(TuneRoom, stage.window.widget_of("tune"))


def _run(stage: Stage, name: str) -> RunPage:
    room = _room(stage)
    path = _path(stage, name)
    room.state.choose_run(RunFolder(stage.context.paths.runs / path))
    room.show_page("run")
    page = cast(RunPage, room.page_of("run"))
    stage.until(lambda: len(page.charts.charts) == 4, "the charts are made")
    stage.until(lambda: stage.context.runs.record(path).is_read, "the run is read")
    page.page.verticalScrollBar().setValue(0)
    return page


def _result(stage: Stage) -> ResultPage:
    room = _room(stage)
    path = _path(stage, HEDGING)
    room.state.choose_run(RunFolder(stage.context.paths.runs / path))
    stage.until(lambda: stage.context.runs.record(path).is_read, "the run is read")
    room.show_page("result")
    page = cast(ResultPage, room.page_of("result"))
    stage.until(lambda: page.changes.changes is not None, "the result is shown")
    return page


def _path(stage: Stage, name: str) -> str:
    """A run's folder."""
    found = (run.path for run in stage.context.runs.summaries if run.name == name)
    return next(found)


def _make_running(stage: Stage) -> None:
    folder = run_maker.make_run(stage.context.paths.runs, PORTER)
    began_s = time.time() - 5.0 - NOW * run_maker.SECONDS_PER_STEP
    _write(folder, NOW, began_s)
    run_maker.set_alive(folder)


def _make_finished(stage: Stage) -> None:
    folder = run_maker.make_run(stage.context.paths.runs, HEDGING, rank=8, learning_rate=1e-4)
    began_s = time.time() - 2 * DAY_S
    _write(folder, N_STEPS, began_s, pace=3.4)
    run_maker.write_events(folder, run_maker.ending(N_STEPS, best_step=140, began_s=began_s))
    run_result.write_result(folder, is_forgetful=True)


def _make_failed(stage: Stage) -> None:
    folder = run_maker.make_run(stage.context.paths.runs, RECIPES)
    began_s = time.time() - 3 * DAY_S
    _write(folder, 64, began_s)
    failure = RunFailed(
        *(1, 64, began_s + 140.0),
        message="The loss is no number any more (step 64).",
        hint="Resume with a smaller learning rate, such as 5e-5.",
        detail="loss nan at step 64; gradient norm 41.7",
    )
    run_maker.write_events(folder, [failure])


def _write(folder: RunFolder, upto: int, began_s: float, pace: float = run_maker.PACE) -> None:
    at = range(0, upto + 1, 20)
    parts = (
        run_maker.beginning(N_STEPS, began_s=began_s),
        run_maker.steps(1, upto, N_STEPS, began_s=began_s, pace=pace),
        run_maker.evaluations(at, N_STEPS, began_s=began_s),
    )
    run_maker.write_events(folder, run_maker.in_order(*parts))
    run_maker.write_samples(folder, run_result.samples(at))
    folder.log.write_text("loading the model\ntraining\n", encoding="utf-8")
