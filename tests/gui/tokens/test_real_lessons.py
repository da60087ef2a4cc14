"""Whole lessons in the real window, with the starter model and the room's real worker."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.lessons.lesson_panel import LessonPanel
from gui.lessons.stages_page import StagesPage
from gui.tokens.compare_page import ComparePage
from gui.tokens.room import TokensRoom
from gui.tokens.stages_panel import StagesPanel
from gui.window import STAGES
from tests.gui.real_window import RealWindow, open_window, real

__all__ = ["open_window", "real"]  # fixtures

WAIT_MS = 60_000
CTRL = Qt.KeyboardModifier.ControlModifier


def begin(real: RealWindow, lesson: str) -> LessonPanel:
    """From the menu's page, as a person does."""
    QTest.keyClick(real.window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert real.window.page == STAGES
    page = cast(StagesPage, real.window.widget_of(STAGES))
    page.ensureWidgetVisible(page.buttons[lesson])
    real.click(page.buttons[lesson])
    assert real.window.page == "tokens"
    section = tokens(real).details.lesson
    real.until(lambda: section.lesson is not None and section.lesson.id == lesson, WAIT_MS)
    assert section.panel is not None
    return section.panel


def tokens(real: RealWindow) -> TokensRoom:
    return cast(TokensRoom, real.window.widget_of("tokens"))


def guess(real: RealWindow, panel: LessonPanel, number: str) -> None:
    QTest.keyClicks(panel.guess.edit, number)
    QTest.keyClick(panel.guess.edit, Qt.Key.Key_Return)
    assert panel.show_button.hasFocus()
    QTest.keyClick(panel.show_button, Qt.Key.Key_Space)
    real.until(lambda: panel.step == "look", WAIT_MS)
    QApplication.processEvents()  # the rows of the next step are laid out


def test_a_whole_lesson(real: RealWindow) -> None:
    """Spelling: the count is the tokenizer's, the room shows it, one's own text comes back."""
    panel, room = begin(real, "spelling"), tokens(real)
    real.until(lambda: room.state.info is not None, WAIT_MS)
    room.parts.show_text("my own words")
    guess(real, panel, "10")
    assert panel.verdict.text() == "3 tokens. You guessed 10: it is less. Now see why."
    assert "Undo brings it back" in panel.room_words.text()
    document = room.state.document
    assert document.text.text().startswith("strawberry\n")
    assert document.piece(room.state.chosen) == b"st"
    assert room.page_key == "text" and room.text_page.panels.key == "merges"
    assert real.context.settings.value.lessons_done == ["spelling"]
    room.text_page.editor.setFocus()
    QTest.keyClick(room.text_page.editor, Qt.Key.Key_Z, CTRL)
    assert document.text.text() == "my own words"
    real.until(lambda: not document.is_stale, WAIT_MS)
    real.click(panel.next_button)
    real.until(lambda: panel.lesson is not None and panel.lesson.id == "numbers")


def test_special_tokens_are_those_of_the_model(real: RealWindow) -> None:
    panel, room = begin(real, "special-tokens"), tokens(real)
    assert panel.guess.question.text().startswith("<|im_end|> ends a turn")
    room.state.set_special(True)
    guess(real, panel, "7")
    assert panel.verdict.text() == "7 tokens: just as you guessed."
    assert panel.because.text() == "As the special token it would be one."
    state = room.state
    assert not state.special and state.document.piece(state.chosen) == b"<"
    room.text_page.special.click()
    real.until(lambda: not state.document.is_stale, WAIT_MS)
    text = state.document.text.text().encode()
    token = state.document.token_at(text.find(b"<|im_end|>"))
    assert state.document.piece(token) == b"<|im_end|>"


def test_the_lesson_stands_beside_the_compare_page_too(real: RealWindow) -> None:
    """Languages: figures of the real vocabularies; the page's own text is not touched."""
    panel, room = begin(real, "languages"), tokens(real)
    page = cast(ComparePage, room.page_of("compare"))
    page.use_text("a text of its own")
    guess(real, panel, "2")
    assert panel.verdict.text().startswith("4 times as many tokens")
    assert room.page_key == "compare" and panel.isVisible() and not room.details.token.isVisible()
    assert page.whose.value == "shared" and page.edit.toPlainText() == "a text of its own"
    assert page.text() == room.state.document.text.text()
    real.until(lambda: page.is_settled, WAIT_MS)
    real.click(panel.close_button)
    assert not room.details.isVisible() and not room.details_button.isVisible()
    room.show_page("text")
    assert room.details.token.isVisible() and room.details.lesson.begin_button.isVisible()


def test_sampling_shows_the_models_own_distribution(real: RealWindow) -> None:
    panel, room = begin(real, "sampling"), tokens(real)
    list(panel.guess.lines.buttons.values())[1].click()
    QApplication.processEvents()
    real.click(panel.guess.button)
    QApplication.processEvents()
    real.click(panel.show_button)
    real.until(lambda: panel.step == "look", WAIT_MS)
    stages = cast(StagesPanel, room.text_page.panels.panel("next"))
    assert stages.isVisible() and room.state.chosen == -1
    real.until(lambda: len(stages.list.lines) > 1, WAIT_MS)
    assert "just as you guessed" in panel.verdict.text()
