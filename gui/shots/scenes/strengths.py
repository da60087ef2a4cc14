"""Adapters: in the details with their strengths, and the last answer at four strengths.

The adapter is one of random weights: it changes what the model says, and means nothing.
"""

import subprocess
import sys
from pathlib import Path

from gui.chat.adapters import Adapters
from gui.shots.questions import OCEAN
from gui.shots.scenes.scene import scene
from gui.shots.stage import SETTINGS, SMALL_PX, Stage

ADAPTERS = ("random-rank-8.gguf", "random-rank-16.gguf")
WRITE = """
import sys
from pathlib import Path
from engine.bench_adapter import write_random_adapter
write_random_adapter(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
"""
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
            # By a child: what it needs to write a GGUF file is none of the window's modules.
            subprocess.run([sys.executable, "-c", WRITE, model.path, file, str(rank)], check=True)
    return files


SCENES = (
    scene(adapters, "adapters"),
    scene(compared, "strengths", "strengths-small"),
)
