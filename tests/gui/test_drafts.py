"""What is typed and not sent is on the disk a moment later, also while one types without a pause:
a killed window loses the typing of that moment alone.

What stands in the file is read by a connection of its own: what that finds outlives a kill.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.chats.store import ChatStore
from gui.chat import chat_file
from gui.chat.open_chat import DRAFT_MS
from gui.chat.text_row import TELL_MS, TextRow
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]
PROMISED_MS = 300  # of typing that may be lost


def read(bench: Bench) -> chat_file.OpenedChat | None:
    """The newest chat as it is in the file now, whatever the window still holds back."""
    with ChatStore(bench.context.paths.chats) as store:
        rows = store.list_chats()
        return chat_file.find_chat(store, rows[0].id) if rows else None


def type_until(bench: Bench, field: QWidget, is_kept: Callable[[str], bool]) -> None:
    """Type one letter after the other, with never a pause, until something of it is kept."""
    typed = ""

    def is_done() -> bool:
        nonlocal typed
        QTest.keyClick(field, Qt.Key.Key_A)
        typed += "a"
        return is_kept(typed)

    bench.qtbot.waitUntil(is_done)


def test_a_message_is_kept_while_it_is_typed_without_a_pause(bench: Bench) -> None:
    def is_kept(typed: str) -> bool:
        chat = read(bench)
        return chat is not None and bool(chat.draft) and typed.startswith(chat.draft)

    type_until(bench, bench.room.work.composer.edit, is_kept)
    assert DRAFT_MS < PROMISED_MS


def test_more_of_it_is_kept_again_and_again(bench: Bench) -> None:
    seen: set[str] = set()

    def is_kept_thrice(_typed: str) -> bool:
        chat = read(bench)
        seen.update([chat.draft] if chat is not None else [])
        return len(seen - {""}) >= 3

    type_until(bench, bench.room.work.composer.edit, is_kept_thrice)


def test_the_first_words_of_a_reply_and_an_edit_are_kept_so_too(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water.")
    bench.room.desk.open_prefill()

    def has_prefill(typed: str) -> bool:
        chat = read(bench)
        kept = str(chat.unsent.get("prefill", "")) if chat is not None else ""
        return bool(kept) and typed.startswith(kept)

    type_until(bench, bench.room.work.prefill.field, has_prefill)


def test_a_system_prompt_is_kept_while_it_is_typed(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water.")

    def has_prompt(typed: str) -> bool:
        chat = read(bench)
        return chat is not None and typed.startswith(chat.settings.system_prompt or "-")

    type_until(bench, bench.room.details.system_prompt, has_prompt)
    assert TELL_MS < PROMISED_MS
    assert bench.room.undo(), "what was typed in one go"
    bench.settle()
    assert bench.room.session.settings.system_prompt == ""


def test_a_schema_half_typed_is_kept_and_not_blamed_before_a_pause(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water.")
    row = bench.room.details.row("json_schema")
    assert isinstance(row, TextRow)
    row._pausing.setInterval(60_000)  # a pause that never comes

    def has_schema() -> bool:
        row.edit.insertPlainText("{")
        chat = read(bench)
        return chat is not None and chat.settings.json_schema.startswith("{")

    bench.qtbot.waitUntil(has_schema)
    assert row.problem.text() == ""
    row._pausing.start(0)
    bench.qtbot.waitUntil(lambda: "JSON" in row.problem.text())


def test_a_draft_is_in_the_file_while_an_edited_message_is_sent_again(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water.")
    field = bench.room.work.composer.edit
    field.insertPlainText("And why is it cold")
    bench.qtbot.waitUntil(lambda: (chat := read(bench)) is not None and bool(chat.draft))
    bench.room.desk.edit_last()
    field.insertPlainText(" down there")
    bench.room.work.composer.send_button.click()
    # What was just asked of the store, and nothing that waits for a timer.
    bench.settle()
    chat = read(bench)
    assert chat is not None and chat.draft == "And why is it cold"
    assert field.toPlainText() == "And why is it cold"
    assert "down there" in chat.conversation.path()[0].content
