"""The panel of one lesson, with a room in the test's own process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.context import AppContext
from gui.lessons.done import DoneMarks
from gui.lessons.host import LessonHost
from gui.lessons.lesson import Lesson, Measure, Setup
from gui.lessons.lesson_panel import LessonPanel
from gui.lessons.lessons import course
from tests.gui.fitting import misfits

LARGE_PX, NARROW_PX = 20, 250  # 150 % of the drawings' font; the least width of a details pane


class FakeRoom:
    """Does nothing until the test says so."""

    def __init__(self) -> None:
        self.set_ups: list[Setup] = []
        self.ready: Callable[[str], object] = print
        self.answer: Callable[[float], object] = print
        self.problem: Callable[[str], object] = print
        self.host = LessonHost(lambda lesson: None, self._set_up, self._measure, self._words)

    def _set_up(
        self, setup: Setup, ready: Callable[[str], object], problem: Callable[[str], object]
    ) -> None:
        self.set_ups.append(setup)
        self.ready, self.problem = ready, problem

    def _measure(
        self, measure: Measure, answer: Callable[[float], object], problem: Callable[[str], object]
    ) -> None:
        self.answer = answer

    def _words(self) -> dict[str, str]:
        return {"end": "</s>"}


class PanelBench:
    """A panel in a pane that scrolls, as narrow as the details get."""

    def __init__(self, qtbot: QtBot, context: AppContext) -> None:
        self.room, self.done = FakeRoom(), DoneMarks(context.settings)
        self.panel = LessonPanel(context.theme, self.done, self.room.host)
        self.pane = QWidget()
        self.area = QScrollArea(self.pane)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidgetResizable(True)
        self.area.setWidget(self.panel)
        column = QVBoxLayout(self.pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.area)
        self.pane.resize(context.theme.px(NARROW_PX), 700)
        qtbot.addWidget(self.pane)
        with qtbot.waitExposed(self.pane):
            self.pane.show()

    def begin(self, lesson_id: str) -> LessonPanel:
        lesson = course().lesson(lesson_id)
        assert lesson is not None
        self.panel.begin(lesson, "Tokens")
        return self.panel

    @property
    def step(self) -> str:
        return self.panel.step

    def guess(self, text: str) -> None:
        QTest.keyClicks(self.panel.guess.edit, text)
        QTest.keyClick(self.panel.guess.edit, Qt.Key.Key_Return)


@pytest.fixture
def panel_bench(qtbot: QtBot, context: AppContext) -> PanelBench:
    context.theme.apply()
    return PanelBench(qtbot, context)


def click(button: QPushButton) -> None:
    QApplication.processEvents()  # it is where it will be
    assert button.isVisible() and button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_guess_first_then_the_answer_of_the_model(panel_bench: PanelBench) -> None:
    panel, room = panel_bench.begin("spelling"), panel_bench.room
    assert panel_bench.step == "guess" and not panel.show_button.isVisible()
    panel_bench.guess("10")
    assert panel.you_said.text() == "You guess: 10" and not panel.verdict.isVisible()
    click(panel.show_button)
    assert panel_bench.step == "working" and room.set_ups == [
        panel.lesson.show if panel.lesson else None
    ]
    room.ready("Your text is kept.")
    assert panel_bench.step == "working"  # the figure is not there yet
    room.answer(3.0)
    assert panel.verdict.text().startswith("3 tokens") and panel.verdict.isVisible()
    assert panel.room_words.text() == "Your text is kept." and panel.done_mark.isVisible()
    assert panel_bench.done.all() == ["spelling"]


def test_no_number_is_asked_for_again_and_nothing_is_lost(panel_bench: PanelBench) -> None:
    panel = panel_bench.begin("spelling")
    panel_bench.guess("many")
    assert panel_bench.step == "guess" and panel.guess.note.isVisible()
    assert panel.guess.edit.text() == "many" and panel.guess.edit.hasFocus()
    panel.guess.edit.clear()
    panel_bench.guess("four")
    assert panel_bench.step == "show"


def test_a_choice_is_made_with_mouse_or_keys(panel_bench: PanelBench) -> None:
    panel, room = panel_bench.begin("sampling"), panel_bench.room
    click(panel.guess.button)
    assert panel_bench.step == "guess" and panel.guess.note.isVisible()
    first, second, _ = panel.guess.lines.buttons.values()
    first.setFocus()
    QApplication.processEvents()
    QTest.keyClick(first, Qt.Key.Key_Down)
    assert second.hasFocus()
    QTest.keyClick(second, Qt.Key.Key_Space)
    assert second.isChecked() and not panel.guess.note.isVisible()
    click(panel.guess.button)
    click(panel.show_button)
    room.ready("")
    assert "just as you guessed" in panel.verdict.text()
    assert not panel.room_words.isVisible()


def test_a_room_that_cannot_says_why_and_may_be_asked_again(panel_bench: PanelBench) -> None:
    panel, room = panel_bench.begin("spelling"), panel_bench.room
    panel_bench.guess("3")
    click(panel.show_button)
    room.problem("There is no such file.")
    assert panel_bench.step == "show" and panel.room_words.text() == "There is no such file."
    assert panel_bench.done.all() == []
    click(panel.show_button)
    room.answer(3.0)
    room.ready("")
    assert panel_bench.step == "look" and "just as you guessed" in panel.verdict.text()


def test_what_comes_of_an_earlier_lesson_is_left(panel_bench: PanelBench) -> None:
    panel, room = panel_bench.begin("spelling"), panel_bench.room
    panel_bench.guess("3")
    click(panel.show_button)
    ready, answer, problem = room.ready, room.answer, room.problem
    panel_bench.begin("numbers")
    ready("")
    answer(3.0)
    problem("late")
    assert panel_bench.step == "guess" and panel_bench.done.all() == []
    assert panel.room_words.text() == ""


def test_again_begins_with_an_empty_guess(panel_bench: PanelBench) -> None:
    panel, room = panel_bench.begin("spelling"), panel_bench.room
    panel_bench.guess("3")
    click(panel.show_button)
    room.answer(3.0)
    room.ready("")
    click(panel.again_button)
    assert (
        panel_bench.step == "guess"
        and panel.guess.edit.text() == ""
        and panel.guess.edit.hasFocus()
    )
    assert not panel.verdict.isVisible() and not panel.done_mark.isVisible()


def test_names_are_the_models_own(panel_bench: PanelBench) -> None:
    panel = panel_bench.begin("special-tokens")
    assert panel.guess.question.text().startswith("</s> ends a turn")


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("lesson", course().lessons, ids=lambda one: one.id)
def test_all_of_it_fits_a_narrow_pane_with_a_large_font(
    panel_bench: PanelBench, context: AppContext, lesson: Lesson, mode: str, qtbot: QtBot
) -> None:
    context.theme.set_mode(mode)  # type: ignore[arg-type]  # one of the two words
    context.theme.set_font_px(LARGE_PX)
    panel, room = panel_bench.begin(lesson.id), panel_bench.room
    panel_bench.pane.resize(NARROW_PX, 800)
    qtbot.waitUntil(lambda: misfits(panel_bench.pane) == [], timeout=3000)
    if lesson.guess.kind == "choice":
        next(iter(panel.guess.lines.buttons.values())).click()
        panel.guess.offer()
    else:
        panel_bench.guess("3")
    panel.show_me()
    room.answer(4.0)
    room.ready("Your text is kept: Undo brings it back (Ctrl+Z).")
    assert panel_bench.step == "look"
    qtbot.waitUntil(lambda: misfits(panel_bench.pane) == [], timeout=3000)
