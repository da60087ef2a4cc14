"""Messages changed by key, button and palette in a room over a real store: versions by the arrow
keys, and edits, branches, deletions and their undoing while a reply is being written.
"""

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.chats.store import ChatStore
from engine.process.messages import Role
from gui.chat.presenter import FIRST_SHOWN
from tests.fakes.transcripts import LEFT, NO_KEYS, settled, viewport_point
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]


def ids(bench: Bench) -> list[str]:
    return bench.room.work.transcript.message_ids()


def regenerate(bench: Bench, answer: str) -> None:
    n_before = len(bench.engine.generates)
    bench.room.session.regenerate(ids(bench)[-1])
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    if answer:
        bench.engine.say(*answer.partition(" "))
        bench.engine.finish()
        bench.settle()


def press(bench: Bench, key: Qt.Key, held: Qt.KeyboardModifier = NO_KEYS) -> None:
    QTest.keyClick(bench.room.work.transcript, key, held)


def make_current(bench: Bench, index: int) -> None:
    bench.room.presenter.scroll_to(ids(bench)[index])
    bench.room.work.transcript.setFocus()


def is_busy(bench: Bench) -> bool:
    return bench.room.session.is_busy


def menu_lines(bench: Bench, index: int) -> set[str]:
    return {line.text for line in bench.room.work.transcript.lines_of(index)}


def click(bench: Bench, index: int, what: str) -> None:
    page = bench.room.work.transcript
    settled(bench.qtbot, page)
    point = viewport_point(page, index, page.column.frame(index).actions[what])
    assert page.viewport().rect().contains(point), "it is in view"
    QTest.mouseClick(page.viewport(), LEFT, NO_KEYS, point)


# ---- versions by the arrow keys ----


