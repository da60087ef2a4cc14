"""Folders, pins, archive, trash and search, through the room and a real store."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu

from gui.chat.chat_order import ChatOrder
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]  # fixtures


def order_of(bench: Bench) -> ChatOrder:
    return next(one for one in bench.room.features if isinstance(one, ChatOrder))


def ask_three(bench: Bench) -> list[str]:
    """Three chats; their ids, the oldest first."""
    ids = []
    for fish in ("cod", "eel", "ray"):
        bench.room.session.new_chat()
        bench.ask(f"Tell me about the {fish}", f"The {fish} swims in the deep sea.")
        ids.append(bench.room.session.chat_id)
    bench.settle()
    return ids


def menu_of(bench: Bench, chat_id: str) -> dict[str, QAction]:
    """The lines of a chat's menu by their words."""
    menu = QMenu(bench.room)
    bench.room.list.chat_menu_requested.emit(chat_id, menu)
    return {line.text(): line for line in menu.actions() if line.text()}


def choose(bench: Bench, chat_id: str, words: str) -> None:
    menu_of(bench, chat_id)[words].trigger()
    bench.settle()
    bench.settle()


def rows(bench: Bench) -> list[str]:
    model = bench.room.list.model
    return [model.index(row).data() for row in range(model.rowCount())]


def test_a_folder_is_made_named_filled_and_taken_away_again(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    order_of(bench).new_folder(cod)
    bench.qtbot.waitUntil(lambda: bench.room.list.view.findChild(QLineEdit) is not None)
    editor = bench.room.list.view.findChild(QLineEdit)
    assert editor is not None and editor.text() == "New folder"
    editor.setText("Field notes")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: rows(bench)[:2] == ["Field notes", "Tell me about the cod"])
    folder_id = bench.room.list.model.folders[0].id
    order_of(bench).delete_folder(folder_id)
    bench.qtbot.waitUntil(lambda: "Field notes" not in rows(bench))
    assert "Tell me about the cod" in rows(bench)
    bench.room.session.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: rows(bench)[:2] == ["Field notes", "Tell me about the cod"])


def test_a_chat_is_moved_by_menu_and_the_move_undone(bench: Bench) -> None:
    cod, eel, _ray = ask_three(bench)
    order_of(bench).new_folder(cod)
    bench.qtbot.waitUntil(lambda: "New folder" in rows(bench))
    folder_id = bench.room.list.model.folders[0].id
    order_of(bench).move(eel, folder_id)
    bench.qtbot.waitUntil(lambda: bench.room.list.model.folder_of(eel) == folder_id)
    bench.room.session.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: bench.room.list.model.folder_of(eel) == "")


def test_pinned_chats_stand_above_all(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    choose(bench, cod, "Pin")
    bench.qtbot.waitUntil(lambda: rows(bench)[:2] == ["Pinned", "Tell me about the cod"])
    choose(bench, cod, "Unpin")
    bench.qtbot.waitUntil(lambda: "Pinned" not in rows(bench))


def test_archive_and_back(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    choose(bench, cod, "Archive")
    bench.qtbot.waitUntil(lambda: "Tell me about the cod" not in rows(bench))
    bench.room.list.archived_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the cod"])
    choose(bench, cod, "Take out of the archive")
    bench.qtbot.waitUntil(lambda: bench.room.list.nothing.isVisible())
    bench.room.list.back_button.click()
    bench.qtbot.waitUntil(lambda: "Tell me about the cod" in rows(bench))


def test_trash_restore_and_emptying_asks_once_more(bench: Bench) -> None:
    cod, eel, _ray = ask_three(bench)
    choose(bench, cod, "Delete")
    choose(bench, eel, "Delete")
    bench.room.list.trash_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.titles()) == 2)
    choose(bench, cod, "Restore")
    bench.qtbot.waitUntil(lambda: "Tell me about the cod" in bench.titles())
    bench.room.list.trash_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the eel"])
    bench.room.list.empty_button.click()
    assert "for good" in bench.room.list.empty_button.text()
    bench.room.list.empty_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == [])
    assert bench.room.list.nothing.text()


def test_a_copy_is_opened_and_goes_its_own_way(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    choose(bench, cod, "Duplicate")
    bench.qtbot.waitUntil(lambda: len(bench.titles()) == 4)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id not in ("", cod))
    assert bench.shown() == ["Tell me about the cod", "The cod swims in the deep sea."]


def test_searching_finds_messages_and_goes_to_them(bench: Bench) -> None:
    _cod, eel, _ray = ask_three(bench)
    search = bench.room.list.search
    QTest.keyClicks(search, "eel swi")
    bench.qtbot.waitUntil(lambda: bench.room.list.results.hits.rowCount() == 1)
    QTest.keyClick(search, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == eel)
    QTest.keyClicks(search, " nowhere")
    bench.qtbot.waitUntil(lambda: bench.room.list.nothing.isVisible())


def test_folded_folders_stay_folded(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    order_of(bench).new_folder(cod)
    bench.qtbot.waitUntil(lambda: "New folder" in rows(bench))
    folder_id = bench.room.list.model.folders[0].id
    bench.room.list.model.toggle(folder_id)
    order_of(bench).save_state()
    assert bench.context.settings.value.closed_folders == [folder_id]
