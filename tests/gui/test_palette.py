"""The command palette and the sheet of shortcuts, over a window with the fake engine."""

from collections.abc import Iterator
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from gui.chat.room import ChatRoom
from gui.chat.welcome_words import starter_words
from gui.commands import Command, plain, rank
from gui.context import AppContext, Room, RoomEntry
from gui.process_tree import machine_memory_bytes
from gui.shortcuts import ShortcutSheet
from gui.window import MainWindow
from tests.gui.chat_room_helpers import Bench, context

__all__ = ["context"]  # a fixture
CTRL, NOTHING = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


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


def press(window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier = NOTHING) -> None:
    """Press a key where the keys go, the menus' shortcuts among them."""
    focus = QApplication.focusWidget()
    assert focus is not None, "the window is not active"
    QTest.keyClick(focus, key, held)


@pytest.fixture
def active(qtbot: QtBot, window: MainWindow) -> MainWindow:
    """The window with the keys, and two chats in it."""
    with qtbot.waitActive(window):
        window.activateWindow()
    bench = Bench(qtbot, cast(ChatRoom, window.widget_of("chat")), window._context)
    bench.load()
    bench.ask("Why is it dark?", "Water drinks the light.")
    bench.room.session.new_chat()
    bench.ask("Why is it cold?", "No sun.")
    qtbot.waitUntil(lambda: len(bench.titles()) == 2)
    return window


def test_ctrl_k_opens_it_from_the_field_and_a_chat_is_found_there(
    qtbot: QtBot, active: MainWindow
) -> None:
    room = cast(ChatRoom, active.widget_of("chat"))
    cold = room.session.chat_id
    room.work.composer.edit.setFocus()
    press(active, Qt.Key.Key_K, CTRL)
    palette = active.palette_box
    assert palette is not None and palette.isVisible()
    assert QApplication.focusWidget() is palette.edit
    QTest.keyClicks(palette.edit, "why dark")
    assert palette.model.shown[0].text == "Why is it dark?"
    press(active, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: room.session.chat_id not in ("", cold))
    qtbot.waitUntil(lambda: room.session.title == "Why is it dark?")
    press(active, Qt.Key.Key_K, CTRL)
    press(active, Qt.Key.Key_K, CTRL)
    assert not palette.isVisible()


def test_a_question_mark_shows_the_keys_but_not_while_one_writes(active: MainWindow) -> None:
    room = cast(ChatRoom, active.widget_of("chat"))
    room.work.composer.edit.setFocus()
    QTest.keyClicks(room.work.composer.edit, "?")
    assert active.findChild(ShortcutSheet) is None
    assert room.work.composer.text() == "?"
    room.work.transcript.setFocus()
    QTest.keyClicks(room.work.transcript, "?")
    sheet = active.findChild(ShortcutSheet)
    assert sheet is not None and sheet.isVisible()
    sheet.close()


def test_letters_grow_and_shrink_by_keys(active: MainWindow, context: AppContext) -> None:
    plain_px = context.theme.font_px
    press(active, Qt.Key.Key_Equal, CTRL)
    press(active, Qt.Key.Key_Equal, CTRL)
    assert context.theme.font_px == plain_px + 2 == context.settings.value.font_px
    press(active, Qt.Key.Key_Minus, CTRL)
    assert context.theme.font_px == plain_px + 1
    press(active, Qt.Key.Key_0, CTRL)
    assert context.theme.font_px == plain_px and context.settings.value.font_px == 0


class OtherRoom(Room):
    """A room behind a door."""


def test_a_door_of_the_welcome_leads_into_its_room(qtbot: QtBot, context: AppContext) -> None:
    def other(context: AppContext, parent: QWidget | None) -> Room:
        return OtherRoom(parent)

    chat, tokens = RoomEntry("Chat", "chat", ChatRoom), RoomEntry("Tokens", "tokens", other)
    window = MainWindow(context, {"chat": chat, "tokens": tokens})
    with qtbot.waitExposed(window):
        window.show()
    welcome = cast(ChatRoom, window.widget_of("chat")).work.welcome
    door = welcome.doors["tokens"]
    qtbot.waitUntil(door.isVisible)
    assert not welcome.doors["tune"].isVisible()
    QTest.mouseClick(door, Qt.MouseButton.LeftButton)
    assert window.page == "tokens"
    window.show_page("chat")
    QTest.keyClick(welcome.door, Qt.Key.Key_Return)
    assert window.page == "chat"
    assert window.focusWidget() is cast(ChatRoom, window.widget_of("chat")).work.composer.edit
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_the_welcome_says_what_the_starter_is_and_where_a_stronger_model_comes_from(
    qtbot: QtBot, window: MainWindow
) -> None:
    welcome = cast(ChatRoom, window.widget_of("chat")).work.welcome
    memory_gib = round(machine_memory_bytes() / 2**30)
    qtbot.waitUntil(lambda: f"{memory_gib} GB of memory" in welcome.starter_words.text())
    welcome.set_memory(24 * 2**30)
    assert welcome.starter_words.text() == (
        "<b>SmolLM2 135M</b> comes with the app: 98 MB, Apache-2.0, fast, friendly and often wrong."
        " This machine has 24 GB of memory and could run a model about 130 times its size."
        " Stronger models are GGUF files too: fetch one, from huggingface.co for instance, and"
        " open it here."
    )
    assert "times its size" not in starter_words(256 * 2**20)
    with qtbot.waitSignal(welcome.file_requested):
        welcome.open_file.click()
    (dialog,) = window.findChildren(QFileDialog)
    assert dialog.isVisible()
    dialog.reject()


def test_doors_appear_with_their_rooms(qtbot: QtBot, window: MainWindow) -> None:
    welcome = cast(ChatRoom, window.widget_of("chat")).work.welcome
    assert not any(door.isHidden() for door in welcome.doors.values())
    welcome.set_rooms(["chat", "tokens", "tune"])
    assert [key for key, door in welcome.doors.items() if not door.isHidden()] == [
        "chat",
        "tokens",
        "tune",
    ]
    welcome.set_rooms(["chat", "tokens", "tune", "pretrain"])
    assert not any(door.isHidden() for door in welcome.doors.values())
    welcome.room_requested.disconnect()
    with qtbot.waitSignal(welcome.room_requested) as asked:
        QTest.keyClick(welcome.doors["tokens"], Qt.Key.Key_Return)
    assert asked.args == ["tokens"]
    assert "98 MB" in welcome.starter_words.text()
