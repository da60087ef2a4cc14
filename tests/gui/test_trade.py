"""Chats exported and imported through the room."""

import json
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from gui.chat.trade import Trade, file_name
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


def test_rated_replies_are_rows_to_learn_from(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "rated.jsonl"
    bench.ask("Say it.", "No.")
    trade_of(bench).export_rated(str(path))
    bench.qtbot.waitUntil(lambda: bool(bench.banners()))
    assert "rated or corrected" in bench.banners()[0] and not path.exists()
    reply_id = bench.room.session.conversation.path()[-1].id
    bench.room.session.correct(reply_id, "It.")
    trade_of(bench).export_rated(str(path))
    bench.qtbot.waitUntil(path.exists)
    (row,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert row["messages"][-2:] == [
        {"role": "user", "content": "Say it."},
        {"role": "assistant", "content": "It."},
    ]


def test_the_dialogs_ask_and_do_not_block(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water drinks the light.")
    trade_of(bench).ask_export("md")
    dialog = bench.room.window().findChild(QFileDialog)
    assert dialog is not None and dialog.isVisible()
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    dialog.reject()


def test_a_title_is_a_file_name_everywhere() -> None:
    assert file_name('a/b: "c" <d>?') == "a b c d"
    assert file_name("...") == "chat"
