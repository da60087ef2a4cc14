"""The details pane: every sampler, presets, context length and meter."""

from gui.chat.presets import Presets
from gui.shots.questions import DEEPEST, TIPS
from gui.shots.scenes.scene import scene
from gui.shots.stage import SETTINGS, SIZE_PX, Stage

PRESET_NAME = "Captain, brief"
CAPTAIN = "You are the calm captain of a research submarine. Answer in two sentences at most."
TALL_PX = (1280, 2300)


def samplers(stage: Stage) -> None:
    """All groups open, in a window as high as they are."""
    stage.chat(TIPS, DEEPEST)
    details = stage.room.details
    details.set_view(details.groups, is_explained=False)
    stage.window.resize(*TALL_PX)
    stage.room.work.header.details_button.setChecked(True)
    stage.take("samplers")


def explained(stage: Stage) -> None:
    """Each setting with the sentence that explains it."""
    stage.chat(TIPS, DEEPEST)
    details = stage.room.details
    details.set_view(["samplers"], is_explained=True)
    stage.rest()
    details.ensureWidgetVisible(details.groups["samplers"])
    stage.take("samplers-explained")


def context_length(stage: Stage) -> None:
    """Another length, with what it costs, not loaded yet."""
    stage.chat(TIPS, DEEPEST)
    spin = stage.room.details.context_length.spin
    before = spin.value()
    spin.setValue(4096)
    stage.take("context-length")
    spin.setValue(before)


def preset_menu(stage: Stage) -> None:
    presets = _preset_chat(stage)
    # As on a screen that the window fills: a menu stays within it.
    stage.window.move(stage.window.screen().geometry().width() - SIZE_PX[0], 0)
    stage.take("preset-menu", presets.show_menu)
    stage.window.move(0, 0)
    stage.forget()


def preset_form(stage: Stage) -> None:
    presets = _preset_chat(stage)
    presets.button.wish_made.emit("save")
    presets.form.name.setText(PRESET_NAME)
    stage.take("preset-form")
    presets.form.cancel.click()
    stage.forget()


def _preset_chat(stage: Stage) -> Presets:
    """A chat with a preset of one's own, changed a little since."""
    presets = stage.feature(Presets)
    stage.new_chat(SETTINGS.with_value("system_prompt", CAPTAIN))
    if presets.button.listing.find("Captain") is None:
        presets.form.save_asked.emit("Captain", True, True, False)
        stage.until(lambda: presets.button.preset is not None, "the preset is kept")
    else:
        stage.room.details.change("preset", "Captain")
    stage.ask(DEEPEST)
    stage.room.details.change("temperature", 0.3)
    return presets


SCENES = (
    scene(samplers, "samplers"),
    scene(explained, "samplers-explained"),
    scene(context_length, "context-length"),
    scene(preset_menu, "preset-menu"),
    scene(preset_form, "preset-form"),
)
