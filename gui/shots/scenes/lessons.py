"""Lessons: the page of the stages with some marks, and a lesson beside what it set up."""

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.lessons.host import begin_lesson
from gui.lessons.lessons import course
from gui.shots.scenes.scene import scene
from gui.shots.stage import Stage
from gui.tokens.merges_panel import MergesPanel
from gui.tokens.room import TokensRoom
from gui.window import STAGES

DONE = ["bytes", "leading-space"]


def stages(stage: Stage) -> None:
    stage.context.settings.change(lessons_done=DONE)
    stage.window.show_page(STAGES)
    stage.take("stages")


def lesson(stage: Stage) -> None:
    """Why models spell badly, after a guess."""
    stage.context.settings.change(lessons_done=DONE)
    spelling = course().lesson("spelling")
    assert spelling is not None
    begin_lesson(stage.context, spelling)
    room = cast(TokensRoom, stage.window.widget_of("tokens"))
    panel = room.details.lesson.panel
    assert panel is not None
    QTest.keyClicks(panel.guess.edit, "10")
    QTest.keyClick(panel.guess.edit, Qt.Key.Key_Return)
    panel.show_me()
    stage.until(lambda: panel.step == "look", "the room is set up")
    merges = cast(MergesPanel, room.text_page.panels.panel("merges"))
    stage.until(lambda: merges.steps is not None, "the merges are replayed")
    stage.take("lesson")
    room.details.lesson.end()


SCENES = (
    scene(stages, "stages"),
    scene(lesson, "lesson"),
)
