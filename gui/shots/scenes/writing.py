"""Notebooks: a text that the model went on with, and the helper for examples."""

from gui.chat.few_shot import FewShot
from gui.chat.notebook import NotebookFeature
from gui.chat.notebook_view import NotebookView
from gui.shots.scenes.scene import scene
from gui.shots.stage import SETTINGS, SMALL_PX, Stage

BEGINNING = (
    "The lantern fish lives where no light comes. Every night it rises towards the surface, "
    "and every morning it sinks again.\n\nNobody knew why until one evening, when"
)
EXAMPLES = FewShot(
    instruction="Say what each word means at sea.",
    fields=["Word", "Meaning"],
    examples=[
        ["fathom", "a depth of six feet"],
        ["leeward", "the side away from the wind"],
        ["ballast", "weight that keeps a ship upright"],
    ],
    query=["galley"],
)


def notebook(stage: Stage) -> None:
    stage.hide_details()
    view = _open(stage)
    view.edit.set_text(BEGINNING)
    view.edit.edited.emit()
    view.continue_requested.emit()
    stage.until(lambda: len(view.edit.text()) > len(BEGINNING), "the model goes on")
    feature = stage.feature(NotebookFeature)
    stage.until(lambda: feature.run is not None and not feature.run.is_busy, "it has ended")
    _count(stage)
    stage.take("notebook")
    stage.forget()


def few_shot(stage: Stage) -> None:
    stage.hide_details()
    view = _open(stage)
    view.panel.set_few_shot(EXAMPLES)
    view.panel.changed.emit(EXAMPLES)
    view.show_panel(True)
    _count(stage)
    stage.take("few-shot")
    stage.window.resize(*SMALL_PX)
    stage.take("few-shot-small")
    stage.forget()


def _open(stage: Stage) -> NotebookView:
    stage.new_chat(SETTINGS.with_value("max_tokens", 80))
    feature = stage.feature(NotebookFeature)
    feature.new_notebook()
    stage.until(lambda: feature.is_open, "the notebook is open")
    assert feature.view is not None, "an open notebook is shown"
    return feature.view


def _count(stage: Stage) -> None:
    """Until the tokens that are shown are those of the text."""
    place, counts = stage.feature(NotebookFeature).place, []
    place.counted.connect(lambda *n: counts.append(n))
    place.refresh()
    stage.until(lambda: bool(counts), "the text is counted")


SCENES = (
    scene(notebook, "notebook"),
    scene(few_shot, "few-shot", "few-shot-small"),
)
