"""Folders, pins, archive, trash and search, through the room and a real store."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction, QDropEvent
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


def name_it(bench: Bench, name: str) -> None:
    """Type the name of a folder that is being made."""
    bench.qtbot.waitUntil(lambda: bench.room.list.view.findChild(QLineEdit) is not None)
    editor = bench.room.list.view.findChild(QLineEdit)
    assert editor is not None and editor.text() == "New folder"
    editor.setText(name)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: name in rows(bench))


def test_a_folder_is_made_named_filled_and_taken_away_again(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    order_of(bench).folders.new(cod)
    name_it(bench, "Field notes")
    bench.qtbot.waitUntil(lambda: rows(bench)[:2] == ["Field notes", "Tell me about the cod"])
    folder_id = bench.room.list.model.folders[0].id
    order_of(bench).folders.delete(folder_id)
    bench.qtbot.waitUntil(lambda: "Field notes" not in rows(bench))
    assert "Tell me about the cod" in rows(bench)
    bench.room.session.undo_stack.undo()
    bench.qtbot.waitUntil(lambda: rows(bench)[:2] == ["Field notes", "Tell me about the cod"])


def test_a_chat_is_moved_by_menu_and_the_move_undone(bench: Bench) -> None:
    cod, eel, _ray = ask_three(bench)
    order_of(bench).folders.new(cod)
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
    bench.room.list.foot.archived_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the cod"])
    choose(bench, cod, "Take out of the archive")
    bench.qtbot.waitUntil(lambda: bench.room.list.nothing.isVisible())
    bench.room.list.back_button.click()
    bench.qtbot.waitUntil(lambda: "Tell me about the cod" in rows(bench))


def test_trash_restore_and_emptying_asks_once_more(bench: Bench) -> None:
    cod, eel, _ray = ask_three(bench)
    choose(bench, cod, "Delete")
    choose(bench, eel, "Delete")
    bench.room.list.foot.trash_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.titles()) == 2)
    choose(bench, cod, "Restore")
    bench.qtbot.waitUntil(lambda: "Tell me about the cod" in bench.titles())
    bench.room.list.foot.trash_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the eel"])
    empty_button = bench.room.list.foot.empty_button
    empty_button.click()
    assert "for good" in empty_button.text()
    empty_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == [])
    assert bench.room.list.nothing.text()


def test_a_copy_is_opened_and_goes_its_own_way(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    choose(bench, cod, "Duplicate")
    bench.qtbot.waitUntil(lambda: len(bench.titles()) == 4)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id not in ("", cod))
    assert bench.shown() == ["Tell me about the cod", "The cod swims in the deep sea."]


def test_a_copy_from_the_list_is_named_so_and_undone(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    choose(bench, cod, "Duplicate")
    bench.qtbot.waitUntil(lambda: "Tell me about the cod (copy)" in bench.titles())
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: "Tell me about the cod (copy)" not in bench.titles())
    assert bench.room.redo()
    bench.qtbot.waitUntil(lambda: "Tell me about the cod (copy)" in bench.titles())


def test_making_and_naming_a_folder_is_one_step(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    folders = order_of(bench).folders
    folders.new(cod)
    name_it(bench, "Fish")
    folder_id = bench.room.list.model.folders[0].id
    n_steps = bench.room.session.undo_stack.count()
    assert bench.room.undo_words()[0] == "making the folder"
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: bench.room.list.model.folders == [])
    assert bench.room.list.model.folder_of(cod) == "" and "Tell me about the cod" in rows(bench)
    assert bench.room.redo()
    bench.qtbot.waitUntil(lambda: rows(bench)[:2] == ["Fish", "Tell me about the cod"])
    folders.rename(folder_id, "Fishes")
    assert bench.room.session.undo_stack.count() == n_steps + 1, "a later name is a step"
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: rows(bench)[0] == "Fish")


def test_a_chat_dragged_in_the_list_is_moved_pinned_and_unpinned(bench: Bench) -> None:
    cod, eel, ray = ask_three(bench)
    order_of(bench).folders.new()
    bench.qtbot.waitUntil(lambda: "New folder" in rows(bench))
    view, model = bench.room.list.view, bench.room.list.model
    bench.qtbot.waitUntil(lambda: view.findChild(QLineEdit) is not None)
    name_it(bench, "New folder")
    folder_id = model.folders[0].id

    def drop(chat_id: str, onto: int) -> None:
        data = model.mimeData([model.index_of(chat_id)])
        place = QPointF(view.visualRect(model.index(onto)).center())
        event = QDropEvent(
            place,
            Qt.DropAction.MoveAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        # Qt asks whose drag it is: one that began in this very list.
        view.dropEvent(event)

    drop(eel, rows(bench).index("New folder"))
    bench.qtbot.waitUntil(lambda: model.folder_of(eel) == folder_id)
    bench.room.session.set_pinned(cod, True)
    bench.qtbot.waitUntil(lambda: rows(bench)[0] == "Pinned")
    n_steps = bench.room.session.undo_stack.count()
    drop(ray, 1)
    bench.qtbot.waitUntil(lambda: rows(bench)[1:3].count("Tell me about the ray") == 1)
    drop(ray, 1)
    assert bench.room.session.undo_stack.count() == n_steps + 1, "it is pinned already"
    drop(ray, rows(bench).index("New folder"))
    bench.qtbot.waitUntil(lambda: model.folder_of(ray) == folder_id)
    bench.qtbot.waitUntil(lambda: rows(bench)[:2] == ["Pinned", "Tell me about the cod"])
    assert "Tell me about the ray" not in rows(bench)[:2]
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: "Tell me about the ray" in rows(bench)[:3])
    assert model.folder_of(ray) == "", "moved and unpinned was one step"


def test_a_chat_of_the_trash_goes_for_good_only_when_asked_twice(bench: Bench) -> None:
    cod, eel, _ray = ask_three(bench)
    choose(bench, cod, "Delete")
    choose(bench, eel, "Delete")
    chats = bench.room.list
    chats.foot.trash_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.titles()) == 2)
    n_steps = bench.room.session.undo_stack.count()
    chats.view.setCurrentIndex(chats.model.index_of(cod))
    assert bench.room.session.chat_id != cod
    QTest.keyClick(chats.view, Qt.Key.Key_Delete)
    menu = chats.view.findChild(QMenu)
    assert menu is not None and menu.activeAction().text() == "Keep it"
    QTest.keyClick(menu, Qt.Key.Key_Return)
    bench.settle()
    assert len(bench.titles()) == 2, "kept"
    inner = menu_of(bench, cod)["Delete for good"].menu()
    assert isinstance(inner, QMenu)
    (line,) = inner.actions()
    assert line.text() == "Remove “Tell me about the cod” for good"
    line.trigger()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the eel"])
    assert bench.room.session.undo_stack.count() == n_steps, "no step that does nothing"
    assert bench.room.undo(), "the other one comes back"
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == eel)
    bench.settle()
    assert bench.banners() == [] and bench.kept_texts()[0] == "Tell me about the eel"


def test_enter_brings_a_chat_back_from_the_trash(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    choose(bench, cod, "Delete")
    chats = bench.room.list
    chats.foot.trash_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the cod"])
    assert not chats.foot.restore_button.isEnabled()
    chats.view.setCurrentIndex(chats.model.index_of(cod))
    assert chats.foot.restore_button.isEnabled()
    QTest.keyClick(chats.view, Qt.Key.Key_F2)
    assert chats.view.findChild(QLineEdit) is None, "a deleted chat is not renamed"
    QTest.keyClick(chats.view, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == cod)
    bench.qtbot.waitUntil(lambda: len(bench.titles()) == 3)


def test_an_archived_chat_is_renamed_there_and_back(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    bench.room.session.set_archived(cod, True)
    bench.room.list.foot.archived_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the cod"])
    bench.room.session.rename(cod, "Cod")
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Cod"])
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the cod"])


def test_the_chats_in_use_are_in_the_palette_whatever_is_listed(bench: Bench) -> None:
    cod, eel, ray = ask_three(bench)
    choose(bench, cod, "Delete")
    bench.room.list.foot.trash_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Tell me about the cod"])
    commands = {one.text: one for one in bench.room.commands() if one.note == "Chat"}
    assert set(commands) == {"Tell me about the eel", "Tell me about the ray"}
    assert bench.room.session.chat_id == ray
    commands["Tell me about the eel"].do()
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == eel)


def test_folded_folders_stay_folded(bench: Bench) -> None:
    cod, _eel, _ray = ask_three(bench)
    order_of(bench).folders.new(cod)
    bench.qtbot.waitUntil(lambda: "New folder" in rows(bench))
    folder_id = bench.room.list.model.folders[0].id
    bench.room.list.model.toggle(folder_id)
    order_of(bench).save_state()
    assert bench.context.settings.value.closed_folders == [folder_id]
