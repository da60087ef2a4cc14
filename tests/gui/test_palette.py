"""The command palette and the sheet of shortcuts, over a window with the fake engine."""

from collections.abc import Iterator
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.chat.room import ChatRoom
from gui.commands import Command, plain, rank
from gui.context import AppContext
from gui.shortcuts import ShortcutSheet
from gui.window import MainWindow
from tests.gui.chat_room_helpers import context

__all__ = ["context"]  # a fixture


def nothing() -> None:
    pass


@pytest.fixture
def window(qtbot: QtBot, context: AppContext) -> Iterator[MainWindow]:
    window = MainWindow(context)
    with qtbot.waitExposed(window):
        window.show()
    yield window
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_a_few_letters_find_a_command_and_enter_does_it(
    qtbot: QtBot, window: MainWindow, context: AppContext
) -> None:
    window.activateWindow()
    window.open_palette()
    palette = window.palette_box
    assert palette is not None and palette.isVisible()
    QTest.keyClicks(palette.edit, "dark")
    assert palette.model.shown[0].text == "Dark"
    QTest.keyClick(palette.edit, Qt.Key.Key_Return)
    assert not palette.isVisible() and context.theme.mode == "dark"
    context.theme.set_mode("light")


def test_arrows_go_round_esc_closes_and_nothing_is_said_in_words(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.open_palette()
    palette = window.palette_box
    assert palette is not None
    QTest.keyClick(palette.edit, Qt.Key.Key_Up)
    assert palette.view.currentIndex().row() == palette.model.rowCount() - 1
    QTest.keyClick(palette.edit, Qt.Key.Key_Down)
    assert palette.view.currentIndex().row() == 0
    QTest.keyClicks(palette.edit, "qqqq")
    assert palette.nothing.isVisible() and palette.model.rowCount() == 0
    QTest.keyClick(palette.edit, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_every_shortcut_of_the_menus_is_in_the_sheet(qtbot: QtBot, window: MainWindow) -> None:
    window.show_shortcuts()
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    shown = dict(sheet.rows())
    with_keys = [one for one in window.commands() if one.keys]
    assert len(with_keys) > 15
    assert all(shown[one.text] for one in with_keys)
    sheet.filter.setText("new chat")
    assert ("New chat", "Ctrl+N") in sheet.rows() and len(sheet.rows()) < 6
    sheet.filter.setText("no such thing")
    assert sheet.rows() == []
    sheet.close()


def test_the_likeliest_comes_first() -> None:
    names = ["Export the chat as Markdown", "New chat", "Archive the chat", "Dark"]
    commands = [Command(name, "Chat", nothing) for name in names]
    assert rank("new", commands)[0].text == "New chat"
    assert rank("exp mark", commands)[0].text == "Export the chat as Markdown"
    assert rank("nwch", commands)[0].text == "New chat"
    assert rank("zzz", commands) == []
    assert len(rank("", commands)) == 4


def test_marks_of_menus_are_taken_off() -> None:
    assert plain("&Open a GGUF file…") == "Open a GGUF file"
    assert plain("Salt && water") == "Salt & water"


def test_doors_appear_with_their_rooms(qtbot: QtBot, window: MainWindow) -> None:
    welcome = cast(ChatRoom, window.widget_of("chat")).work.welcome
    assert [key for key, door in welcome.doors.items() if not door.isHidden()] == ["chat"]
    welcome.set_rooms(["chat", "tokens", "tune", "pretrain"])
    assert not any(door.isHidden() for door in welcome.doors.values())
    welcome.room_requested.disconnect()
    with qtbot.waitSignal(welcome.room_requested) as asked:
        QTest.keyClick(welcome.doors["tokens"], Qt.Key.Key_Return)
    assert asked.args == ["tokens"]
    assert "98 MB" in welcome.starter_words.text()
