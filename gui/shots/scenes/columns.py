"""Several answers side by side: two, and four."""

from functools import partial

from gui.chat.columns.columns import Columns
from gui.shots.questions import DEEPEST, NAME
from gui.shots.scenes.scene import scene
from gui.shots.stage import SETTINGS, SIZE_PX, SMALL_PX, Stage

WARM = SETTINGS.with_value("temperature", 0.3).with_value("seed", None)


def two(stage: Stage) -> None:
    stage.hide_details()
    _open(stage, 2, NAME, DEEPEST)
    stage.take("columns-2")
    _leave(stage)


def four(stage: Stage) -> None:
    stage.hide_details(SIZE_PX[0])
    _open(stage, 4, DEEPEST)
    stage.take("columns-4")
    stage.window.resize(*SMALL_PX)
    stage.take("columns-small")
    stage.window.resize(*SIZE_PX)
    stage.enlarge()
    stage.take("columns-large-font")
    _leave(stage)


def _open(stage: Stage, n: int, *questions: str) -> None:
    stage.new_chat(WARM)
    feature = stage.feature(Columns)
    feature.open(n)
    for question in questions:
        stage.answered(partial(stage.send, question))
    stage.rest()


def _leave(stage: Stage) -> None:
    stage.feature(Columns).leave()
    stage.forget()


SCENES = (
    scene(two, "columns-2"),
    scene(four, "columns-4", "columns-small", "columns-large-font"),
)
