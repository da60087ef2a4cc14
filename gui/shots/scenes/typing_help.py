"""What helps while one types: the first words of a reply, the command palette, the shortcuts."""

from PySide6.QtWidgets import QApplication

from gui.shortcuts import ShortcutSheet
from gui.shots.questions import DEEPEST, NAME, TIPS
from gui.shots.scenes.scene import scene
from gui.shots.stage import Stage

FIRST_WORDS = "Call her Nautilus, because"


def prefill(stage: Stage) -> None:
    """The reply is to begin with these words."""
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    work = stage.room.work
    stage.room.desk.open_prefill()
    work.prefill.field.setText(FIRST_WORDS)
    work.composer.edit.setPlainText(NAME)
    stage.take("prefill")
    stage.room.desk.close_prefill()
    work.composer.edit.clear()


def palette(stage: Stage) -> None:
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)

    def find() -> None:
        stage.window.open_palette()
        box = stage.window.palette_box
        assert box is not None, "it is open"
        box.edit.setText("re")

    def close() -> None:
        if stage.window.palette_box is not None:
            stage.window.palette_box.close_palette()

    stage.take("palette", find, close)


def shortcuts(stage: Stage) -> None:
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    stage.take("shortcuts", lambda: _open_sheet(stage))


def _open_sheet(stage: Stage) -> None:
    stage.window.show_shortcuts()
    for front in QApplication.topLevelWidgets():
        if isinstance(front, ShortcutSheet):
            front.move(stage.window.geometry().center() - front.rect().center())


SCENES = (
    scene(prefill, "prefill"),
    scene(palette, "palette"),
    scene(shortcuts, "shortcuts"),
)
