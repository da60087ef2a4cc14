"""Chats exported and imported through the room."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from gui.chat.chat_list import ChatList
from gui.chat.saving import file_name
from gui.chat.trade import Trade
from gui.commands import plain
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]  # fixtures


def trade_of(bench: Bench) -> Trade:
    return next(one for one in bench.room.features if isinstance(one, Trade))


def test_a_chat_goes_out_as_json_and_comes_back(bench: Bench, tmp_path: Path) -> None:
    bench.ask("Why is it dark?", "Water drinks the light.")
    path = tmp_path / "chat.json"
    trade_of(bench).export([bench.room.session.chat_id], "json", str(path))
    bench.qtbot.waitUntil(path.exists)
    old_id = bench.room.session.chat_id
    trade_of(bench).import_files([str(path)])
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id != old_id)
    assert bench.shown() == ["Why is it dark?", "Water drinks the light."]
    assert len(bench.titles()) == 2


def test_markdown_is_readable(bench: Bench, tmp_path: Path) -> None:
    bench.ask("Why is it dark?", "Water drinks the light.")
    path = tmp_path / "chat.md"
    trade_of(bench).export([bench.room.session.chat_id], "md", str(path))
    bench.qtbot.waitUntil(path.exists)
    text = path.read_text()
    assert "Why is it dark?" in text and "Water drinks the light." in text


def test_what_is_no_chat_is_told_and_the_rest_is_taken(bench: Bench, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.json", tmp_path / "good.jsonl"
    bad.write_text('{"a": 1}')
    row = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ahoy."}]
    good.write_text(json.dumps({"conversations": row}) + "\n")
    trade_of(bench).import_files([str(bad), str(good)])
    bench.qtbot.waitUntil(lambda: bool(bench.banners()))
    assert "1 chat imported" in bench.banners()[0]
    bench.qtbot.waitUntil(lambda: bench.shown() == ["Hi", "Ahoy."])


def dialog_of(bench: Bench) -> QFileDialog:
    (dialog,) = [one for one in bench.room.window().findChildren(QFileDialog) if one.isVisible()]
    return dialog


def menu_lines(bench: Bench, chat_id: str) -> dict[str, QAction]:
    """The Export submenu of a chat in the list, by its words."""
    menu = QMenu(bench.room)
    bench.room.list.chat_menu_requested.emit(chat_id, menu)
    assert menu.actions()[-1].text() == "Delete"
    (inner,) = [one.menu() for one in menu.actions() if one.text() == "Export"]
    assert isinstance(inner, QMenu)
    return {one.text(): one for one in inner.actions()}


def action(bench: Bench, text: str) -> QAction:
    (found,) = [one for one in bench.room.actions() if plain(one.text()) == text]
    return found


@pytest.mark.parametrize(("words", "suffix"), [("As Markdown…", "md"), ("As JSON…", "json")])
def test_a_chats_menu_exports_it(bench: Bench, tmp_path: Path, words: str, suffix: str) -> None:
    bench.ask("Why is it dark?", "Water drinks the light.")
    dark = bench.room.session.chat_id
    bench.room.session.new_chat()
    bench.ask("Why is it cold?", "No sun.")
    menu_lines(bench, dark)[words].trigger()
    dialog = dialog_of(bench)
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    assert [Path(one).name for one in dialog.selectedFiles()] == [f"Why is it dark.{suffix}"]
    path = tmp_path / f"chat.{suffix}"
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    bench.qtbot.waitUntil(path.exists)
    text = path.read_text()
    assert "Water drinks the light." in text and "No sun." not in text
    bench.qtbot.waitUntil(lambda: bench.context.notices.strip.isVisible())
    assert bench.context.notices.strip.text == f"1 chat written to chat.{suffix}"


def test_all_chats_go_out_in_one_file_and_come_back_by_the_import_dialog(
    bench: Bench, tmp_path: Path
) -> None:
    bench.ask("Why is it dark?", "Water drinks the light.")
    bench.room.session.set_archived(bench.room.session.chat_id, True)
    bench.room.session.new_chat()
    bench.ask("Why is it cold?", "No sun.")
    action(bench, "Export all chats as JSON").trigger()
    dialog = dialog_of(bench)
    path = tmp_path / "chats.json"
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    bench.qtbot.waitUntil(path.exists)
    action(bench, "Import chats").trigger()
    dialog = dialog_of(bench)
    assert dialog.fileMode() == QFileDialog.FileMode.ExistingFiles
    assert "*.zip" in dialog.nameFilters()[0]
    dialog.filesSelected.emit([str(path)])
    dialog.reject()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Why is it cold?"] * 2)
    bench.room.list.foot.archived_button.click()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Why is it dark?"] * 2)


def test_a_temporary_chat_is_exported_when_a_person_says_so(bench: Bench, tmp_path: Path) -> None:
    bench.room.session.new_temporary_chat()
    bench.send("Why is it dark?")
    bench.engine.say("Water.")
    bench.engine.finish()
    path = tmp_path / "chat.md"
    action(bench, "Export the chat as Markdown").trigger()
    dialog = dialog_of(bench)
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    bench.qtbot.waitUntil(path.exists)
    assert "Water." in path.read_text() and bench.banners() == []


def test_an_empty_chat_has_nothing_to_export(bench: Bench) -> None:
    action(bench, "Export the chat as JSON").trigger()
    assert bench.banners() == ["This chat has no message yet."]


@pytest.mark.parametrize("part", ["view", "results", "rated", "list"])
def test_files_dropped_anywhere_on_the_list_are_imported(
    bench: Bench, tmp_path: Path, part: str
) -> None:
    path = tmp_path / "chats.jsonl"
    row = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ahoy."}]
    path.write_text(json.dumps({"conversations": row}) + "\n")
    chats = bench.room.list
    if part == "results":
        chats.search.setText("nothing")
    elif part == "rated":
        chats.scope_requested.emit("rated")
    target = {"view": chats.view, "results": chats.results, "rated": chats.rated.view}.get(part)
    widget = chats if target is None else target.viewport()
    assert widget.isVisible()
    drop(widget, [path, tmp_path / "picture.png"])
    bench.qtbot.waitUntil(lambda: bench.shown() == ["Hi", "Ahoy."])


def test_other_files_are_not_taken_by_the_list(bench: Bench, tmp_path: Path) -> None:
    chats = ChatList(bench.context.theme)
    bench.qtbot.addWidget(chats)
    with bench.qtbot.assertNotEmitted(chats.files_dropped):
        assert not drop(chats, [tmp_path / "picture.png"])
    with bench.qtbot.waitSignal(chats.files_dropped) as dropped:
        assert drop(chats, [tmp_path / "picture.png", tmp_path / "chat.md"])
    assert dropped.args == [[str(tmp_path / "chat.md")]]


def drop(widget: QWidget, paths: list[Path]) -> bool:
    """Drag files over a widget and let go, as Qt delivers it; whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place, copy = widget.rect().center(), Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, copy, data, buttons, keys)
    QApplication.sendEvent(widget, enter)
    if not enter.isAccepted():
        return False
    let_go = QDropEvent(QPointF(place), copy, data, buttons, keys)
    QApplication.sendEvent(widget, let_go)
    return let_go.isAccepted()


def test_a_title_is_a_file_name_everywhere() -> None:
    assert file_name('a/b: "c" <d>?') == "a b c d"
    assert file_name("...") == "chat"
