"""The Pretrain room: stories and a tokenizer by the real worker, the size of a model, a model as it
is raised, what one can do, and what became of it. Runs are made, not trained
(gui/shots/raised_maker.py).
"""

from __future__ import annotations

from typing import cast

from engine.process.pretrain_messages import PretrainCalibration
from finetune.run.folder import RunFolder
from gui.pretrain.assistant_page import AssistantPage
from gui.pretrain.bench_page import BenchPage
from gui.pretrain.model_page import ModelPage
from gui.pretrain.raising_page import RaisingPage
from gui.pretrain.room import PretrainRoom
from gui.pretrain.text_page import TextPage
from gui.pretrain.tokenizer_page import TokenizerPage
from gui.shots import raised_maker, raised_result
from gui.shots.scenes.scene import scene
from gui.shots.stage import SMALL_PX, Stage

N_STORIES = 20_000
RUNNING, OVER = "tales-2m", "stories-2m"
NOW = 900
SPEED = PretrainCalibration(15_900.0, 940_000_000, 0.26, 4.0, "fp32", 2)
BEST = f"step-{raised_maker.N_STEPS}"


def text(stage: Stage) -> None:
    _with_text(stage)
    stage.take("pretrain-text")


def tokenizer(stage: Stage) -> None:
    room = _with_text(stage)
    room.show_page("tokenizer")
    page = cast(TokenizerPage, room.page_of("tokenizer"))
    stage.until(lambda: page.desk.is_listed, "the tokenizers are listed")
    if room.state.tokenizer is None:
        page.form.train_button.click()
    stage.until(lambda: room.state.tokenizer is not None, "the tokenizer is trained")
    stage.until(lambda: not page.longest.isHidden(), "the tokenizer is shown")
    stage.context.notices.strip.hide()
    stage.take("pretrain-tokenizer")


def model(stage: Stage) -> None:
    room = _with_text(stage)
    room.show_page("model")
    page = cast(ModelPage, room.page_of("model"))
    room.state.set_calibration(SPEED)
    stage.until(lambda: bool(page.facts.shown), "the plan is worked out")
    stage.take("pretrain-model")


def running(stage: Stage) -> None:
    room = _with_runs(stage)
    _choose(stage, room, RUNNING)
    room.show_page("run")
    page = cast(RaisingPage, room.page_of("run"))
    stage.until(lambda: len(page.charts.charts) == 4, "the charts are made")
    stage.take("pretrain-run")


def examined(stage: Stage) -> None:
    room = _with_runs(stage)
    _choose(stage, room, OVER)
    room.show_page("bench")
    page = cast(BenchPage, room.page_of("bench"))
    stage.until(lambda: page.desk.bench is not None, "the bench is read")
    stage.until(lambda: page.is_settled, "the bench is shown")
    stage.until(lambda: page.few_shot.is_story, "the questions are there")
    bar = page.page.verticalScrollBar()
    bar.setValue(0)
    stage.take("pretrain-bench")
    bar.setValue(page.recall.y() - 20)
    stage.take("pretrain-bench-below")
    bar.setValue(0)


def assistant(stage: Stage) -> None:
    room = _with_runs(stage)
    _choose(stage, room, OVER)
    room.show_page("assistant")
    page = cast(AssistantPage, room.page_of("assistant"))
    stage.until(lambda: page.runs.card is not None, "the card is read")
    stage.until(lambda: not page.turns.is_busy, "the card is shown")
    stage.until(lambda: page.look.is_story_world, "its text is known")
    page.page.verticalScrollBar().setValue(0)
    stage.take("pretrain-assistant")
    stage.window.resize(*SMALL_PX)
    stage.take("pretrain-assistant-small")


SCENES = (
    scene(text, "pretrain-text"),
    scene(tokenizer, "pretrain-tokenizer"),
    scene(model, "pretrain-model"),
    scene(running, "pretrain-run"),
    scene(examined, "pretrain-bench", "pretrain-bench-below"),
    scene(assistant, "pretrain-assistant", "pretrain-assistant-small"),
)


# ---- the room ----


def _with_text(stage: Stage) -> PretrainRoom:
    """A draft whose text are stories, made once."""
    stage.window.show_page("pretrain")
    room = cast(PretrainRoom, stage.window.widget_of("pretrain"))
    room.show_draft()
    room.show_page("text")
    page = cast(TextPage, room.page_of("text"))
    stage.until(lambda: page.desk.is_listed, "the texts are listed")
    if room.state.corpus is None:
        page.sources.doors["stories"].click()
        page.stories_form.n_stories.setValue(N_STORIES)
        stage.until(page.stories_form.end_button.isEnabled, "the stories are looked at")
        page.stories_form.end_button.click()
    stage.until(lambda: room.state.corpus is not None, "the stories are written")
    stage.until(lambda: page.view_key == "corpus", "the text is shown")
    stage.until(lambda: page.corpus.reader.model.rowCount() > 0, "the stories can be read")
    stage.context.notices.strip.hide()
    return room


def _with_runs(stage: Stage) -> PretrainRoom:
    """A model that is being raised, and one that became an assistant."""
    room, runs = _with_text(stage), stage.context.paths.runs
    corpus = room.state.corpus
    assert corpus is not None
    stage.context.runs.start()
    if not any(one.kind == "pretrain" for one in stage.context.runs.summaries):
        over = raised_maker.make_raised(runs, corpus.path, OVER)
        raised_maker.make_raised(runs, corpus.path, RUNNING, NOW)
        tuned = raised_result.make_assistant(runs, over, BEST, name=f"{OVER} assistant")
        raised_result.write_all(over, BEST, tuned)
    stage.context.runs.refresh()
    stage.until(lambda: len(room.runs) == 2, "the runs are read")
    return room


def _choose(stage: Stage, room: PretrainRoom, name: str) -> None:
    path = next(run.path for run in room.runs if run.name == name)
    room.state.choose_run(RunFolder(stage.context.paths.runs / path))
    stage.until(lambda: stage.context.runs.record(path).is_read, "the run is read")
