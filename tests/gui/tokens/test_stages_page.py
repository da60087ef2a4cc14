"""Help > The stages: the lessons in order, their marks, the way into a room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.context import AppContext
from gui.lessons.host import LessonHost
from gui.lessons.lessons import Course, course
from gui.lessons.stages_page import StagesPage
from tests.gui.fitting import misfits

LARGE_PX = 20


@pytest.fixture
def begun(context: AppContext) -> list[str]:
    """The rooms that were gone to and the lessons begun there."""
    told: list[str] = []
    host = LessonHost(lambda lesson: told.append(lesson.id), lambda *_: None, lambda *_: None, dict)

    def go() -> None:
        told.append("tokens room")
        context.lessons["tokens"] = host  # as a room does when it is made

    context.rooms["tokens"] = go
    return told


@pytest.fixture
def stages(qtbot: QtBot, context: AppContext, begun: list[str]) -> Iterator[StagesPage]:
    context.theme.apply()
    yield shown(qtbot, StagesPage(context))
    context.notices.strip.hide()
    context.notices.banners.hide()


def shown(qtbot: QtBot, page: StagesPage) -> StagesPage:
    page.resize(1000, 700)
    qtbot.addWidget(page)
    with qtbot.waitExposed(page):
        page.show()
    return page


def words_of(page: StagesPage) -> list[str]:
    return [one.text() for one in page.findChildren(QLabel) if one.isVisibleTo(page)]


def click(button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_stages_and_lessons_stand_in_the_order_of_a_models_life(stages: StagesPage) -> None:
    words = words_of(stages)
    titles = [one.title for one in course().lessons]
    assert [one for one in words if one in titles] == titles
    heads = [one.partition(" · ")[2] for one in words if " · " in one]
    assert heads == [one.title.upper() for one in course().stages]


def test_a_stage_without_lessons_says_so_and_has_no_button(stages: StagesPage) -> None:
    empty = [one for one in course().stages if not course().of_stage(one.id)]
    assert empty and words_of(stages).count("Its lessons come with its room.") == len(empty)
    assert set(stages.buttons) == {one.id for one in course().lessons}


def test_a_lesson_begins_in_its_room(stages: StagesPage, begun: list[str]) -> None:
    click(stages.buttons["languages"])
    assert begun == ["tokens room", "languages"]


def test_go_on_begins_the_first_that_was_not_looked_at(
    stages: StagesPage, begun: list[str]
) -> None:
    first, second = course().lessons[:2]
    assert stages.next_button.text() == "Begin"
    stages.done.mark(first.id)
    assert stages.next_button.text() == "Go on"
    click(stages.next_button)
    assert begun[-1] == second.id


def test_marks_are_kept_shown_and_forgotten_with_a_way_back(
    stages: StagesPage, context: AppContext, qtbot: QtBot
) -> None:
    assert not stages.reset_button.isEnabled()
    stages.done.mark("spelling")
    stages.done.mark("numbers")
    stages.done.mark("numbers")
    assert context.settings.value.lessons_done == ["spelling", "numbers"]
    assert stages.marks["spelling"].text() == "✓ Done"
    assert stages.buttons["spelling"].accessibleName() == "Again: Why models spell badly, done"
    assert stages.count.text() == f"2 of {len(course().lessons)} lessons done"
    other = shown(qtbot, StagesPage(context))
    assert other.marks["numbers"].text() == "✓ Done"
    click(stages.reset_button)
    assert stages.marks["spelling"].text() == "" and stages.count.text().startswith("0 of")
    assert context.notices.undo()
    assert stages.done.all() == ["spelling", "numbers"]


def test_all_done_begins_with_the_first_again(stages: StagesPage, begun: list[str]) -> None:
    for one in course().lessons:
        stages.done.mark(one.id)
    click(stages.next_button)
    assert begun[-1] == course().lessons[0].id


def test_a_room_that_is_not_there_is_told(stages: StagesPage, context: AppContext) -> None:
    del context.rooms["tokens"]
    click(stages.buttons["spelling"])
    (banner,) = context.notices.banners.banners
    assert "Why models spell badly" in banner.message


def test_broken_files_are_told_of_and_none_is_said(qtbot: QtBot, context: AppContext) -> None:
    context.theme.apply()
    problem = "The lesson file “x.toml” cannot be used: no title."
    page = shown(qtbot, StagesPage(context, None, Course(course().stages, [], {"x.toml": problem})))
    assert problem in words_of(page) and "There are no lessons here." in words_of(page)
    assert not page.next_button.isVisible() and not page.reset_button.isEnabled()


def test_marks_of_lessons_that_are_gone_do_not_count(
    stages: StagesPage, context: AppContext
) -> None:
    context.settings.change(lessons_done=["of-another-version"])
    assert stages.count.text().startswith("0 of")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_it_fits_with_a_large_font(
    stages: StagesPage, context: AppContext, mode: str, qtbot: QtBot
) -> None:
    context.theme.set_mode(mode)  # type: ignore[arg-type]  # one of the two words
    context.theme.set_font_px(LARGE_PX)
    stages.done.mark("spelling")
    pane = QWidget()
    qtbot.addWidget(pane)
    QVBoxLayout(pane).addWidget(stages)
    pane.resize(640, 600)
    pane.show()
    qtbot.waitUntil(lambda: misfits(pane) == [], timeout=3000)
    stages.setParent(None)


def test_keys_alone_reach_every_lesson_in_order(stages: StagesPage) -> None:
    chain, one = [], stages.nextInFocusChain()
    while one is not None and one is not stages:
        chain.append(one)
        one = one.nextInFocusChain()
    buttons = [stages.buttons[one.id] for one in course().lessons]
    assert [one for one in chain if one in buttons] == buttons
    assert all(one.focusPolicy() & Qt.FocusPolicy.TabFocus for one in buttons)
