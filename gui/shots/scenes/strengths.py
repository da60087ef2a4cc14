"""Adapters: in the details with their strengths, and the last answer at four strengths.

The adapter is one of random weights: it changes what the model says, and means nothing.
"""

from pathlib import Path

from engine.bench_adapter import write_random_adapter
from gui.chat.adapters import Adapters
from gui.shots.questions import OCEAN
from gui.shots.scenes.scene import scene
from gui.shots.stage import SETTINGS, SMALL_PX, Stage

ADAPTERS = ("random-rank-8.gguf", "random-rank-16.gguf")
ANSWER = SETTINGS.with_value("max_tokens", 70)


def adapters(stage: Stage) -> None:
    _adapted_chat(stage)
    stage.take("adapters")


def compared(stage: Stage) -> None:
    _adapted_chat(stage)
    stage.hide_details()
    feature = stage.feature(Adapters)
    feature.strengths.open()
    stage.until(lambda: not feature.strengths.run.is_running, "four answers are written")
    stage.take("strengths")
    stage.window.resize(*SMALL_PX)
    stage.take("strengths-small")
    feature.strengths.close()


def _adapted_chat(stage: Stage) -> None:
    """A chat with two adapters, one of them switched off."""
    files = _files(stage)
    stage.chat(OCEAN, settings=ANSWER, name="adapted")
    feature = stage.feature(Adapters)
    if not stage.room.details.settings.adapters:
        for file in files:
            feature.add(str(file))
        feature.set_strength(str(files[0]), 0.75)
        feature.switch(str(files[1]), False)
    stage.rest()
    stage.room.details.ensureWidgetVisible(feature.panel)


def _files(stage: Stage) -> list[Path]:
    model = stage.room.loader.model
    assert model is not None, "an adapter is written for a model"
    files = [stage.context.paths.models / name for name in ADAPTERS]
    for rank, file in zip((8, 16), files, strict=True):
        if not file.exists():
            write_random_adapter(Path(model.path), file, rank)
    return files


SCENES = (
    scene(adapters, "adapters"),
    scene(compared, "strengths", "strengths-small"),
)
