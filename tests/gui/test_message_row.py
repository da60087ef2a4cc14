"""The row of buttons under a message: by mouse, by keys, for a screen reader, where there is little
room; and the same things by the menu and the palette."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QColor, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolTip
from pytestqt.qtbot import QtBot

import gui.widgets.transcript as transcript_module
from gui.theme import Theme
from gui.widgets.transcript import MessageAction, Transcript
from gui.widgets.transcript_row import tooltip
from gui.widgets.transcript_target import target_at
from tests.fakes.transcripts import (
    ALT,
    CTRL,
    LEFT,
    NO_KEYS,
    flushed,
    light_theme,
    model,
    settled,
    shown_transcript,
    text_point,
    user,
    viewport_point,
)

GOOD = MessageAction(
    "good",
    "Good reply",
    "thumb-up",
    lambda view: view.role == "assistant",
    "G",
    "Rate it",
    "judge",
    lambda view: "rated" in view.footer,
)
EDIT = MessageAction("edit-reply", "Edit the reply", "edit", lambda view: view.role == "assistant")
MENU_ONLY = MessageAction("tags", "Tags…", "tag", shortcut="T")


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        for action in (GOOD, EDIT, MENU_ONLY):
            result.add_message_action(action)
        result.set_messages([user("0", "question"), model("1", "answer", footer="9 tokens")])
        settled(qtbot, result)
        yield result


class Heard:
    """What a screen reader is told, in place of one."""

    Event = QAccessible.Event

    def __init__(self) -> None:
        self.said: list[str] = []

    def isActive(self) -> bool:
        return True

    def updateAccessibility(self, event: QAccessibleEvent) -> None:
        if event.type() == QAccessible.Event.Announcement:
            self.said.append(event.message())  # type: ignore[attr-defined]  # an announcement's


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    result = Heard()
    monkeypatch.setattr(transcript_module, "QAccessible", result)
    return result


def row(transcript: Transcript, index: int) -> list[str]:
    return list(transcript.column.frame(index).actions)


def popped(qtbot: QtBot) -> QMenu:
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def lines(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


# ---- what is in it, and where ----


def test_each_message_has_the_buttons_that_apply_to_it(transcript: Transcript) -> None:
    assert row(transcript, 0) == ["copy", "edit", "delete", "more"]
    assert row(transcript, 1) == ["copy", "regenerate", "do:good", "delete", "more"]
    transcript.begin_reply(model("2", ""))
    assert row(transcript, 2) == ["copy"]
    transcript.column.is_locked = lambda: True
    assert row(transcript, 0) == ["copy", "more"]
    assert "Delete" not in [line.text for line in transcript.lines_of(0)]


def test_the_row_is_the_messages_own_ground_below_its_text_and_footer(
    transcript: Transcript,
) -> None:
    frame = transcript.column.frame(1)
    copy = frame.actions["copy"]
    assert frame.footer.bottom() <= copy.top() and copy.bottom() <= frame.height
    # The mouse on its way to the buttons does not come to the next message.
    below = transcript.column.frame(0).actions["more"].translated(0, transcript.column.top(0))
    assert transcript.column.index_at(below.bottom() - 1) == 0


@pytest.mark.parametrize("font_px", [13, 20])
def test_the_row_fits_wherever_a_column_does(
    transcript: Transcript, theme: Theme, qtbot: QtBot, font_px: int
) -> None:
    theme.set_font_px(font_px)
    for width in (1000, 420, 260, 130):
        transcript.resize(width, 500)
        settled(qtbot, transcript)
        view = QRectF(transcript.viewport().rect())
        for index in (0, 1):
            frame = transcript.column.frame(index)
            boxes = [
                transcript.viewport_rect(box.translated(0, transcript.column.top(index)))
                for box in frame.actions.values()
            ]
            assert all(view.left() <= b.left() and b.right() <= view.right() for b in boxes)
            assert all(b.right() <= after.left() for b, after in pairwise(boxes))
            # What has no room is in the menu, whose button is always there.
            assert next(reversed(frame.actions)) == "more"


# ---- by mouse ----


def test_a_click_on_an_added_button_is_told(transcript: Transcript, qtbot: QtBot) -> None:
    point = viewport_point(transcript, 1, transcript.column.frame(1).actions["do:good"])
    with qtbot.waitSignal(transcript.action_requested) as caught:
        QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, point)
    assert caught.args == ["good", "1"]


def test_more_opens_the_menu_of_its_message(transcript: Transcript, qtbot: QtBot) -> None:
    point = viewport_point(transcript, 1, transcript.column.frame(1).actions["more"])
    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, point)
    menu = popped(qtbot)
    assert {"Copy message", "Regenerate", "Good reply", "Tags…", "Delete"} <= set(lines(menu))
    place = transcript.viewport().mapFromGlobal(menu.pos())
    assert menu.isVisible() and abs(place.x() - point.x()) < 40 and 0 < place.y() - point.y() < 40
    with qtbot.waitSignal(transcript.action_requested) as caught:
        next(one for one in menu.actions() if one.text() == "Tags…").trigger()
    assert caught.args == ["tags", "1"]
    menu.close()


def test_every_button_says_what_it_does(transcript: Transcript) -> None:
    assert all(
        tooltip(what, transcript.more_actions)
        for index in (0, 1)
        for what in row(transcript, index)
    )
    assert tooltip("do:good", transcript.more_actions) == "Rate it (G)"
    point = viewport_point(transcript, 1, transcript.column.frame(1).actions["do:good"])
    at = transcript.viewport().mapToGlobal(point)
    QApplication.sendEvent(transcript.viewport(), QHelpEvent(QEvent.Type.ToolTip, point, at))
    assert QToolTip.text() == "Rate it (G)"
    QToolTip.hideText()


def test_a_pressed_button_looks_pressed(transcript: Transcript, qtbot: QtBot) -> None:
    """Whether colours are told apart or not: it has a ground of its own, and the footer says it."""
    box = transcript.column.frame(1).actions["do:good"]
    corner = viewport_point(transcript, 1, box) - QPoint(round(box.width() / 2) - 3, 0)
    QTest.mouseMove(transcript.viewport(), QPoint(1, 1))
    QTest.mouseMove(transcript.viewport(), text_point(transcript, 1, 0, 2))
    qtbot.waitUntil(lambda: transcript.hovered_message == 1)
    before = transcript.viewport().grab().toImage().pixelColor(corner)
    transcript.update_message(model("1", "answer", footer="9 tokens · rated good"))
    settled(qtbot, transcript)
    after = transcript.viewport().grab().toImage().pixelColor(corner)
    assert before != after == QColor(transcript._theme.palette.accent_soft)


def test_a_menu_that_is_taller_than_the_screen_stays_one_column(
    transcript: Transcript, theme: Theme, qtbot: QtBot
) -> None:
    theme.set_font_px(20)
    for n in range(30):
        transcript.add_message_action(MessageAction(f"one-{n}", f"Action number {n}"))
    settled(qtbot, transcript)
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    QTest.keyClick(transcript, Qt.Key.Key_Return)
    menu = popped(qtbot)
    lefts = {menu.actionGeometry(one).left() for one in menu.actions() if one.text()}
    assert len(lefts) == 1 and menu.height() <= menu.screen().availableGeometry().height()
    menu.close()


# ---- by keys, and for a screen reader ----


def test_tab_goes_through_the_row_and_enter_presses(
    transcript: Transcript, qtbot: QtBot, heard: Heard
) -> None:
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    names = row(transcript, 1)
    for name in names[:3]:
        QTest.keyClick(transcript, Qt.Key.Key_Tab)
        assert transcript.focused_button == name and transcript.hasFocus()
        assert heard.said[-1] == tooltip(name, transcript.more_actions)
        assert transcript.accessibleDescription() == heard.said[-1]
    with qtbot.waitSignal(transcript.action_requested) as caught:
        QTest.keyClick(transcript, Qt.Key.Key_Return)
    assert caught.args == ["good", "1"]
    transcript.update_message(model("1", "answer", footer="rated good"))
    QTest.keyClick(transcript, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(transcript, Qt.Key.Key_Tab)
    assert heard.said[-1] == "Rate it (G): pressed"
    QTest.keyClick(transcript, Qt.Key.Key_Escape)
    assert transcript.focused_button == "" and transcript.current_message == 1
    assert "answer" in transcript.accessibleDescription()
    QTest.keyClick(transcript, Qt.Key.Key_Escape)
    assert transcript.current_message == -1


def test_the_button_that_keys_press_is_ringed(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.setFocus()
    qtbot.waitUntil(transcript.hasFocus)
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    before = transcript.viewport().grab().toImage()
    QTest.keyClick(transcript, Qt.Key.Key_Tab)
    assert transcript.viewport().grab().toImage() != before


def test_a_row_out_of_view_is_brought_into_it_by_keys(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", "line\n\n" * 100), user("2", "q")])
    settled(qtbot, transcript)
    transcript.setFocus()
    transcript.scroll_to("1")
    settled(qtbot, transcript)
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    assert transcript.current_message == 0
    QTest.keyClick(transcript, Qt.Key.Key_Tab)
    settled(qtbot, transcript)
    box = transcript.column.frame(0).actions["copy"]
    point = viewport_point(transcript, 0, box)
    assert transcript.viewport().rect().contains(point)
    found = target_at(transcript.column, transcript.column_point(point.toPointF()))
    assert found is not None and found.what == "copy"


def test_enter_opens_the_menu_and_delete_deletes(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    QTest.keyClick(transcript, Qt.Key.Key_Return)
    menu = popped(qtbot)
    assert "Copy message" in lines(menu)
    menu.close()
    with qtbot.waitSignal(transcript.delete_requested) as caught:
        QTest.keyClick(transcript, Qt.Key.Key_Delete)
    assert caught.args == ["1"]
    transcript.column.is_locked = lambda: True
    with qtbot.assertNotEmitted(transcript.delete_requested):
        QTest.keyClick(transcript, Qt.Key.Key_Delete)


def test_without_a_current_message_tab_leaves(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Tab)
    assert transcript.focused_button == ""


def test_the_current_message_is_described_and_said(
    transcript: Transcript, qtbot: QtBot, heard: Heard
) -> None:
    transcript.setFocus()
    for key, words in ((Qt.Key.Key_Up, "answer"), (Qt.Key.Key_Up, "question")):
        QTest.keyClick(transcript, key, ALT)
        interface = QAccessible.queryAccessibleInterface(transcript)
        described = interface.text(QAccessible.Text.Description)
        assert words in described
    assert heard.said == ["SmolLM2: answer", "You: question"]
    transcript.update_message(model("1", "another", version=2, n_versions=3))
    QTest.keyClick(transcript, Qt.Key.Key_Down, ALT)
    assert heard.said[-1] == "SmolLM2, version 2 of 3: another"


def test_the_end_of_a_reply_is_said_without_its_reasoning(
    transcript: Transcript, qtbot: QtBot, heard: Heard
) -> None:
    transcript.begin_reply(model("2", ""))
    transcript.append_text("2", "<think>hidden</think>")
    transcript.append_text("2", "The sea is deep.")
    flushed(qtbot, transcript)
    assert heard.said == []  # not word by word
    transcript.finish_reply("2", model("2", "<think>hidden</think>The sea is deep."))
    assert heard.said == ["The sea is deep."]


def test_copying_by_the_row_shows_that_it_was_done(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    before = transcript.viewport().grab().toImage()
    with qtbot.waitSignal(transcript.copied):
        QTest.keyClick(transcript, Qt.Key.Key_C, CTRL)
    assert transcript.viewport().grab().toImage() != before