def test_the_arrow_keys_go_from_version_to_version(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    regenerate(bench, "Second answer")
    regenerate(bench, "Third answer")
    make_current(bench, 1)
    seen = []
    for key in [Qt.Key.Key_Left] * 3 + [Qt.Key.Key_Right] * 3:
        press(bench, key)
        seen.append(bench.shown()[1].split()[0])
        assert bench.room.work.transcript.current_message == 1
    assert seen == ["Second", "First", "First", "Second", "Third", "Third"]
    assert bench.kept_texts()[1] == "Third answer"
    assert "version 3 of 3" in bench.room.work.transcript.accessibleDescription()


def test_the_arrow_keys_change_an_earlier_question_and_what_follows_it(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.ask("And cold?", "No sun.")
    bench.room.session.edit(ids(bench)[0], "Why is it wet?")
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 3)
    bench.engine.say("It is the sea.")
    bench.engine.finish()
    bench.settle()
    make_current(bench, 0)
    press(bench, Qt.Key.Key_Left)
    assert bench.shown() == ["Why is it dark?", "Water absorbs light.", "And cold?", "No sun."]
    press(bench, Qt.Key.Key_Right)
    assert bench.shown() == ["Why is it wet?", "It is the sea."]
    assert bench.room.work.transcript.current_message == 0


def test_after_a_deletion_by_key_the_message_before_is_current(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.ask("And cold?", "No sun.")
    make_current(bench, 2)
    press(bench, Qt.Key.Key_Delete)
    assert len(bench.shown()) == 2 and bench.room.work.transcript.current_message == 1
    assert bench.room.undo() and len(bench.shown()) == 4
    assert bench.kept_texts() == bench.shown()


def test_another_model_leaves_the_reader_where_they_are(bench: Bench) -> None:
    bench.ask("Why is it dark?", "line\n\n" * 200)
    page = bench.room.work.transcript
    page.scroll_to(ids(bench)[1])
    settled(bench.qtbot, page)
    bench.room.loader.load("/models/big.gguf")
    with bench.qtbot.waitSignal(bench.room.loader.model_loaded):
        bench.engine.answer()
    settled(bench.qtbot, page)
    # Told by the heading: what stands above it may be an estimate again.
    assert abs(page.top - page.column.top(1)) <= 1 and not page.follows


def test_a_version_with_a_long_branch_behind_it_stays_current(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    chat_id, first_id = bench.room.session.chat_id, ids(bench)[1]

    def add_many(store: ChatStore) -> None:
        last_id = first_id
        for n in range(FIRST_SHOWN):
            role: Role = "assistant" if n % 2 else "user"
            last_id = store.add_message(chat_id, last_id, role, f"text {n}")
        store.set_head(chat_id, last_id)

    bench.room.store.call(add_many)
    bench.room.session.new_chat()
    bench.room.session.open(chat_id)
    bench.qtbot.waitUntil(lambda: len(ids(bench)) == FIRST_SHOWN + 2)
    bench.room.session.answer_again(ids(bench)[0])
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    bench.engine.finish()
    bench.settle()
    make_current(bench, 1)
    press(bench, Qt.Key.Key_Left)
    bench.qtbot.waitUntil(lambda: len(ids(bench)) == FIRST_SHOWN + 2)
    page = bench.room.work.transcript
    assert page.current_message == 1
    press(bench, Qt.Key.Key_Right)
    assert len(ids(bench)) == 2 and page.current_message == 1


def test_another_version_made_beside_the_branch_is_counted(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.ask("And cold?", "No sun.")
    session = bench.room.session
    beside = replace(session.conversation.turn(ids(bench)[1]), id="beside", content="Another")
    head_id = session.conversation.head_id
    session.conversation.add(beside)
    session.conversation.set_head(head_id)
    session.branch_changed.emit()
    items = bench.room.work.transcript.column.items
    assert [item.view.n_versions for item in items] == [1, 2, 1, 1]


def test_esc_in_the_room_leaves_a_button_then_the_message_then_a_selection(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.room.activateWindow()
    page = bench.room.work.transcript
    page.select_all()
    make_current(bench, 1)
    press(bench, Qt.Key.Key_Escape)
    assert page.selected_text() == "" and page.current_message == 1
    press(bench, Qt.Key.Key_Tab)
    press(bench, Qt.Key.Key_Escape)
    assert page.focused_button == "" and page.current_message == 1
    press(bench, Qt.Key.Key_Escape)
    assert page.current_message == -1


def test_esc_in_the_room_stops_a_reply_before_all_else(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.room.activateWindow()
    bench.send("And cold?")
    bench.engine.say("No")
    make_current(bench, 1)
    press(bench, Qt.Key.Key_Escape)
    assert bench.engine.cancelled and bench.room.work.transcript.current_message == 1
    bench.engine.finish("cancelled", cancelled=True)
    bench.settle()


# ---- while a reply is being written ----


def test_what_cannot_be_done_while_a_reply_is_written_is_not_offered(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    changing = {"Edit", "Edit the reply", "Regenerate", "Continue the reply", "Delete"}
    assert changing - {"Edit"} <= menu_lines(bench, 1)
    bench.send("And cold?")
    bench.engine.say("No")
    for index in range(4):
        assert not changing & menu_lines(bench, index)
    assert "Good reply" in menu_lines(bench, 1) and "Good reply" not in menu_lines(bench, 3)
    bench.room.session.delete_turn(ids(bench)[3])
    bench.room.session.delete_turn(ids(bench)[0])
    assert len(bench.shown()) == 4
    bench.engine.finish()
    bench.settle()
    assert changing - {"Edit"} <= menu_lines(bench, 3)


def test_an_edit_waits_for_the_reply_and_loses_no_word(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Watre absorbs light.")
    bench.ask("And cold?", "No sun.")
    work = bench.room.work
    for kind, index in (("reply", 1), ("message", 0)):
        bench.room.desk.editing.begin(ids(bench)[index], kind)  # type: ignore[arg-type]
        work.composer.edit.setPlainText(f"changed {kind}")
        regenerate(bench, "")
        bench.engine.say("It")
        button = work.editing.continue_button if kind == "reply" else work.editing.save_button
        button.click()
        bench.room.desk.editing.accept(work.composer.text())
        assert work.composer.text() == f"changed {kind}" and bench.room.desk.editing.is_on
        assert "being written" in work.composer.status.text() and work.composer.status.isVisible()
        assert f"changed {kind}" not in bench.shown()
        bench.engine.finish()
        bench.settle()
        bench.room.desk.editing.save()
        assert bench.shown()[index] == bench.kept_texts()[index] == f"changed {kind}"
    assert bench.room.undo() and bench.shown()[0] == "Why is it dark?"


def test_a_reply_goes_on_unseen_while_another_version_is_shown(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    regenerate(bench, "")
    bench.engine.say("Second")
    make_current(bench, 1)
    press(bench, Qt.Key.Key_Left)
    assert bench.shown()[1] == "First answer" and is_busy(bench)
    bench.engine.say(" answer,")
    assert bench.shown()[1] == "First answer"
    press(bench, Qt.Key.Key_Right)
    assert bench.shown()[1] == "Second answer,"
    bench.engine.say(" at length")
    assert bench.shown()[1] == "Second answer, at length"
    press(bench, Qt.Key.Key_Left)
    bench.engine.finish()
    bench.settle()
    assert not is_busy(bench) and bench.shown()[1] == "First answer"
    press(bench, Qt.Key.Key_Right)
    assert bench.shown()[1] == bench.kept_texts()[1] == "Second answer, at length"
    assert "98 tokens" in bench.room.work.transcript.column.items[1].view.footer


def test_a_branch_switch_while_a_reply_is_written_is_undone_and_redone(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    regenerate(bench, "")
    bench.engine.say("Second")
    bench.room.session.switch_version(ids(bench)[1], -1)
    assert bench.shown()[1] == "First answer"
    assert bench.room.undo() and bench.shown()[1] == "Second"
    bench.engine.say(" answer")
    assert bench.room.redo() and bench.shown()[1] == "First answer"
    bench.engine.finish()
    bench.settle()
    assert bench.room.undo() and bench.shown()[1] == "Second answer"
    assert bench.kept_texts() == bench.shown()


def test_a_reply_written_anew_is_undone_while_it_is_written(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    regenerate(bench, "")
    bench.engine.say("Second")
    assert bench.room.undo() and bench.shown()[1] == "First answer"
    bench.engine.say(" answer")
    bench.engine.finish()
    bench.settle()
    assert bench.shown()[1] == bench.kept_texts()[1] == "First answer"
    assert bench.room.redo() and bench.shown()[1] == bench.kept_texts()[1] == "Second answer"


def test_a_reply_that_was_stopped_can_be_deleted_and_comes_back(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.send("And cold?")
    bench.engine.say("No sun")
    bench.room.desk.escape()
    assert bench.engine.cancelled
    bench.engine.finish("cancelled", cancelled=True)
    bench.settle()
    click(bench, 3, "delete")
    assert bench.shown() == bench.kept_texts() and len(bench.shown()) == 3
    assert bench.room.undo()
    assert bench.shown()[3] == bench.kept_texts()[3] == "No sun"
    assert bench.room.redo() and len(bench.kept_texts()) == 3


def test_a_deletion_undone_while_another_reply_is_written_shows_both_in_turn(
    bench: Bench,
) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.ask("And cold?", "No sun.")
    click(bench, 2, "delete")
    bench.send("And deep?")
    bench.engine.say("Eleven")
    bench.context.notices.undo()
    assert bench.shown()[2:] == ["And cold?", "No sun."]
    bench.engine.say(" kilometres.")
    bench.engine.finish()
    bench.settle()
    assert bench.shown()[2:] == bench.kept_texts()[2:] == ["And cold?", "No sun."]
    make_current(bench, 2)
    press(bench, Qt.Key.Key_Right)
    assert bench.shown()[2:] == bench.kept_texts()[2:] == ["And deep?", "Eleven kilometres."]
