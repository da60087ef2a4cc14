"""Every list of the left pane says what it is when it is empty, and offers the next step."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from gui.chat.chat_list import ChatList
from gui.chat.chat_list_note import State, Step
from gui.commands import plain
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]  # fixtures


def steps(bench: Bench) -> list[Step]:
    return [step for step, one in bench.room.list.nothing.steps.items() if one.isVisible()]


def test_without_any_chat_the_list_says_how_one_begins(bench: Bench) -> None:
    chats = bench.room.list
    bench.qtbot.waitUntil(lambda: chats.nothing.state == "chats")
    assert "No chat yet" in chats.nothing.text() and steps(bench) == ["new", "import"]
    QTest.mouseClick(chats.nothing.steps["new"], Qt.MouseButton.LeftButton)
    assert bench.room.work.composer.edit.hasFocus()
    QTest.mouseClick(chats.nothing.steps["import"], Qt.MouseButton.LeftButton)
    dialog = bench.room.window().findChild(QFileDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.reject()
    bench.ask("Why is it dark?", "Water.")
    bench.qtbot.waitUntil(lambda: not chats.nothing.isVisible())


def test_before_the_chats_are_read_nothing_is_said(bench: Bench) -> None:
    fresh = ChatList(bench.context.theme)
    bench.qtbot.addWidget(fresh)
    assert fresh.nothing.text() == ""
    fresh.set_chats([])
    assert "No chat yet" in fresh.nothing.text()


@pytest.mark.parametrize("state", ["archived", "trash", "rated"])
@pytest.mark.parametrize("way", ["button", "key", "head"])
def test_an_empty_scope_leads_back_to_the_chats(bench: Bench, state: State, way: str) -> None:
    bench.ask("Why is it dark?", "Water.")
    chats = bench.room.list
    button = {
        "archived": chats.foot.archived_button,
        "trash": chats.foot.trash_button,
        "rated": chats.foot.rated_button,
    }[str(state)]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    bench.qtbot.waitUntil(lambda: chats.nothing.state == state)
    assert len(chats.nothing.text()) > 20 and steps(bench) == ["back"]
    assert not button.isVisible() and chats.back_button.isVisible()
    if way == "button":
        QTest.mouseClick(chats.nothing.steps["back"], Qt.MouseButton.LeftButton)
    elif way == "head":
        QTest.mouseClick(chats.back_button, Qt.MouseButton.LeftButton)
    else:
        focused = QApplication.focusWidget()
        assert focused is not None and chats.isAncestorOf(focused)
        QTest.keyClick(focused, Qt.Key.Key_Escape)
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Why is it dark?"])
    assert chats.scope == "chats" and not chats.nothing.isVisible()


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("Show archived chats", "archived"),
        ("Show deleted chats", "trash"),
        ("Show rated replies", "rated"),
    ],
)
def test_each_list_is_reached_without_a_mouse_also_where_it_was_dragged_away(
    bench: Bench, words: str, state: State
) -> None:
    bench.ask("Why is it dark?", "Water.")
    bench.room.panes.moveSplitter(0, 1)
    bench.qtbot.waitUntil(lambda: not bench.room.panes.has_list)
    (action,) = [one for one in bench.room.actions() if plain(one.text()) == words]
    action.trigger()
    bench.qtbot.waitUntil(lambda: bench.room.list.nothing.state == state)
    assert bench.room.panes.has_list
    focused = QApplication.focusWidget()
    assert focused is not None and bench.room.list.isAncestorOf(focused)


def test_every_step_has_words_and_a_tooltip(bench: Bench) -> None:
    for step in bench.room.list.nothing.steps.values():
        assert step.text() and step.toolTip()
    foot = bench.room.list.foot
    for one in (foot.rated_button, foot.archived_button, foot.trash_button, foot.restore_button):
        assert one.text() and one.toolTip()
